package app_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/services/privacyrights/app"
)

// asCommand makes the test binary be the command itself.
const asCommand = "PRIVACYRIGHTS_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) == "1" {
		os.Exit(app.Main())
	}
	retorttest.Main(m, func() error { return goleak.Find() })
}

// running is a service in this process.
type running struct {
	t      *testing.T
	url    string // once ready
	lines  chan string
	log    *buffer
	cancel context.CancelFunc
	done   chan error
}

var urlInLine = regexp.MustCompile(`http://[^ ]+`)

// start runs the service; ready waits for its line.
func start(t *testing.T, env map[string]string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, lines: make(chan string, 10), log: &buffer{}, cancel: cancel, done: make(chan error, 1)}
	out, in := io.Pipe()
	go func() {
		for scan := bufio.NewScanner(out); scan.Scan(); {
			r.lines <- scan.Text()
		}
		close(r.lines)
	}()
	go func() {
		err := app.Run(ctx, app.Options{Getenv: lookup(env), Stdout: in, Stderr: r.log})
		in.Close()
		r.done <- err
	}()
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("%v\n%s", err, r.log)
		}
	})
	return r
}

// stop ends the service and returns what Run returned; a second call does nothing.
func (r *running) stop() error {
	r.cancel()
	err, ok := <-r.done
	if ok {
		close(r.done)
	}
	return err
}

func (r *running) ready() string {
	r.t.Helper()
	select {
	case line, ok := <-r.lines:
		if !ok {
			r.t.Fatalf("the service ended: %v\n%s", r.stop(), r.log)
		}
		r.url = urlInLine.FindString(line)
		return line
	case <-time.After(time.Minute):
		r.t.Fatalf("not ready after a minute:\n%s", r.log)
		return ""
	}
}

func lookup(env map[string]string) func(string) string {
	return func(name string) string {
		if name == "LISTEN_ADDR" && env[name] == "" {
			return "127.0.0.1:0"
		}
		return env[name]
	}
}

// status sends a request on a connection of its own and returns the status, 0
// when there was no answer.
func status(t *testing.T, method, url, body string) int {
	t.Helper()
	code, _ := send(t, method, url, body)
	return code
}

func send(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	var reader io.Reader = http.NoBody
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, url, reader)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	r.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for begin := time.Now(); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("waited 30 s for %s", what)
		}
	}
}

// dataDir is a folder that the server's user reaches when the tests run as root:
// t.TempDir is closed to it.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "privacyrights-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // it holds nothing secret
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
