package localpg

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Standby runs a second server that follows s: a physical copy of all of it, kept
// up to date by streaming replication, that answers reads and refuses writes.
//
// It stays asynchronous until s is told to wait for it, by its name in
// synchronous_standby_names, which is "standby".
//
//   - Shape: on a port and in a folder of its own, as cfg says for [Start]; cfg's
//     BinDir is that of s.
//   - Errors: as of Start; pg_basebackup's own words where the copy failed.
//   - Cleanup: [Server.Stop], before or after s.
func (s *Server) Standby(ctx context.Context, cfg Config) (*Server, error) {
	if s.PID() == 0 {
		return nil, errors.New("localpg: a standby copies a server that runs, and this one does not; call Restart first")
	}
	cfg.BinDir, cfg.primary = s.bin.Dir, s
	return Start(ctx, cfg)
}

// standbyName is a standby's application_name, by which its primary knows it.
const standbyName = "standby"

// copyPrimary fills the empty data folder with a copy of a server that runs.
func (p *place) copyPrimary(ctx context.Context, primary *Server, bin Binaries, acct account) error {
	// pg_basebackup wants its folder empty, and ours holds a log and a lock.
	work := p.data + ".copy"
	if err := os.Mkdir(work, 0o700); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	defer os.RemoveAll(work)
	if err := acct.own(work); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	conninfo := fmt.Sprintf("host=127.0.0.1 port=%d user=retort application_name=%s", primary.Port(), standbyName)
	cmd := exec.CommandContext(ctx, bin.Path("pg_basebackup"), "--pgdata="+work, "--dbname="+conninfo,
		"--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync")
	cmd.Dir = work
	cmd.Env = serverEnv()
	cmd.SysProcAttr = acct.attributes()
	cmd.WaitDelay = 5 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("localpg: pg_basebackup as %s: %w: %s", acct.name, errors.Join(ctx.Err(), err), lastLines(string(out), 6))
	}
	entries, err := os.ReadDir(work)
	for _, e := range entries {
		if err == nil && e.Name() != logName {
			err = os.Rename(filepath.Join(work, e.Name()), filepath.Join(p.data, e.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	return nil
}

// Promote makes a standby the server that takes writes, and returns when it does.
// One that takes them already stays as it is.
//
//   - Errors: it does not run; ctx ended first, or a minute without a deadline.
//   - Source: pg_ctl promote, which makes the same file and sends the same signal.
func (s *Server) Promote(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.proc == nil || !s.proc.running() {
		return errors.New("localpg: only a server that runs can be promoted; call Restart first")
	}
	if state, err := clusterState(s.place.data); err != nil || state == inProduction {
		return err
	}
	signal := filepath.Join(s.place.data, "promote")
	if err := errors.Join(os.WriteFile(signal, nil, 0o600), s.acct.own(signal)); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	if err := s.proc.cmd.Process.Signal(promoteSignal); err != nil {
		return fmt.Errorf("localpg: promote: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if state, err := clusterState(s.place.data); err == nil && state == inProduction {
			s.log.Info("localpg: server promoted", "port", s.port, "data", s.place.data)
			return nil
		}
		select {
		case <-s.proc.done:
			return fmt.Errorf("localpg: promote: the server ended; see %s", s.place.log)
		case <-ctx.Done():
			return fmt.Errorf("localpg: waiting for the server to take writes: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// Demote restarts the server as a standby that follows nobody: it answers reads
// on the same port and refuses writes, as an old primary does behind a failover.
//
//   - Errors: as of [Server.Restart].
func (s *Server) Demote(ctx context.Context) error {
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		return errStopped
	}
	signal := filepath.Join(s.place.data, "standby.signal")
	err := errors.Join(os.WriteFile(signal, nil, 0o600), s.acct.own(signal))
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	return s.Restart(ctx)
}

// inProduction is the state of a cluster that takes writes.
const inProduction = 6

// clusterState is what the control file says.
//
//   - Source: src/include/catalog/pg_control.h: the state follows the system
//     identifier (8 bytes) and two version numbers (4 each).
func clusterState(dataDir string) (uint32, error) {
	text, err := os.ReadFile(filepath.Join(dataDir, "global", "pg_control"))
	if err != nil {
		return 0, fmt.Errorf("localpg: %w", err)
	}
	if len(text) < 20 {
		return 0, fmt.Errorf("localpg: the control file of %s is cut short", dataDir)
	}
	return binary.NativeEndian.Uint32(text[16:]), nil
}
