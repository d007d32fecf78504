// Package pyorigin does the workloads with the stack of the origins: FastAPI,
// SQLAlchemy 2 async and asyncpg in one process of Python, where all of them are
// installed.
package pyorigin

import (
	"context"
	_ "embed" // for the program
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/retort-go/retort/bench/peers"
)

//go:embed app.py
var program string

const versions = `import sys, fastapi, sqlalchemy, asyncpg, uvicorn, uvloop, httptools, pydantic
assert sqlalchemy.__version__.startswith("2"), "SQLAlchemy " + sqlalchemy.__version__ + " is not 2"
print("Python " + sys.version.split()[0], "FastAPI " + fastapi.__version__, "SQLAlchemy " + sqlalchemy.__version__,
  "asyncpg " + asyncpg.__version__, "uvicorn " + uvicorn.__version__, "pydantic " + pydantic.VERSION, sep=", ")`

// Python is a Python that may have what the origins' stack needs.
type Python struct {
	// Root is a folder with a system of its own, such as debootstrap makes; that
	// needs root. Empty: this machine's.
	Root string
}

func (p Python) command(ctx context.Context, args ...string) *exec.Cmd {
	words := append([]string{"/usr/bin/python3"}, args...)
	if p.Root != "" {
		words = append([]string{"chroot", p.Root}, words...)
	}
	return exec.CommandContext(ctx, words[0], words[1:]...)
}

// Versions names what is installed.
//
//   - Errors: in Python's words, what is missing.
func (p Python) Versions(ctx context.Context) (string, error) {
	out, err := p.command(ctx, "-c", versions).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		lines := strings.Split(text, "\n")
		return "", fmt.Errorf("python: %w: %s", err, lines[len(lines)-1])
	}
	return text, nil
}

// Command runs the service.
//
//   - Shape: it prints "listening ADDRESS" and ends with its standard input.
func (p Python) Command(ctx context.Context, cfg peers.Config) *exec.Cmd {
	url := strings.Replace(cfg.URL, "postgres://", "postgresql+asyncpg://", 1)
	url, _, _ = strings.Cut(url, "?") // asyncpg knows no sslmode; loopback has no TLS
	return p.command(ctx, "-c", program, url, strconv.Itoa(cfg.Pool))
}
