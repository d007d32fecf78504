package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// outer is a connection that a run has to itself: it holds the advisory lock and
// runs what must stand outside of transactions.
type outer struct {
	db      *sql.DB
	conn    *sql.Conn
	pid     int
	locked  bool // the advisory lock is held
	noticed bool // the server notices when this program ends
}

// openOuter borrows the connection and prepares it.
func openOuter(ctx context.Context, r *Runner) (*outer, error) {
	o := &outer{db: sql.OpenDB(r.eng.Connector())}
	conn, err := o.db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("migrate: connect: %w", pgerr.Wrap(err)), o.db.Close())
	}
	o.conn = conn
	settings := []string{
		"SET statement_timeout = 0", "SET idle_session_timeout = 0", // whatever the role has
		"SET tcp_keepalives_idle = 5", "SET tcp_keepalives_interval = 5", "SET tcp_keepalives_count = 3", // a host that vanished
		"SET lock_timeout = " + strconv.FormatInt(r.opts.LockTimeout.Milliseconds(), 10),
	}
	for _, text := range settings {
		if _, err := o.exec(ctx, "/* retort:migrate.session */ "+text); err != nil {
			o.close()
			return nil, fmt.Errorf("migrate: prepare the connection: %w", err)
		}
	}
	// The server looks for the end of this program while a long statement runs; it
	// refuses the setting on systems that cannot.
	_, err = o.exec(ctx, "/* retort:migrate.session */ SET client_connection_check_interval = '500ms'")
	o.noticed = err == nil
	if o.pid, err = one[int](ctx, o, "/* retort:migrate.session */ SELECT pg_backend_pid()"); err != nil {
		o.close()
		return nil, fmt.Errorf("migrate: prepare the connection: %w", err)
	}
	return o, nil
}

// close gives the connection back; the pool resets it, and with that unlocks.
func (o *outer) close() {
	_ = o.conn.Close() // it ends with the pool's reset in any case
	_ = o.db.Close()
}

func (o *outer) exec(ctx context.Context, text string, args ...any) (int64, error) {
	//retortvet:ignore sqltext constant texts, and the user's revisions
	result, err := o.conn.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, pgerr.Wrap(err)
	}
	return result.RowsAffected()
}

// one asks for one value.
func one[T any](ctx context.Context, o *outer, text string, args ...any) (T, error) {
	var v T
	//retortvet:ignore sqltext constant texts
	err := o.conn.QueryRowContext(ctx, text, args...).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return v, err
	}
	return v, pgerr.Wrap(err)
}

// advisory is the class of the lock; its object is the ledger's lease table.
const advisory = 0x7265746f

const (
	tryLockSQL = `/* retort:migrate.lock */ SELECT pg_try_advisory_lock($1::integer, (to_regclass($2)::oid::bigint & 2147483647)::integer)`

	// Another statement, so that it may come to another server process behind a
	// pooler, which would not hold the lock.
	provedSQL = `/* retort:migrate.lock */ SELECT EXISTS (SELECT FROM pg_locks
WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND pid = $3::integer AND granted AND classid = $1::bigint::oid
  AND objid = (to_regclass($2)::oid::bigint & 2147483647)::oid AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`

	unlockSQL = `/* retort:migrate.unlock */ SELECT pg_advisory_unlock($1::integer, (to_regclass($2)::oid::bigint & 2147483647)::integer)`
)

// tryLock takes the advisory lock, and believes it only when the server shows it.
func (o *outer) tryLock(ctx context.Context, table string) (bool, error) {
	if o.locked {
		return true, nil
	}
	got, err := one[bool](ctx, o, tryLockSQL, advisory, table)
	if err != nil || !got {
		return false, err
	}
	o.locked, err = one[bool](ctx, o, provedSQL, advisory, table, o.pid)
	return o.locked, err
}

func (o *outer) unlock(ctx context.Context, table string) {
	if o.locked {
		_, _ = one[bool](ctx, o, unlockSQL, advisory, table) // the reset unlocks, too
		o.locked = false
	}
}

// settings are those of each transaction of a run.
func (r *Runner) txOptions(idle time.Duration, noticed bool) retort.TxOptions {
	settings := map[string]string{"statement_timeout": "0"}
	if noticed {
		settings["client_connection_check_interval"] = "500"
	}
	return retort.TxOptions{
		Isolation: retort.ReadCommitted, SkipOutcome: true, LockTimeout: r.opts.LockTimeout, IdleTimeout: idle, Settings: settings,
	}
}

// tx runs fn in one transaction and commits it.
func (r *Runner) tx(ctx context.Context, opts retort.TxOptions, fn func(ctx context.Context, s *retort.Session) error) error {
	s := r.eng.SessionWith(opts)
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	if err := fn(ctx, s); err != nil {
		return err
	}
	return s.Commit(ctx)
}

// exec runs one of the ledger's texts, or a revision's statement.
func exec(ctx context.Context, s *retort.Session, text string, args ...any) (int64, error) {
	//retortvet:ignore sqltext the ledger's texts, whose names are quoted, and the user's revisions
	return s.Exec(ctx, text, args...)
}
