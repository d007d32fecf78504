package localpg

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	runPrefix  = "retort-pg-run-"
	keptPrefix = "retort-pg-kept-"

	// memoryNeed is the room that tmpfs must have for an ephemeral cluster: the
	// cluster's 40 MB and a test run's databases.
	memoryNeed = 1 << 30

	// maxSocketPath is what fits sockaddr_un everywhere, 104 bytes on macOS.
	maxSocketPath = 100

	lockName       = "localpg.lock"
	logName        = "localpg.log"
	incompleteName = "localpg.incomplete"
)

// place is where one server's files are.
type place struct {
	run       string // socket, lock; for ephemeral clusters everything else too
	data      string
	log       string
	ephemeral bool
	tmpfs     bool // run, and an ephemeral cluster with it, is in memory
	locks     []*os.File
}

// openPlace makes the folders of a new server and takes their locks.
func openPlace(cfg Config, acct account, log *slog.Logger) (p place, err error) {
	p.ephemeral = cfg.DataDir == ""
	if p.run, p.tmpfs, err = makeRunFolder(acct, p.ephemeral); err != nil {
		return p, err
	}
	defer func() {
		if err != nil {
			p.close()
			_ = removeTree(p.run)
		}
	}()
	held, err := lock(p.run, lockName)
	if err != nil || held == nil {
		return p, fmt.Errorf("localpg: lock new folder %s: %w", p.run, err)
	}
	p.locks = append(p.locks, held)
	if p.ephemeral {
		p.data = filepath.Join(p.run, "data")
		p.log = filepath.Join(p.run, "server.log")
		return p, makeFolder(p.data)
	}
	if p.data, err = keptFolder(cfg.DataDir, acct, log); err != nil {
		return p, err
	}
	p.log = filepath.Join(p.data, logName)
	if held, err = lock(p.data, lockName); err != nil {
		return p, fmt.Errorf("localpg: lock the data folder: %w", err)
	}
	if held == nil {
		return p, &InUseError{DataDir: p.data, Owner: lockOwner(p.data, lockName), Server: readPIDFile(p.data).pid}
	}
	p.locks = append(p.locks, held)
	return p, nil
}

// close gives the locks back.
func (p *place) close() {
	for _, f := range p.locks {
		unlock(f)
	}
	p.locks = nil
}

// makeRunFolder makes a new folder that the server's user reaches and whose
// socket's name is short enough.
func makeRunFolder(acct account, ephemeral bool) (dir string, tmpfs bool, err error) {
	memory := ""
	if ephemeral {
		memory = memoryFolder(memoryNeed)
	}
	var problems []error
	for _, base := range []string{memory, os.TempDir(), "/tmp"} {
		if base == "" {
			continue
		}
		if n := len(base) + len("/"+runPrefix+"0123456789/.s.PGSQL.65535"); n > maxSocketPath {
			problems = append(problems, fmt.Errorf("%s is too long a name for a socket", base))
			continue
		}
		if err := acct.reaches(base); err != nil {
			problems = append(problems, err)
			continue
		}
		sweep(base, acct)
		dir, err := os.MkdirTemp(base, runPrefix)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if err := acct.own(dir); err != nil {
			return "", false, fmt.Errorf("localpg: %w", err)
		}
		return dir, base == memory, nil
	}
	return "", false, fmt.Errorf("localpg: no folder for the server's files: %w", errors.Join(problems...))
}

// sweep removes what servers left behind whose process and watching shell were
// both killed. A folder younger than a minute may be about to be locked.
func sweep(base string, acct account) {
	dirs, _ := filepath.Glob(filepath.Join(base, runPrefix+"*"))
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || time.Since(info.ModTime()) < time.Minute || acct.trusted(dir) != nil {
			continue
		}
		held, err := lock(dir, lockName)
		if err != nil || held == nil {
			continue
		}
		data := filepath.Join(dir, "data")
		if pid := readPIDFile(data).pid; pid == 0 || !alive(pid) || !isPostmaster(pid, data) {
			_ = removeTree(dir)
		}
		unlock(held)
	}
}

