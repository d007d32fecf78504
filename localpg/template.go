package localpg

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// templateFormat changes when initdb is called differently, so that templates
// of an older Retort are not taken.
const templateFormat = "1"

// copyTemplate fills the empty folder dst with a fresh cluster for these
// binaries. A template that something has nibbled at, as cleaners of temporary
// folders do, is made anew.
func copyTemplate(ctx context.Context, cacheDir, dst string, bin Binaries, acct account) error {
	cache, err := cacheFolder(cacheDir, acct)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(fmt.Append(nil, templateFormat, "\n", bin.Version, "\n", bin.Dir, "\n", acct.uid, "\n", runtime.GOARCH))
	tpl := filepath.Join(cache, fmt.Sprintf("pg%s-%x", bin.Version, sum[:6]))
	for attempt := 1; ; attempt++ {
		want, err := needTemplate(ctx, tpl, bin, acct)
		if err != nil {
			return err
		}
		copied, err := copyTree(ctx, tpl, dst, acct.own)
		if err == nil && copied == want {
			return nil
		}
		if attempt == 2 || ctx.Err() != nil {
			return fmt.Errorf("localpg: copy the template cluster %s: %d of %d entries: %w", tpl, copied, want, cmp.Or(err, errIncomplete))
		}
		_ = os.Remove(tpl + entriesSuffix)
		if err := clearFolder(dst, incompleteName, lockName, logName); err != nil {
			return err
		}
	}
}

var errIncomplete = errors.New("the template is incomplete")

// entriesSuffix ends the name of the file that says of how many entries the
// template beside it consists, and by being there that it is whole.
const entriesSuffix = ".entries"

// newSuffix marks a template in the making.
const newSuffix = ".new-"

// needTemplate returns of how many entries the template consists, and makes it
// now if it is not there. Several processes may ask at once: one makes it, the
// others wait.
func needTemplate(ctx context.Context, tpl string, bin Binaries, acct account) (int, error) {
	if n := templateEntries(tpl); n > 0 {
		return n, nil
	}
	held, err := waitLock(ctx, filepath.Dir(tpl), filepath.Base(tpl)+".lock")
	if err != nil {
		return 0, fmt.Errorf("localpg: template cluster: %w", err)
	}
	defer unlock(held)
	if n := templateEntries(tpl); n > 0 {
		return n, nil
	}
	if err := makeTemplate(ctx, tpl, bin, acct); err != nil {
		return 0, err
	}
	n := 0
	err = filepath.WalkDir(tpl, func(_ string, _ fs.DirEntry, err error) error { n++; return err })
	if err == nil {
		n-- // the folder itself
		err = os.WriteFile(tpl+entriesSuffix, []byte(strconv.Itoa(n)), 0o644)
	}
	if err != nil {
		return 0, fmt.Errorf("localpg: %w", err)
	}
	return n, nil
}

func templateEntries(tpl string) int {
	text, err := os.ReadFile(tpl + entriesSuffix)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(string(text))
	return n
}

// makeTemplate runs initdb beside tpl and renames the result. The caller holds
// the lock, so what a killed predecessor left can go.
func makeTemplate(ctx context.Context, tpl string, bin Binaries, acct account) error {
	abandoned, _ := filepath.Glob(tpl + newSuffix + "*")
	for _, dir := range abandoned {
		_ = os.RemoveAll(dir)
	}
	work, err := os.MkdirTemp(filepath.Dir(tpl), filepath.Base(tpl)+newSuffix)
	if err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	defer os.RemoveAll(work)
	if err := acct.own(work); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	for _, locale := range []string{"C.UTF-8", "C"} {
		// A try that failed leaves the folder empty.
		err = runInitdb(ctx, bin, acct, work, "--username=retort", "--auth=trust", "--encoding=UTF8",
			"--locale="+locale, "--no-sync", "--no-instructions")
		if err == nil || !strings.Contains(err.Error(), "locale") {
			break
		}
	}
	if err != nil {
		return err
	}
	if err := os.RemoveAll(tpl); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	if err := os.Rename(work, tpl); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	return nil
}

func runInitdb(ctx context.Context, bin Binaries, acct account, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, bin.Path("initdb"), append([]string{"--pgdata=" + dir}, args...)...)
	cmd.Dir = dir
	cmd.Env = serverEnv()
	cmd.SysProcAttr = acct.attributes()
	// initdb removes what it began when it is interrupted.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("localpg: initdb as %s: %w: %s", acct.name, err, lastLines(string(out), 6))
	}
	return nil
}

// cacheFolder is where the templates are, made if need be: in memory where
// there is room, since a thousand small files take a busy disk a second.
func cacheFolder(dir string, acct account) (string, error) {
	if dir != "" {
		dir, err := filepath.Abs(dir)
		if err == nil {
			err = os.MkdirAll(dir, 0o755)
		}
		if err == nil {
			err = acct.reaches(dir)
		}
		if err != nil {
			return "", fmt.Errorf("localpg: Config.CacheDir: %w", err)
		}
		return dir, nil
	}
	var problems []error
	for _, base := range []string{memoryFolder(memoryNeed), os.TempDir(), "/var/tmp", "/tmp"} {
		if base == "" {
			continue
		}
		dir := filepath.Join(base, fmt.Sprintf("retort-pg-cache-%d", os.Geteuid()))
		err := acct.reaches(base)
		if err == nil {
			err = os.MkdirAll(dir, 0o755)
		}
		if err == nil {
			err = errors.Join(acct.trusted(dir), acct.reaches(dir))
		}
		if err == nil {
			return dir, nil
		}
		problems = append(problems, err)
	}
	return "", fmt.Errorf("localpg: no folder for the template clusters, set Config.CacheDir: %w", errors.Join(problems...))
}

// serverEnv is all that PostgreSQL's programs see of this process's
// environment: no PG variables that would steer them, no secrets.
func serverEnv() []string {
	// Without a locale macOS starts threads in the postmaster, which refuses them.
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, name := range []string{"PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
