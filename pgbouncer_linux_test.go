package retort_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/retort-go/retort/retorttest"
)

// bouncer is a PgBouncer of the test's own before one database.
type bouncer struct {
	url  string
	file string // its log
}

// startBouncer runs PgBouncer with two connections to the database of d; extra are
// further settings. It ends with the test, and with the test process.
func startBouncer(t *testing.T, d *retorttest.Database, extra ...string) *bouncer {
	t.Helper()
	program := findBouncer(t)
	dir, err := os.MkdirTemp("", "retort-pgbouncer-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var attempts []string
	for range 3 { // another process may take the port before PgBouncer does
		port := freePort(t)
		b := &bouncer{url: fmt.Sprintf("postgres://retort@127.0.0.1:%d/%s?sslmode=disable", port, d.Name()), file: filepath.Join(dir, "log")}
		b.configure(t, d, dir, port, extra)
		if b.start(t, program, dir, port) {
			return b
		}
		attempts = append(attempts, b.log())
	}
	t.Fatalf("PgBouncer does not start: %s", strings.Join(attempts, "\n"))
	return nil
}

// findBouncer skips the test where PgBouncer is not installed, unless CI is to
// have it.
func findBouncer(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer", "/usr/local/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("RETORT_REQUIRE_PGBOUNCER") != "" {
		t.Fatal("PgBouncer is not installed, and RETORT_REQUIRE_PGBOUNCER is set")
	}
	t.Skip("PgBouncer is not installed (Debian: apt-get install pgbouncer)")
	return ""
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// unprivileged is whom PgBouncer runs as; it refuses root.
func unprivileged(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.ParseUint(u.Uid, 10, 32)
			gid, _ := strconv.ParseUint(u.Gid, 10, 32)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Fatal("no unprivileged user to run PgBouncer as")
	return nil
}

func (b *bouncer) configure(t *testing.T, d *retorttest.Database, dir string, port int, extra []string) {
	t.Helper()
	server, err := url.Parse(d.URL())
	must(t, err)
	ini := fmt.Sprintf(`[databases]
* = host=127.0.0.1 port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s
logfile = %s
pool_mode = transaction
default_pool_size = 2
max_client_conn = 500
%s
`, server.Port(), port, filepath.Join(dir, "users"), b.file, strings.Join(extra, "\n"))
	must(t, os.WriteFile(filepath.Join(dir, "ini"), []byte(ini), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "users"), []byte(`"retort" ""`+"\n"), 0o600))
	if who := unprivileged(t); who != nil {
		for _, name := range []string{"", "ini", "users"} {
			must(t, os.Chown(filepath.Join(dir, name), int(who.Uid), int(who.Gid)))
		}
	}
}

// start tells whether PgBouncer answers on its port.
func (b *bouncer) start(t *testing.T, program, dir string, port int) bool {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "-q", filepath.Join(dir, "ini"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: unprivileged(t), Pdeathsig: syscall.SIGKILL}
	cmd.Dir = dir
	started, ended := make(chan error), make(chan struct{})
	go func() {
		// The kernel sends the signal at the end of this thread, so it must stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	stop := func() { _ = cmd.Process.Kill(); <-ended }
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), time.Second)
		select {
		case <-ended: // what answered was somebody else
			if err == nil {
				_ = conn.Close()
			}
			return false
		default:
		}
		if err == nil {
			_ = conn.Close()
			t.Cleanup(stop)
			return true
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Log(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	return false
}

func (b *bouncer) log() string {
	text, _ := os.ReadFile(b.file)
	return string(bytes.TrimSpace(text))
}

// closing closes the engine before PgBouncer is stopped.
func closing(t *testing.T, close func(context.Context) error) {
	t.Helper()
	t.Cleanup(func() { must(t, close(context.Background())) })
}
