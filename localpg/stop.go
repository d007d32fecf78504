package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Stop ends the server, disconnecting its clients, and removes the data of an
// ephemeral one.
//
//   - Shape: a fast shutdown; where that takes longer than ten seconds or than
//     ctx allows, by force. After it nothing is left running. Further calls do
//     nothing.
//   - Errors: that force was needed, that folders could not be removed.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	begin := time.Now()
	err := s.end(ctx)
	err = errors.Join(err, s.clear())
	s.log.Info("localpg: server stopped", "port", s.port, "data", s.place.data, "took", time.Since(begin))
	return err
}

// end stops the postmaster, if one runs.
func (s *Server) end(ctx context.Context) error {
	if s.proc == nil || !s.proc.running() {
		return nil
	}
	err := s.proc.end(ctx, fastPatience, immediatePatience)
	_ = s.janitor.watch(0)
	return err
}

// clear removes the run folder and gives everything back.
func (s *Server) clear() error {
	if s.janitor != nil {
		s.janitor.dismiss()
	}
	err := removeTree(s.place.run)
	s.place.close()
	return err
}

// Kill ends the postmaster by SIGKILL, as a crash would, and leaves everything
// else as it is.
//
//   - Shape: returns when the postmaster is gone; its backends notice on their
//     own a moment later. [Server.Restart] runs crash recovery.
//   - Errors: the server was stopped.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return errStopped
	}
	if s.proc == nil || !s.proc.running() {
		return nil
	}
	err := s.proc.cmd.Process.Kill()
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("localpg: %w", err)
	}
	<-s.proc.done
	_ = s.janitor.watch(0)
	s.log.Info("localpg: server killed", "port", s.port, "data", s.place.data)
	return nil
}

// Restart runs the server again on the same data and port, after a fast
// shutdown if it still runs.
//
//   - Shape: an ephemeral cluster without fsync survives a Kill too: the kernel
//     holds what was written.
//   - Errors: as [Start]; a port taken by another program in between.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return errStopped
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, startPatience)
		defer cancel()
	}
	if err := s.end(ctx); err != nil {
		return err
	}
	if err := s.launch(ctx, 0); err != nil {
		return err
	}
	s.log.Info("localpg: server restarted", "port", s.port, "pid", s.proc.pid(), "data", s.place.data)
	return nil
}
