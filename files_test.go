package retort_test

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
)

// files is a folder whose files a server of package localpg can read and nobody
// else may.
type files struct {
	t   *testing.T
	dir string
	uid int // the server's user, -1 for this process's own
}

func newFiles(t *testing.T) *files {
	t.Helper()
	// Not t.TempDir, which only root can enter.
	dir, err := os.MkdirTemp("", "retort-files-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	f := &files{t: t, dir: dir, uid: -1}
	if owner, err := user.Lookup("postgres"); os.Geteuid() == 0 && err == nil {
		f.uid, err = strconv.Atoi(owner.Uid)
		must(t, err)
	}
	return f
}

// write makes a file and returns its path.
func (f *files) write(name, text string) string {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	must(f.t, os.WriteFile(path, []byte(text), 0o600))
	if f.uid >= 0 {
		must(f.t, os.Chown(path, f.uid, -1))
	}
	return path
}
