package localpg

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is one run of the postmaster.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the postmaster is gone
	err  error         // how it ended; read after done
}

// startError is a postmaster that ended before it was ready.
type startError struct {
	exit error
	log  string
}

func (e *startError) Error() string {
	text := "localpg: the server ended before it was ready"
	if e.exit != nil {
		text += " (" + e.exit.Error() + ")"
	}
	return text + "; its log ends:\n" + lastLines(e.log, 8)
}

func (e *startError) Unwrap() error { return e.exit }

func (e *startError) says(text string) bool { return strings.Contains(e.log, text) }

// run starts cmd and waits for its end on a thread that does nothing else: the
// parent-death signal fires when the thread dies that started the process.
func run(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		<-p.done
		return nil, err
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// waitReady waits until postmaster.pid says that connections are accepted.
func (p *process) waitReady(ctx context.Context, dataDir string) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if f := readPIDFile(dataDir); f.pid == p.pid() && (f.status == "ready" || f.status == "standby") {
			return nil
		}
		select {
		case <-p.done:
			return &startError{exit: p.err}
		case <-ctx.Done():
			return fmt.Errorf("localpg: waiting for the server to accept connections: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// end stops the postmaster: fast shutdown, then immediate, then by force.
func (p *process) end(ctx context.Context, fast, immediate time.Duration) error {
	begin := time.Now()
	if p.signalAndWait(ctx, syscall.SIGINT, fast) {
		return nil
	}
	waited := time.Since(begin).Round(time.Millisecond)
	// Not bounded by ctx: nothing must be left running.
	if !p.signalAndWait(context.Background(), syscall.SIGQUIT, immediate) {
		p.signalAndWait(context.Background(), syscall.SIGKILL, time.Hour)
	}
	return fmt.Errorf("localpg: the server did not shut down within %s and was stopped by force; a kept cluster recovers at its next start", waited)
}

func (p *process) signalAndWait(ctx context.Context, sig syscall.Signal, most time.Duration) bool {
	_ = p.cmd.Process.Signal(sig) // an error means that it is gone
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return !p.running()
}

// openLog opens the server's log inside dir without following a link out of
// it: the folder may belong to a less trusted user than this process.
func openLog(dir, name string, flag int, acct account) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND|flag, 0o600)
	if err != nil {
		return nil, err
	}
	if acct.switched {
		if err := f.Chown(acct.uid, acct.gid); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, nil
}

// logSince reads the log from offset, at most its last 16 kB.
func logSince(f *os.File, offset int64) string {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	offset = max(offset, end-16<<10)
	text, _ := io.ReadAll(io.NewSectionReader(f, offset, end-offset))
	return string(text)
}
