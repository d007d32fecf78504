package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/bench/peers/run"
)

// profileFolder is left out of the repository.
const profileFolder = "bench/out"

// profiled tells whether a profile of the processor may say why a target was
// missed.
func (t Target) profiled() bool {
	return !t.Kept && (t.Figure == "throughput" || t.Figure == "processor")
}

// explain tells from a profile of Retort, and in a full run of pgx tuned by hand
// to hold it against, where the time goes in every workload with a missed target
// that it may explain.
func (o options) explain(ctx context.Context, stand *run.Stand, list []run.Peer, workloads []peers.Workload, targets []Target, say func(string, ...any)) (string, error) {
	var text strings.Builder
	seconds := 1
	if o.full {
		seconds = 3
	}
	for _, w := range workloads {
		missed := slices.ContainsFunc(targets, func(t Target) bool { return t.Workload == w.Name && t.profiled() })
		for _, p := range list {
			if !missed || p.Name != run.Retort && (p.Name != run.PgxTuned || !o.full) {
				continue
			}
			say("profile of %s in %s", p.Name, w.Name)
			one, err := o.profileOne(ctx, stand, p, w, seconds)
			if err != nil {
				return "", err
			}
			text.WriteString(one)
		}
	}
	return text.String(), nil
}

// profiles is the flag -profile.
func (o options) profiles(ctx context.Context, stand *run.Stand, list []run.Peer, workloads []peers.Workload) error {
	chosen, err := choose(workloads, o.profile, func(w peers.Workload) string { return w.Name })
	if err != nil {
		return fmt.Errorf("-profile: %w", err)
	}
	for _, w := range chosen {
		for _, p := range list {
			if !p.Go {
				continue
			}
			text, err := o.profileOne(ctx, stand, p, w, 5)
			if err != nil {
				return err
			}
			fmt.Print(text)
		}
	}
	return nil
}

func (o options) profileOne(ctx context.Context, stand *run.Stand, p run.Peer, w peers.Workload, seconds int) (string, error) {
	profile, err := stand.Profile(ctx, p, w, o.plan(0, w), seconds)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(profileFolder, 0o755); err != nil {
		return "", err
	}
	file := filepath.Join(profileFolder, w.Name+"-"+p.Name+".pprof")
	if err := os.WriteFile(file, profile, 0o644); err != nil {
		return "", err
	}
	top := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-cum", "-nodecount=1000", filepath.Join(".bin/peers", p.Name), file)
	text, err := top.Output()
	if err != nil {
		return "", fmt.Errorf("go tool pprof: %w", err)
	}
	return fmt.Sprintf("\n%s, %s: where the processor's time goes; all of it in %s\n\n%s", w.Name, p.Name, file, costs(string(text))), nil
}

var (
	// costLine is a line of pprof -top: flat, flat%, sum%, cum, cum%, name.
	costLine = regexp.MustCompile(`^\s*\S+\s+(\S+%)\s+\S+%\s+\S+\s+(\S+%)\s+(.+)$`)

	// telling are the functions that say something: the libraries' own, and what of
	// Go's runtime and library they call most. The server around all is not.
	telling = regexp.MustCompile(`retort-go/retort(\.|/internal/|/pool)|jackc/|encoding/json\.(Unmarshal|\(\*Encoder\)|\(\*Decoder\))|` +
		`database/sql|gorm\.io|uptrace/bun|entgo\.io|runtime\.(mallocgc|gcBgMarkWorker|mcall|schedule)$|Syscall6$|container/`)

	typeArguments = regexp.MustCompile(`\[.*\]`)
)

// costs are the 20 dearest of the functions that tell something.
func costs(top string) string {
	var b strings.Builder
	b.WriteString("| with what it calls | alone | function |\n|--:|--:|---|\n")
	lines := 0
	for line := range strings.Lines(top) {
		m := costLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil || !telling.MatchString(m[3]) || lines == 20 {
			continue
		}
		lines++
		name := typeArguments.ReplaceAllString(m[3], "[…]")
		fmt.Fprintf(&b, "| %s | %s | `%s` |\n", m[2], m[1], strings.TrimPrefix(name, "github.com/"))
	}
	return b.String()
}
