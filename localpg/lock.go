package localpg

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// account is whom the server runs as.
type account struct {
	uid, gid int
	name     string // "user postgres", for texts
	switched bool   // this process is root and runs the server as another user
}

// lock opens dir's file name and takes its lock, without waiting; the file then
// says which process holds it. Nil means that another one does. A link out of
// dir is not followed: the folder may belong to a less trusted user.
func lock(dir, name string) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	held, err := tryLock(f)
	if err != nil || !held {
		f.Close()
		return nil, err
	}
	if err := f.Truncate(0); err != nil {
		unlock(f)
		return nil, err
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		unlock(f)
		return nil, err
	}
	return f, nil
}

// waitLock is lock that waits until ctx ends.
func waitLock(ctx context.Context, dir, name string) (*os.File, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		f, err := lock(dir, name)
		if err != nil || f != nil {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for %s, held by process %d: %w", name, lockOwner(dir, name), ctx.Err())
		case <-tick.C:
		}
	}
}

// lockOwner is the process that last took the lock, 0 if the file does not say.
func lockOwner(dir, name string) int {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return pid
}
