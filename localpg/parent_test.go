package localpg

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// endsWithin is the promise for a server whose parent is killed.
const endsWithin = 2 * time.Second

func TestParentKilled(t *testing.T) {
	t.Parallel()
	kill := func(t *testing.T, h *helper) {
		t.Helper()
		if h.Error != "" {
			t.Fatal(h.Error)
		}
		if err := h.cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		h.cmd.Wait()
		begin := time.Now()
		if !gone(h.Server, endsWithin) {
			t.Fatalf("the server runs on %s after its parent", endsWithin)
		}
		t.Logf("gone %s after its parent", time.Since(begin).Round(time.Millisecond))
	}
	t.Run("ends_an_ephemeral_server_and_clears_its_folder", func(t *testing.T) {
		t.Parallel()
		h := runHelper(t, helperTask{})
		kill(t, h)
		for begin := time.Now(); !missing(h.RunDir); time.Sleep(10 * time.Millisecond) {
			if time.Since(begin) > 5*time.Second {
				t.Fatalf("%s stays", h.RunDir)
			}
		}
		if !gone(h.Janitor, 5*time.Second) {
			t.Error("the watching shell stays")
		}
	})
	t.Run("ends_a_kept_server_cleanly_and_the_next_start_waits_for_that", func(t *testing.T) {
		t.Parallel()
		h := runHelper(t, helperTask{Config: Config{DataDir: openDir(t)}})
		if h.Error != "" {
			t.Fatal(h.Error)
		}
		exec1(t, h.URL, "CREATE TABLE kept AS SELECT 42 AS n")
		if err := h.cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		h.cmd.Wait()
		s := start(t, Config{DataDir: h.DataDir})
		if got := query(t, s.URL(""), "SELECT n::text FROM kept"); got != "42" {
			t.Errorf("read %q", got)
		}
		log, err := os.ReadFile(s.LogFile())
		if err != nil || strings.Contains(string(log), "not properly shut down") {
			t.Errorf("the cluster needed recovery: %v\n%s", err, log)
		}
	})
	t.Run("ends_the_server_without_the_watching_shell_too", func(t *testing.T) {
		t.Parallel()
		if runtime.GOOS != "linux" {
			return // the kernel's signal is Linux's
		}
		h := runHelper(t, helperTask{Config: Config{DataDir: openDir(t)}, KillJanitor: true})
		kill(t, h)
		if got := controlData(t, mustFind(t), h.DataDir); got != "shut down" {
			t.Errorf("the cluster is left %q", got)
		}
		if err := removeTree(h.RunDir); err != nil {
			t.Error(err)
		}
	})
	t.Run("ends_a_server_of_an_unprivileged_process", func(t *testing.T) {
		t.Parallel()
		h := unprivileged(t)
		if got := query(t, h.Socket, "SELECT current_user::text"); got != "retort" {
			t.Errorf("user %q", got)
		}
		kill(t, h)
		if got := controlData(t, mustFind(t), h.DataDir); got != "shut down" {
			t.Errorf("the cluster is left %q", got)
		}
	})
}

// unprivileged runs a kept server in a process that is not root, whatever this
// one is.
func unprivileged(t *testing.T) *helper {
	t.Helper()
	dir := openDir(t)
	acct := serverUser(t)
	if !acct.switched {
		return runHelper(t, helperTask{Config: Config{DataDir: filepath.Join(dir, "data")}})
	}
	// The test binary itself lies in a folder closed to others.
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "helper")
	if err := copyFile(exe, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := acct.own(work); err != nil {
		t.Fatal(err)
	}
	h := runHelper(t, helperTask{Config: Config{DataDir: filepath.Join(work, "data"), CacheDir: filepath.Join(work, "cache")}}, func(cmd *exec.Cmd) {
		cmd.Path, cmd.Dir = binary, work
		cmd.SysProcAttr = acct.attributes()
	})
	if h.Error == "" && !strings.HasPrefix(h.Owner, "user 1") {
		t.Errorf("the server runs as %s", h.Owner)
	}
	return h
}

func mustFind(t *testing.T) Binaries {
	t.Helper()
	bin, err := Find("")
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// The shell alone must do where no kernel signals the server.
func TestJanitor(t *testing.T) {
	t.Parallel()
	setup := func(t *testing.T) (dir string, sleeper *exec.Cmd, j *janitor) {
		t.Helper()
		acct := serverUser(t)
		dir = filepath.Join(openDir(t), "run")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		// A shell that may remove the folder needs its parent as well.
		for _, d := range []string{dir, filepath.Dir(dir)} {
			if err := acct.own(d); err != nil {
				t.Fatal(err)
			}
		}
		sleeper = exec.Command("sleep", "600")
		sleeper.SysProcAttr = acct.attributes()
		if err := sleeper.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { sleeper.Process.Kill(); sleeper.Wait() })
		j, err := startJanitor(dir, acct)
		if err != nil {
			t.Fatal(err)
		}
		return dir, sleeper, j
	}
	t.Run("interrupts_the_last_server_it_was_told_of_and_clears_the_folder", func(t *testing.T) {
		t.Parallel()
		dir, sleeper, j := setup(t)
		for _, pid := range []int{1, sleeper.Process.Pid} {
			if err := j.watch(pid); err != nil {
				t.Fatal(err)
			}
		}
		j.pipe.Close() // as the kernel does when the parent dies
		if err := sleeper.Wait(); err == nil || !strings.Contains(err.Error(), "interrupt") {
			t.Errorf("the server ended with %v", err)
		}
		if err := j.cmd.Wait(); err != nil || !missing(dir) {
			t.Errorf("the shell: %v; folder gone: %t", err, missing(dir))
		}
	})
	t.Run("interrupts_nothing_when_the_server_was_gone", func(t *testing.T) {
		t.Parallel()
		dir, sleeper, j := setup(t)
		_ = j.watch(sleeper.Process.Pid)
		_ = j.watch(0)
		j.pipe.Close()
		if err := j.cmd.Wait(); err != nil || !missing(dir) || gone(sleeper.Process.Pid, 0) {
			t.Errorf("the shell: %v; folder gone: %t; process alive: %t", err, missing(dir), !gone(sleeper.Process.Pid, 0))
		}
	})
	t.Run("does_nothing_when_it_is_dismissed", func(t *testing.T) {
		t.Parallel()
		dir, sleeper, j := setup(t)
		_ = j.watch(sleeper.Process.Pid)
		j.dismiss()
		if missing(dir) || gone(sleeper.Process.Pid, 100*time.Millisecond) {
			t.Error("it did its work")
		}
		if _, err := io.WriteString(j.pipe, "1\n"); err == nil {
			t.Error("its pipe is still open")
		}
	})
}
