package retorttest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"

	"github.com/retort-go/retort/localpg"
)

const (
	envURL  = "RETORT_TEST_DATABASE_URL"
	envKeep = "RETORT_KEEP"
)

// process is what all tests of one test process share. A package variable,
// because package testing offers no place for it: tests only meet here.
var process shared

type shared struct {
	mu      sync.Mutex // guards what follows
	server  *localpg.Server
	err     error
	keptDir string // the cluster's folder under RETORT_KEEP
	kept    bool   // a database in it was kept
}

// Server returns the test process's own PostgreSQL, started by the first call.
//
//   - Shape: always a private one, also with RETORT_TEST_DATABASE_URL: tests
//     may look at it, but one that kills or restarts a server starts its own
//     with [localpg.Start].
//   - Errors: the test fails.
func Server(tb testing.TB) *localpg.Server {
	tb.Helper()
	process.mu.Lock()
	defer process.mu.Unlock()
	if process.server == nil && process.err == nil {
		process.server, process.err = process.start()
	}
	if process.err != nil {
		tb.Fatalf("retorttest: no server: %v", process.err)
	}
	return process.server
}

func (p *shared) start() (*localpg.Server, error) {
	cfg := localpg.Config{}
	if keep() {
		dir, err := os.MkdirTemp("", "retorttest-kept-")
		if err != nil {
			return nil, err
		}
		p.keptDir = dir
		cfg.DataDir = dir
		cfg.Settings = map[string]string{"fsync": "off", "full_page_writes": "off"}
	}
	// Not a test's context: the server serves the tests after this one too.
	return localpg.Start(context.Background(), cfg)
}

func keep() bool { return os.Getenv(envKeep) == "1" }

// serverURL is the maintenance database of the server that tests use.
func serverURL(tb testing.TB) *url.URL {
	tb.Helper()
	text := os.Getenv(envURL)
	if text == "" {
		text = Server(tb).URL("postgres")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		// The text may hold a password.
		tb.Fatalf("retorttest: %s is not a postgres:// URL", envURL)
	}
	return u
}

// Main runs the tests of a package, stops the shared server, runs the checks
// and ends the process; call it from TestMain.
//
// Without it everything works too: the server ends with the process. A check is
// for what must hold when all is over, such as that no goroutine is left; its
// error is printed and fails the run, unless a test has already.
//
//   - Shape: does not return.
func Main(m *testing.M, checks ...func() error) {
	code := m.Run()
	stopped := process.stop()
	if code == 0 {
		for _, check := range append([]func() error{func() error { return stopped }}, checks...) {
			if err := check(); err != nil {
				fmt.Fprintln(os.Stderr, "retorttest:", err)
				code = 1
			}
		}
	}
	os.Exit(code)
}

func (p *shared) stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server == nil {
		return nil
	}
	err := p.server.Stop(context.Background())
	if p.keptDir != "" && !p.kept {
		err = errors.Join(err, os.RemoveAll(p.keptDir))
	}
	return err
}
