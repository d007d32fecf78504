package localpg

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestDataDir(t *testing.T) {
	t.Parallel()
	t.Run("is_made_with_its_parents", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(openDir(t), "a", "b c", "ü")
		s := start(t, Config{DataDir: dir})
		if s.DataDir() != dir || !exists(filepath.Join(dir, "PG_VERSION")) {
			t.Errorf("data in %s, want %s", s.DataDir(), dir)
		}
	})
	t.Run("with_somebody's_files_is_left_alone", func(t *testing.T) {
		t.Parallel()
		dir := openDir(t)
		if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("years"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Start(t.Context(), Config{DataDir: dir})
		if err == nil || !strings.Contains(err.Error(), "holds files but no PostgreSQL cluster (thesis.txt, …)") {
			t.Errorf("error %v", err)
		}
		entries, _ := os.ReadDir(dir)
		if len(entries) != 1 {
			t.Errorf("now it holds %v", entries)
		}
	})
	t.Run("of_another_major_version_is_refused_with_the_remedy", func(t *testing.T) {
		t.Parallel()
		dir := openDir(t)
		if err := os.WriteFile(filepath.Join(dir, "PG_VERSION"), []byte("9.6\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Start(t.Context(), Config{DataDir: dir})
		var ve *VersionError
		if !errors.As(err, &ve) || ve.Cluster != "9.6" || ve.DataDir != dir || !strings.Contains(err.Error(), "set PG_BIN to the bin folder of PostgreSQL 9.6") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("of_an_interrupted_first_start_is_made_anew", func(t *testing.T) {
		t.Parallel()
		dir := openDir(t)
		for _, name := range []string{incompleteName, "PG_VERSION", "postgresql.conf"} {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := start(t, Config{DataDir: dir})
		query(t, s.URL(""), "SELECT 'x'")
		if !missing(filepath.Join(dir, incompleteName)) {
			t.Error("it still counts as unfinished")
		}
	})
	t.Run("in_use_by_this_process_is_refused", func(t *testing.T) {
		t.Parallel()
		s := start(t, Config{DataDir: openDir(t)})
		_, err := Start(t.Context(), Config{DataDir: s.DataDir()})
		var in *InUseError
		if !errors.As(err, &in) || in.Owner != os.Getpid() || in.Server != s.PID() || in.DataDir != s.DataDir() {
			t.Errorf("error %v", err)
		}
		query(t, s.URL(""), "SELECT 'still there'")
	})
	t.Run("in_use_by_another_process_is_refused_by_its_number", func(t *testing.T) {
		t.Parallel()
		h := runHelper(t, helperTask{Config: Config{DataDir: openDir(t)}})
		if h.Error != "" {
			t.Fatal(h.Error)
		}
		_, err := Start(t.Context(), Config{DataDir: h.DataDir})
		for _, want := range []string{strconv.Itoa(h.cmd.Process.Pid), strconv.Itoa(h.Server)} {
			if err == nil || !strings.Contains(err.Error(), "process "+want) {
				t.Errorf("error %v does not name %s", err, want)
			}
		}
	})
	t.Run("in_use_by_a_server_of_somebody_else_is_refused", func(t *testing.T) {
		t.Parallel()
		s := start(t, Config{DataDir: openDir(t)})
		// Without our lock it looks as if pg_ctl had started it.
		if err := os.Remove(filepath.Join(s.DataDir(), lockName)); err != nil {
			t.Fatal(err)
		}
		_, err := Start(t.Context(), Config{DataDir: s.DataDir()})
		var in *InUseError
		if !errors.As(err, &in) || in.Server != s.PID() {
			t.Errorf("error %v", err)
		}
		query(t, s.URL(""), "SELECT 'still there'")
	})
	t.Run("that_the_server's_user_cannot_reach_gets_a_substitute", func(t *testing.T) {
		t.Parallel()
		if !serverUser(t).switched {
			// Only root's servers run as somebody else; nothing to substitute.
			return
		}
		asked := filepath.Join(t.TempDir(), "data") // in a folder of mode 0700
		var log bytes.Buffer
		cfg := Config{DataDir: asked, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		s, err := Start(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		used := s.DataDir()
		t.Cleanup(func() { _ = removeTree(used) })
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if used == asked || !exists(filepath.Join(used, "PG_VERSION")) || !strings.Contains(log.String(), "level=WARN") {
			t.Errorf("used %s; log:\n%s", used, log.String())
		}
		if again := start(t, cfg); again.DataDir() != used {
			t.Errorf("the next start uses %s, not %s", again.DataDir(), used)
		}
	})
}

func TestStalePIDFile(t *testing.T) {
	t.Parallel()
	// crashed is a kept cluster whose server was killed.
	crashed := func(t *testing.T) *Server {
		t.Helper()
		s := start(t, Config{DataDir: openDir(t)})
		exec1(t, s.URL(""), "CREATE TABLE kept AS SELECT 42 AS n")
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if readPIDFile(s.DataDir()).pid == 0 {
			t.Fatal("no stale file to test with")
		}
		return s
	}
	t.Run("of_a_process_that_is_gone_does_not_matter", func(t *testing.T) {
		t.Parallel()
		s := start(t, Config{DataDir: crashed(t).DataDir()})
		if got := query(t, s.URL(""), "SELECT n::text FROM kept"); got != "42" {
			t.Errorf("read %q", got)
		}
	})
	t.Run("whose_number_another_program_has_does_not_matter", func(t *testing.T) {
		t.Parallel()
		old := crashed(t)
		// PostgreSQL itself would take this process for its predecessor: it
		// lives and belongs to the same user.
		sleeper := exec.Command("sleep", "600")
		sleeper.SysProcAttr = serverUser(t).attributes()
		if err := sleeper.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { sleeper.Process.Kill(); sleeper.Wait() }()
		file := filepath.Join(old.DataDir(), "postmaster.pid")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := bytes.Cut(text, []byte("\n"))
		if err := os.WriteFile(file, append([]byte(strconv.Itoa(sleeper.Process.Pid)+"\n"), rest...), 0o600); err != nil {
			t.Fatal(err)
		}
		s := start(t, Config{DataDir: old.DataDir()})
		if got := query(t, s.URL(""), "SELECT n::text FROM kept"); got != "42" {
			t.Errorf("read %q", got)
		}
		if gone(sleeper.Process.Pid, 0) {
			t.Error("the other program was touched")
		}
	})
	t.Run("that_is_empty_or_nonsense_reads_as_none", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		for _, text := range []string{"", "\n", "x\n", "0\n"} {
			if err := os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := readPIDFile(dir); got != (pidFile{}) {
				t.Errorf("%q reads as %+v", text, got)
			}
		}
	})
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	t.Run("that_a_cleaner_has_nibbled_at_is_made_anew", func(t *testing.T) {
		t.Parallel()
		cache := openDir(t)
		start(t, Config{CacheDir: cache})
		victims, err := filepath.Glob(filepath.Join(cache, "pg*", "base", "1", "1259"))
		if err != nil || len(victims) != 1 {
			t.Fatalf("%v, %v", victims, err)
		}
		if err := os.Remove(victims[0]); err != nil {
			t.Fatal(err)
		}
		tpl := filepath.Dir(filepath.Dir(filepath.Dir(victims[0])))
		unfinished := tpl + newSuffix + "1" // of a process that was killed
		if err := os.Mkdir(unfinished, 0o700); err != nil {
			t.Fatal(err)
		}
		query(t, start(t, Config{CacheDir: cache}).URL(""), "SELECT 'x'")
		if missing(victims[0]) || !missing(unfinished) {
			t.Error("the template is still incomplete, or an unfinished one stays")
		}
	})
	t.Run("is_waited_for_while_another_process_makes_it", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		held, err := lock(dir, "x.lock")
		if err != nil || held == nil {
			t.Fatal(held, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := waitLock(ctx, dir, "x.lock"); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
			t.Errorf("error %v", err)
		}
		unlock(held)
		again, err := waitLock(t.Context(), dir, "x.lock")
		if err != nil {
			t.Fatal(err)
		}
		unlock(again)
	})
}

func TestCopyTree(t *testing.T) {
	t.Parallel()
	src, dst := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(src, "a", "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(src, "a", "f"), []byte("x"), 0o640); err != nil {
		t.Fatal(err)
	}
	n, err := copyTree(t.Context(), src, dst, func(string) error { return nil })
	if err != nil || n != 3 {
		t.Errorf("%d entries, %v", n, err)
	}
	info, err := os.Stat(filepath.Join(dst, "a", "f"))
	if err != nil || info.Mode().Perm() != 0o640 || info.Size() != 1 || missing(filepath.Join(dst, "a", "empty")) {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := copyTree(t.Context(), src, dst, func(string) error { return nil }); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over what is there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := copyTree(ctx, src, t.TempDir(), func(string) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	base := openDir(t)
	acct := serverUser(t)
	old := time.Now().Add(-time.Hour)
	folder := func(name string) string {
		t.Helper()
		dir := filepath.Join(base, runPrefix+name)
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	left, locked, young, foreign := folder("left"), folder("locked"), folder("young"), folder("foreign")
	held, err := lock(locked, lockName)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock(held)
	served := start(t, Config{}).DataDir()
	serving := folder("serving")
	if err := os.Remove(filepath.Join(serving, "data")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(served, filepath.Join(serving, "data")); err != nil {
		t.Fatal(err)
	}
	if acct.switched {
		if err := os.Chown(foreign, 4711, 4711); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{left, locked, foreign, serving} {
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	sweep(base, acct)
	if !missing(left) {
		t.Error("an abandoned folder stays")
	}
	for what, dir := range map[string]string{"locked": locked, "young": young, "serving": serving} {
		if missing(dir) {
			t.Errorf("a %s folder is gone", what)
		}
	}
	if acct.switched && missing(foreign) {
		t.Error("somebody else's folder is gone")
	}
}
