package run

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/bench/peers/pyorigin"
)

// Peer is an entrant that can be started.
type Peer struct {
	Name string

	// Go says that it has an HTTP server of package serve, which also takes orders.
	Go bool

	// Command is its process.
	Command func(ctx context.Context, cfg peers.Config) *exec.Cmd
}

// The names of the Go entrants.
const (
	Retort   = "retort"
	All      = "retort-all" // every protection on; not among GoPeers
	PgxTuned = "pgx-tuned"
	PgxUsual = "pgx-usual"
	Gorm     = "gorm"
	Bun      = "bun"
	Ent      = "ent"
	Origin   = "origin"
)

// GoPeers lists the entrants in Go in the order of the tables.
func GoPeers() []string { return []string{Retort, PgxTuned, PgxUsual, Gorm, Bun, Ent} }

// Build builds the programs of the Go entrants into a folder. It runs the go
// command and has to be called inside the repository.
func Build(ctx context.Context, dir string, names []string) ([]Peer, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var list []Peer
	for _, name := range names {
		program := filepath.Join(dir, name)
		build := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/retort-go/retort/bench/cmd/peer/"+name)
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build %s: %w: %s", name, err, strings.TrimSpace(string(out)))
		}
		list = append(list, Peer{Name: name, Go: true, Command: func(ctx context.Context, cfg peers.Config) *exec.Cmd {
			return exec.CommandContext(ctx, program, "-url", cfg.URL, "-pool", strconv.Itoa(cfg.Pool))
		}})
	}
	return list, nil
}

// Python is the origins' stack on that Python.
func Python(p pyorigin.Python) Peer { return Peer{Name: Origin, Command: p.Command} }