// keptFolder makes the data folder, or one in its stead that the server's user
// reaches, and returns its full name.
func keptFolder(dir string, acct account, log *slog.Logger) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("localpg: %w", err)
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if closed := acct.reaches(filepath.Dir(dir)); closed != nil {
		asked := dir
		if dir, err = keptElsewhere(asked, acct, closed); err != nil {
			return "", err
		}
		log.Warn("localpg: data folder cannot be used, another one is", "asked", asked, "used", dir, "reason", closed.Error())
	}
	return dir, makeFolder(dir)
}

// keptElsewhere names a lasting folder for the cluster asked for in dir. Its
// place is open to everybody, so that a folder somebody else made is refused.
func keptElsewhere(dir string, acct account, closed error) (string, error) {
	for _, base := range []string{"/var/tmp", os.TempDir()} {
		if info, err := os.Stat(base); err != nil || !info.IsDir() || acct.reaches(base) != nil {
			continue
		}
		other := filepath.Join(base, fmt.Sprintf("%s%x", keptPrefix, sha256.Sum256([]byte(dir)))[:len(base)+1+len(keptPrefix)+12])
		err := acct.trusted(other)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		return other, nil
	}
	return "", fmt.Errorf("localpg: data folder %s: %w; choose one that it reaches", dir, closed)
}

// makeFolder makes a folder that only its owner enters, and its parents as
// usual. One that is there stays as it is.
func makeFolder(dir string) error {
	err := os.MkdirAll(filepath.Dir(dir), 0o755)
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("localpg: %w", err)
	}
	return nil
}

// prepare makes the data folder a cluster that bin can run: a copy of the
// template where it is new.
func (p *place) prepare(ctx context.Context, cfg Config, bin Binaries, acct account) error {
	isNew, err := p.isNew(bin)
	if err != nil || !isNew {
		return err
	}
	// PostgreSQL insists on both.
	if err := errors.Join(os.Chmod(p.data, 0o700), acct.own(p.data)); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	marker := filepath.Join(p.data, incompleteName)
	if err := os.WriteFile(marker, []byte("This cluster is being made; a copy that was cut short is made anew.\n"), 0o600); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	if cfg.primary != nil {
		err = p.copyPrimary(ctx, cfg.primary, bin, acct)
	} else {
		err = copyTemplate(ctx, cfg.CacheDir, p.data, bin, acct)
	}
	if err != nil {
		return err
	}
	if !p.ephemeral {
		if err := runInitdb(ctx, bin, acct, p.data, "--sync-only"); err != nil {
			return err
		}
	}
	if err := os.Remove(marker); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	return nil
}

// isNew reports whether the data folder still needs its cluster, and refuses
// one that bin cannot run and a folder with somebody's files.
func (p *place) isNew(bin Binaries) (bool, error) {
	entries, err := os.ReadDir(p.data)
	if err != nil {
		return false, fmt.Errorf("localpg: %w", err)
	}
	var ours, others []string
	incomplete := false
	for _, e := range entries {
		switch e.Name() {
		case incompleteName:
			incomplete = true
		case lockName, logName:
			ours = append(ours, e.Name())
		default:
			others = append(others, e.Name())
		}
	}
	if incomplete {
		return true, clearFolder(p.data, incompleteName, lockName, logName)
	}
	if len(others) == 0 {
		return true, nil
	}
	version, err := os.ReadFile(filepath.Join(p.data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		for _, name := range ours {
			_ = os.Remove(filepath.Join(p.data, name))
		}
		return false, fmt.Errorf("localpg: %s holds files but no PostgreSQL cluster (%s, …); choose an empty or a new folder", p.data, others[0])
	}
	if err != nil {
		return false, fmt.Errorf("localpg: %w", err)
	}
	if major := strings.TrimSpace(string(version)); major != fmt.Sprint(bin.Major) {
		return false, &VersionError{DataDir: p.data, Cluster: major, Server: bin.Version, BinDir: bin.Dir}
	}
	return false, nil
}

// clearFolder removes what an unfinished copy left, all but the names to keep.
func clearFolder(dir string, keep ...string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if err == nil && !slices.Contains(keep, e.Name()) {
			err = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("localpg: clear an unfinished cluster: %w", err)
	}
	return nil
}

// removeTree is RemoveAll for a folder in which the last backends of a killed
// server may still make files.
func removeTree(dir string) error {
	var err error
	for range 20 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	return fmt.Errorf("localpg: %w", err)
}
