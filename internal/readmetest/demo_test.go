//go:build readme && unix

package readmetest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A newcomer clones, runs `make demo`, uses the service, presses Ctrl-C: one
// line with the URLs when it is ready, no trace left, and the second time it
// finds what the first has kept.
func TestDemo(t *testing.T) {
	clone := t.TempDir()
	copyTree(t, clone)
	openWay(t, clone)

	for _, round := range []string{"first", "second"} {
		t.Run(round+" start", func(t *testing.T) {
			started := time.Now()
			demo := startDemo(t, clone)
			url := demo.ready(t)
			t.Logf("%s start: ready after %v", round, time.Since(started).Round(10*time.Millisecond))

			var about struct{ Service, Version string }
			if err := json.Unmarshal(get(t, url+"/"), &about); err != nil || about.Service == "" || about.Version == "" {
				t.Errorf("GET / answers %+v, %v", about, err)
			}
			get(t, url+"/docs")
			get(t, url+"/readyz")

			demo.interrupt(t)
			for _, ugly := range []string{"make: ***", "panic:", "exit status", "goroutine "} {
				if strings.Contains(demo.output.String(), ugly) {
					t.Errorf("the output holds %q:\n%s", ugly, &demo.output)
				}
			}
			if left := named(t, filepath.Join(clone, ".data"), "postmaster.pid"); len(left) > 0 {
				t.Errorf("PostgreSQL was left running: %q", left)
			}
			if kept := named(t, filepath.Join(clone, ".data"), "PG_VERSION"); len(kept) == 0 {
				t.Error("nothing was kept in .data")
			}
		})
	}
}

// demo is a running `make demo`.
type demo struct {
	cmd    *exec.Cmd
	lines  chan string
	output bytes.Buffer // read it after interrupt
}

func startDemo(t *testing.T, dir string) *demo {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	t.Cleanup(cancel)
	d := &demo{lines: make(chan string, 1000)}
	d.cmd = exec.CommandContext(ctx, "make", "demo")
	d.cmd.Dir = dir
	d.cmd.Env = append(os.Environ(), "LISTEN_ADDR=127.0.0.1:0", "DATABASE_URL=", "DATA_DIR=", "MAKEFLAGS=", "MAKELEVEL=")
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	d.cmd.Cancel = func() error { return syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL) }
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	d.cmd.Stdout, d.cmd.Stderr = write, write
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	go func() {
		defer close(d.lines)
		defer read.Close()
		for scanner := bufio.NewScanner(read); scanner.Scan(); {
			d.lines <- scanner.Text()
		}
	}()
	return d
}

// ready waits for the line that tells where the service listens.
func (d *demo) ready(t *testing.T) string {
	t.Helper()
	for line := range d.lines {
		d.output.WriteString(line + "\n")
		if found := regexp.MustCompile(`ready: (http://[0-9.:]+)`).FindStringSubmatch(line); found != nil {
			return found[1]
		}
	}
	t.Fatalf("make demo ended (%v) before it was ready:\n%s", d.cmd.Wait(), &d.output)
	return ""
}

// interrupt presses Ctrl-C, which reaches make and the service, and waits for
// both to end.
func (d *demo) interrupt(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(-d.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for line := range d.lines {
		d.output.WriteString(line + "\n")
	}
	err := d.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	// make ends by the signal itself, as the shell expects; the service has ended well before.
	if exit != nil {
		if status, ok := exit.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
			t.Errorf("make demo ended with %v, want by the interrupt or with 0", exit)
		}
	}
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Errorf("GET %s: %s\n%s", url, answer.Status, &body)
	}
	return body.Bytes()
}

// named lists the files of that name below dir.
func named(t *testing.T, dir, name string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == name {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// copyTree puts into dir what a clone would hold.
func copyTree(t *testing.T, dir string) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, text, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// openWay lets others pass through the private folder of the test: run by
// root, PostgreSQL belongs to another user.
func openWay(t *testing.T, dir string) {
	t.Helper()
	for ; strings.HasPrefix(dir, os.TempDir()+string(filepath.Separator)); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}
