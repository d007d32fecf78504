//go:build unix

package localpg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// serverAccount decides whom the server runs as: PostgreSQL refuses root.
func serverAccount() (account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return account{uid: uid, gid: os.Getegid(), name: "user " + strconv.Itoa(uid)}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uerr := strconv.Atoi(u.Uid)
		gid, gerr := strconv.Atoi(u.Gid)
		if uerr == nil && gerr == nil && uid > 0 {
			return account{uid: uid, gid: gid, name: "user " + name, switched: true}, nil
		}
	}
	return account{}, errors.New("localpg: this process is root, PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody; add one with: useradd --system postgres")
}

// attributes put a child into a session of its own, so that a Ctrl-C at the
// terminal reaches the parent only, which then stops its server in order.
func (a account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if a.switched {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}

// own hands a file or folder to the server's user.
func (a account) own(path string) error {
	if !a.switched {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// reaches reports the folder, if any, that keeps the server's user from path.
func (a account) reaches(path string) error {
	if !a.switched {
		return nil
	}
	for dir := path; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil && info.IsDir() && !a.enters(info) {
			return fmt.Errorf("%s is closed to %s (mode %04o)", dir, a.name, info.Mode().Perm())
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func (a account) enters(dir fs.FileInfo) bool {
	st, ok := dir.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	switch mode := dir.Mode().Perm(); {
	case int(st.Uid) == a.uid:
		return mode&0o100 != 0
	case int(st.Gid) == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// trusted refuses a folder in a place where anybody may write, unless this
// process or the server's user made it.
func (a account) trusted(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || ok && int(st.Uid) != a.uid && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("localpg: %s is not a folder of %s; remove it or choose another one", dir, a.name)
	}
	return nil
}

// tryLock takes an exclusive lock that ends with this process.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// unlock gives a lock back. Closing alone would not: a child that another
// goroutine is starting holds a copy of the file until it has become its program.
func unlock(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	f.Close()
}

// promoteSignal has a postmaster look for its promote file.
const promoteSignal = syscall.SIGUSR1

// alive reports whether a process of this id exists.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
