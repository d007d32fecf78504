package localpg

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// pidFile is what postmaster.pid says.
//
// Source: src/include/utils/pidfile.h; line 1 is the process, line 8 the state.
type pidFile struct {
	pid    int    // 0: no file, or none that can be read
	status string // "starting", "stopping", "ready", "standby"
}

func readPIDFile(dataDir string) pidFile {
	text, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		return pidFile{}
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid == 0 {
		return pidFile{}
	}
	p := pidFile{pid: max(pid, -pid)} // negative: a single-user backend
	if len(lines) > 7 {
		p.status = strings.TrimSpace(lines[7])
	}
	return p
}

// settle deals with the postmaster.pid of an earlier server on this folder. One
// that is stopping is waited for, one that runs is an *InUseError.
func settle(ctx context.Context, dataDir string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	patience := time.Now().Add(2 * time.Second)
	for {
		p := readPIDFile(dataDir)
		if p.pid == 0 || !alive(p.pid) {
			return nil
		}
		if !isPostmaster(p.pid, dataDir) {
			return disown(dataDir)
		}
		if p.status != "stopping" && time.Now().After(patience) {
			return &InUseError{DataDir: dataDir, Server: p.pid}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("localpg: waiting for server process %d on %s to stop: %w", p.pid, dataDir, ctx.Err())
		case <-tick.C:
		}
	}
}

// disown makes a stale postmaster.pid harmless whose process number belongs to
// some other program by now: PostgreSQL would take that program for its
// predecessor. The file must stay, its shared memory key is PostgreSQL's only
// way to see orphaned backends; so its number becomes that of this process,
// which the new postmaster knows to be its parent.
func disown(dataDir string) error {
	root, err := os.OpenRoot(dataDir)
	if err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	defer root.Close()
	text, err := root.ReadFile("postmaster.pid")
	if err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	_, rest, _ := bytes.Cut(text, []byte("\n"))
	text = append([]byte(strconv.Itoa(os.Getpid())+"\n"), rest...)
	if err := root.WriteFile("postmaster.pid", text, 0o600); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	return nil
}
