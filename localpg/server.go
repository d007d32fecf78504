package localpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

const (
	startPatience     = time.Minute
	fastPatience      = 10 * time.Second
	immediatePatience = 5 * time.Second
)

// errStopped is the answer of a server after Stop.
var errStopped = errors.New("localpg: the server was stopped; start a new one")

// Server is a PostgreSQL server that this process runs.
//
//   - Concurrency: safe for many goroutines; starts and stops wait for each other.
//   - Cleanup: [Server.Stop].
type Server struct {
	cfg       Config
	bin       Binaries
	acct      account
	place     place
	janitor   *janitor
	log       *slog.Logger
	fixedPort bool

	mu      sync.Mutex // guards what follows
	port    int
	proc    *process // the last run, nil before the first
	stopped bool
}

// Start runs a server and returns when it accepts connections.
//
// The first start of a PostgreSQL version runs initdb and keeps the result as
// a template; later ones copy it.
//
//   - Shape: ctx bounds the start only, by a minute if it has no deadline; the
//     server runs until [Server.Stop] or the end of this process.
//   - Errors: [*NotFoundError] without PostgreSQL, [*InUseError] and
//     [*VersionError] about a kept folder, all settings' problems at once,
//     else the end of the server's log.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, startPatience)
		defer cancel()
	}
	acct, err := serverAccount()
	if err != nil {
		return nil, err
	}
	bin, err := Find(cfg.BinDir)
	if err != nil {
		return nil, err
	}
	if err := acct.reaches(bin.Dir); err != nil {
		return nil, fmt.Errorf("localpg: PostgreSQL's binaries in %s: %w; install them elsewhere or set PG_BIN", bin.Dir, err)
	}
	s := &Server{cfg: cfg, bin: bin, acct: acct, log: cfg.logger(), port: cfg.fixedPort()}
	s.fixedPort = s.port != 0
	begin := time.Now()
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	s.log.Info("localpg: server started", "version", bin.Version, "port", s.port, "pid", s.PID(),
		"data", s.place.data, "ephemeral", s.place.ephemeral, "took", time.Since(begin))
	return s, nil
}

// start makes the place and runs the first postmaster in it.
func (s *Server) start(ctx context.Context) (err error) {
	if s.place, err = openPlace(s.cfg, s.acct, s.log); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = s.clear()
		}
	}()
	if s.janitor, err = startJanitor(s.place.run, s.acct); err != nil {
		return err
	}
	if err := s.place.prepare(ctx, s.cfg, s.bin, s.acct); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.launch(ctx, os.O_TRUNC)
}

// launch runs a postmaster until it is ready, again where another program took
// its port or a killed predecessor's backends are not gone yet.
func (s *Server) launch(ctx context.Context, logFlag int) error {
	if err := settle(ctx, s.place.data); err != nil {
		return err
	}
	chosen := s.port != 0
	for attempt := 1; ; attempt++ {
		if !chosen {
			port, err := freePort()
			if err != nil {
				return err
			}
			s.port = port
		}
		err := s.launchOnce(ctx, logFlag)
		logFlag = 0
		var failed *startError
		if !errors.As(err, &failed) {
			return err
		}
		again := failed.says("pre-existing shared memory block") ||
			failed.says("could not create any TCP/IP sockets") && attempt < 10 && !s.fixedPort
		if !again {
			if !chosen {
				s.port = 0
			}
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *Server) launchOnce(ctx context.Context, logFlag int) error {
	logFile, err := openLog(filepath.Dir(s.place.log), filepath.Base(s.place.log), logFlag, s.acct)
	if err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	defer logFile.Close()
	var logFrom int64
	if info, err := logFile.Stat(); err == nil {
		logFrom = info.Size()
	}
	args := append([]string{"-D", s.place.data, "-p", strconv.Itoa(s.port), "-k", s.place.run}, s.cfg.arguments(s.place)...)
	cmd := exec.Command(s.bin.Path("postgres"), args...)
	cmd.Dir = s.place.data
	cmd.Env = serverEnv()
	cmd.Stdout, cmd.Stderr = logFile, logFile
	cmd.SysProcAttr = s.acct.attributes()
	endWithParent(cmd.SysProcAttr)
	proc, err := run(cmd)
	if err != nil {
		return fmt.Errorf("localpg: start %s as %s: %w", cmd.Path, s.acct.name, err)
	}
	s.proc = proc
	err = s.janitor.watch(proc.pid())
	if err == nil {
		err = proc.waitReady(ctx, s.place.data)
	}
	if err == nil {
		return nil
	}
	_ = proc.end(context.Background(), fastPatience, immediatePatience)
	_ = s.janitor.watch(0)
	var failed *startError
	if errors.As(err, &failed) {
		failed.log = logSince(logFile, logFrom)
	}
	return err
}

// freePort asks the kernel for one. Somebody may take it before the server
// does; launch then asks again.
func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("localpg: no free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
