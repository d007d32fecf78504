package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/roles"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/pool"
	"github.com/retort-go/retort/services/privacyrights/revisions"
)

// slowStart is when a newcomer begins to wonder.
const slowStart = 1500 * time.Millisecond

// database is where the service's data is.
type database struct {
	url    string
	server *localpg.Server // nil unless embedded
	dir    string
}

// database starts the embedded PostgreSQL when no other is named.
func (a *app) database(ctx context.Context) (*database, error) {
	if !a.cfg.Embedded() {
		return &database{url: a.cfg.DatabaseURL}, nil
	}
	waiting := time.AfterFunc(slowStart, func() {
		fmt.Fprintf(a.Stderr, "privacyrights: starting PostgreSQL in %s; the first start takes longest\n", a.cfg.DataDir)
	})
	defer waiting.Stop()
	server, err := localpg.Start(ctx, localpg.Config{DataDir: a.cfg.DataDir, Logger: a.log})
	if _, busy := errors.AsType[*localpg.InUseError](err); busy {
		return nil, fmt.Errorf("app: the service runs already, or another command does: stop `make demo` first (Ctrl-C), or name its database by DATABASE_URL: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("app: DATABASE_URL is empty, and no PostgreSQL could be embedded: %w", err)
	}
	return &database{url: server.URL("postgres"), server: server, dir: dataDir(a.cfg.DataDir, server)}, nil
}

// dataDir is the folder as the user wrote it, unless another one had to be used.
func dataDir(asked string, server *localpg.Server) string {
	if abs, err := filepath.Abs(asked); err == nil && abs == server.DataDir() {
		return asked
	}
	return server.DataDir()
}

// describe names the database without its password.
func (d *database) describe(eng *retort.Engine) string {
	if d.server != nil {
		return fmt.Sprintf("embedded PostgreSQL %d in %s", d.server.Major(), d.dir)
	}
	name := strings.TrimSuffix(strings.TrimPrefix(eng.String(), "retort.Engine("), ")")
	return "PostgreSQL at " + name
}

// stopTimeout bounds the embedded server's checkpoint at its end.
const stopTimeout = 30 * time.Second

func (d *database) stop() error {
	if d.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return d.server.Stop(ctx)
}

// How often a database that is away is asked again.
const (
	firstPause   = 200 * time.Millisecond
	longestPause = 5 * time.Second
)

// prepare brings the tables up to date as soon as the database lets it, and then
// calls ready.
//
//   - Errors: what waiting cannot mend, such as revisions that were edited. nil when
//     ctx ends first.
func (a *app) prepare(ctx context.Context, eng *retort.Engine, ready func()) error {
	history, err := revisions.History()
	if err != nil {
		return err
	}
	// Instances of the next release may be here already, and this one still serves.
	runner, err := migrate.New(eng, history, migrate.Options{AllowNewer: true})
	if err != nil {
		return err
	}
	said := ""
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		_, err := runner.Upgrade(ctx, "head")
		switch {
		case err == nil:
			a.prepared.Store(true)
			ready()
			a.warn(ctx, eng)
			return nil
		case ctx.Err() != nil:
			return nil
		case !mendable(err):
			return fmt.Errorf("app: the database could not be brought up to date: %w", err)
		}
		if text := err.Error(); text != said { // once per reason, however long it lasts
			said = text
			a.log.Warn("privacyrights: waiting for the database; every request answers 503 meanwhile", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// warn says what the role of the service should not be able to do. The embedded server
// is the service's own.
func (a *app) warn(ctx context.Context, eng *retort.Engine) {
	if a.cfg.Embedded() {
		return
	}
	rights, err := roles.Read(ctx, eng)
	if err != nil && ctx.Err() == nil {
		a.log.Warn("privacyrights: the rights of its role could not be read", "error", err)
	}
	if err != nil {
		return
	}
	for _, warning := range rights.Warnings() {
		a.log.Warn("privacyrights: "+warning, "remedy", "db roles, see docs/guides/roles.md")
	}
}

// mendable reports whether the same call may succeed later.
func mendable(err error) bool {
	_, connecting := errors.AsType[*pgerr.ConnectError](err)
	_, busy := errors.AsType[*pool.TimeoutError](err)
	_, locked := errors.AsType[*migrate.LockedError](err)
	_, lost := errors.AsType[*migrate.LostLockError](err)
	return connecting || busy || locked || lost || pgerr.Transient(err) || pgerr.Retryable(err) ||
		errors.Is(err, retort.ErrCommitUnknown) || errors.Is(err, context.DeadlineExceeded)
}
