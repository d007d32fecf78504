//go:build unix

package app_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/services/privacyrights/internal/testdb"
)

// command is the service as a process of its own.
type command struct {
	t   *testing.T
	cmd *exec.Cmd
	log *buffer
	url string
}

// launch starts the test binary as the command and waits until it is ready.
func launch(t *testing.T, env ...string) *command {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &command{t: t, cmd: exec.CommandContext(t.Context(), self), log: &buffer{}}
	c.cmd.Dir = t.TempDir() // no .env of somebody else
	c.cmd.Env = append(os.Environ(), asCommand+"=1", "LISTEN_ADDR=127.0.0.1:0")
	c.cmd.Env = append(c.cmd.Env, env...)
	c.cmd.Stderr = c.log
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no ready line: %v, %v\n%s", err, c.cmd.Wait(), c.log)
	}
	c.url = urlInLine.FindString(line)
	return c
}

func (c *command) signal(sig os.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(sig); err != nil {
		c.t.Fatal(err)
	}
}

// wait wants the status 0.
func (c *command) wait() {
	c.t.Helper()
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("the command ended with %v:\n%s", err, c.log)
	}
}

func TestSIGTERM_under_load_loses_nothing_that_was_acknowledged(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	c := launch(t, "DATABASE_URL="+db.URL())
	var acked sync.Map
	var enough atomic.Int64
	var workers sync.WaitGroup
	for w := range 8 {
		workers.Go(func() {
			for i := 0; ; i++ {
				email := fmt.Sprintf("w%d-%d@example.org", w, i)
				switch code := status(t, "POST", c.url+"/requests", `{"regime":"gdpr","right":"access","email":"`+email+`"}`); code {
				case http.StatusCreated:
					acked.Store(email, true)
					enough.Add(1)
				case 0: // refused or cut: nothing was promised
					return
				default:
					t.Errorf("%s: status %d", email, code)
					return
				}
			}
		})
	}
	waitFor(t, "some load", func() bool { return enough.Load() > 100 })
	c.signal(syscall.SIGTERM)
	workers.Wait()
	c.wait()

	stored := map[string]bool{}
	for _, email := range db.Rows(t, "SELECT email FROM dsr_requests") {
		stored[email] = true
	}
	acked.Range(func(email, _ any) bool {
		if !stored[email.(string)] {
			t.Errorf("%s was acknowledged and is not stored", email)
		}
		delete(stored, email.(string))
		return true
	})
	// What is in flight is answered: nobody is left to wonder.
	for email := range stored {
		t.Errorf("%s is stored, but was not acknowledged", email)
	}
}

func TestSIGTERM_finishes_what_is_in_flight(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	c := launch(t, "DATABASE_URL="+db.URL(), "SHUTDOWN_GRACE=30")
	answered, release := blocked(t, db, func() int { return status(t, "POST", c.url+"/requests", newRequest) })
	c.signal(syscall.SIGTERM)
	waitFor(t, "the listener to close", func() bool { return status(t, "GET", c.url+"/healthz", "") == 0 })
	release()
	if got := <-answered; got != http.StatusCreated {
		t.Errorf("answered %d, want 201", got)
	}
	c.wait()
	if got := db.QueryString(t, "SELECT count(*) FROM dsr_requests"); got != "1" {
		t.Errorf("%s rows, want 1", got)
	}
}

func TestSIGTERM_cuts_what_outlives_the_grace_period(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	c := launch(t, "DATABASE_URL="+db.URL(), "SHUTDOWN_GRACE=0.3")
	answered, _ := blocked(t, db, func() int { return status(t, "GET", c.url+"/requests", "") })
	c.signal(syscall.SIGTERM)
	if got := <-answered; got != http.StatusServiceUnavailable {
		t.Errorf("answered %d, want 503", got)
	}
	c.wait()
}

// blocked sends a request that waits for a lock until release is called.
func blocked(t *testing.T, db *retorttest.Database, request func() int) (answered chan int, release func()) {
	t.Helper()
	lock := db.Conn(t)
	if _, err := lock.Exec(t.Context(), "BEGIN; LOCK TABLE dsr_requests"); err != nil {
		t.Fatal(err)
	}
	answered = make(chan int, 1)
	go func() { answered <- request() }()
	waitFor(t, "a statement that waits for the lock", func() bool {
		return db.QueryString(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == "1"
	})
	return answered, func() {
		t.Helper()
		if _, err := lock.Exec(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSIGINT_stops_the_embedded_PostgreSQL(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	c := launch(t, "DATABASE_URL=", "DATA_DIR="+dir)
	if _, err := os.Stat(filepath.Join(dir, "postmaster.pid")); err != nil {
		t.Fatal(err)
	}
	c.signal(os.Interrupt)
	c.wait()
	if _, err := os.Stat(filepath.Join(dir, "postmaster.pid")); !os.IsNotExist(err) {
		t.Errorf("postmaster.pid is still there: %v", err)
	}
}
