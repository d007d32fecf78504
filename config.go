package retort

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Config says which database an engine talks to and how.
//
// The pool's settings have SQLAlchemy's names and defaults: 5 + 10 connections,
// 30 s, no recycling, no pre-ping. One thing differs: the connection that came
// back last is lent first (LIFO, SQLAlchemy's pool_use_lifo), so that few stay
// warm and the others can age out; callers still wait in order of arrival.
//
//   - Shape: a zero field means its default. fmt, JSON, slog and YAML mask the
//     password of the URL. None can where a Config sits in an unexported field of
//     another struct, nor does fmt for %p, which go vet refuses.
type Config struct {
	// Base lists the models. Nil is for an engine that runs raw SQL only.
	Base *Base

	// URL names the database: postgres://user:password@host:port/name, with
	// postgresql:// and SQLAlchemy's postgresql+asyncpg:// accepted as they are, or
	// libpq's keyword form, host=… user=… password='…' dbname=…. A Unix socket is
	// postgres:///name?host=/run/postgresql, several hosts are host1:port,host2:port,
	// tried in order; target_session_attrs=read-write picks the primary. Parameters
	// are libpq's (sslmode, connect_timeout, service, application_name …) and
	// asyncpg's ssl; an unknown one is an error. Special characters of user and
	// password are percent-encoded. What is missing comes from libpq's environment
	// variables (PGPASSWORD …), the service file and ~/.pgpass. Without sslmode TLS
	// is used where the server offers it, as with libpq; give verify-full outside
	// of private networks. Required.
	URL string

	// PasswordFunc is asked for the password, or the token that stands for one, of
	// each new connection; where the server refuses it, once more a moment later, in
	// case it was being changed. It is called from several goroutines, and its
	// context ends with ConnectTimeout. Give no password in URL then. Default nil.
	PasswordFunc func(ctx context.Context) (string, error)

	// AfterConnect prepares each new connection, with SET for example, and runs
	// again whenever raw SQL has made the pool reset the connection. Its context
	// ends with ConnectTimeout; its error fails the attempt to connect. It must
	// leave no transaction open. Not with Pooler, behind which a session belongs to
	// many clients. Default nil.
	AfterConnect func(ctx context.Context, conn *pgconn.PgConn) error

	// PoolSize is how many connections are kept. Default 5. Range 1 and more, or
	// -1 for no limit.
	PoolSize int

	// MaxOverflow is how many more are opened under load. Default 10 where
	// PoolSize is 0 as well; with a PoolSize given it is taken as written and 0 is
	// none. Range 0 and more, or -1 for no limit.
	MaxOverflow int

	// PoolTimeout bounds the wait for a connection. Default 30 s.
	PoolTimeout time.Duration

	// OutageTimeout is how long, within PoolTimeout, a caller sits out an outage of
	// the database in which no connection can be opened. Default 0: it gets the
	// error of the first attempt that fails.
	OutageTimeout time.Duration

	// HeldLimit is the time after which a connection that one unit of work still
	// holds is logged as a warning, with the route and the stack of its borrower. It
	// costs each loan one to eight microseconds. Default 0, never.
	HeldLimit time.Duration

	// Recycle is the age after which a connection is replaced before its next
	// use, up to 10 % earlier. Default 0, never.
	Recycle time.Duration

	// PrePing asks a connection that was idle for 30 s for a sign of life before
	// it is used. Dead sockets are noticed without it, at no round trip.
	PrePing bool

	// Lender lends connections in place of Retort's own pool; URL and everything
	// about connecting and the pool are left out then: see [LendFrom]. What a pool
	// promises is the lender's: docs/guides/beside.md has the list. Default nil.
	Lender Lender

	// Clock makes the times of columns that the program stamps: [AppTimestamps] and
	// [ColumnDef.ClockOnInsert]. It is called from many goroutines, once for each
	// flush that needs it. Default time.Now.
	Clock func() time.Time

	// Echo logs every statement to Logger at level INFO.
	Echo bool

	// EchoParams adds parameter values to what Echo logs. They may be secrets:
	// [ColumnDef.Secret] hides those of a column.
	EchoParams bool

	// Logger receives echo, warnings and errors. Default: none are logged.
	Logger *slog.Logger

	// RepeatLimit reports a query that one session sends that often from one line of
	// the program: to Logger, and to an Observer that is a [RepeatObserver]. It costs
	// a look at the stack for each read; from 5 on only for those that the session
	// sent before. Default 0, never. Range 2 or more.
	RepeatLimit int

	// Observer is told of every flight, and of more where it has the methods;
	// tracing and metrics hang on it. Default nil.
	Observer Observer

	// PgxTracer is a tracer written for pgx, told of each statement as if pgx's
	// Query had run it. What differs: the statements of a flight, BEGIN and COMMIT
	// among them, begin and end together, as they travel; Args are empty unless
	// EchoParams is on; the *pgx.Conn is there to be looked at and must not be
	// used. Of its other methods only those of a pgx.ConnectTracer are called.
	// Default nil.
	PgxTracer pgx.QueryTracer

	// Background is how many functions of [Engine.Go] run at once. Default 16. Range 1
	// to 10,000.
	Background int

	// RetryBudget is how many repetitions of repeatable functions are in reserve for
	// the whole engine. Each costs one; each unit of work that commits gives one
	// back, and so does time, ten a second. A storm of collisions then cannot
	// multiply the load. Default 100. Range 1 to 1,000,000, or -1 for no bound.
	RetryBudget int

	// Hooks are called by every session, in this order. Default none.
	Hooks []Hooks

	// Pooler is for a database behind a transaction-mode pooler such as
	// PgBouncer: no prepared statements, no session state, no AfterConnect. Engines
	// without it log a warning where they find a pooler.
	Pooler bool

	// Outcomes has each unit of work that writes leave a row in this table, in the
	// round trip of its COMMIT, so that a lost answer to COMMIT is found out: see
	// [NewOutcomes]. Finding out takes CommitTimeout at most, again. The table belongs
	// into Base. Default nil: a lost answer is an [ErrCommitUnknown].
	Outcomes *Outcomes

	// Rehearse runs every repeatable function twice, as a test's way to find those
	// that must not be repeated: first in a session that is flushed and rolled back,
	// then as ever. A second run that fails, or that changes another number of rows,
	// is an [ErrNotRepeatable]. Default off.
	Rehearse bool

	// ConnectTimeout bounds the connection attempt to each host. Default what
	// connect_timeout in the URL or PGCONNECT_TIMEOUT says, else 10 s.
	ConnectTimeout time.Duration

	// CommitTimeout bounds the wait for the answer to COMMIT, which does not end
	// with the caller's context. Default 10 s.
	CommitTimeout time.Duration

	// Deadlines says which work tells the server how much time its context has left.
	// The limits ride along with BEGIN, 250 ms longer than the context, and never
	// loosen what the role, TxOptions or the fields below say. A context without a
	// deadline costs nothing. Default [DeadlinesOfTransactions].
	Deadlines Deadlines

	// StatementTimeout, LockTimeout and IdleTransactionTimeout bound one statement,
	// one wait for a lock, and the time that an open transaction lies idle, after which
	// the server ends the connection. Each connection is opened with them, and a reset
	// brings them back; with Pooler or Lender, where connections belong to others, each
	// transaction is, reads on their own included. TxOptions say otherwise for one unit
	// of work; migrations have limits of their own. Whole milliseconds. Default 0, what
	// the server has for the role.
	StatementTimeout, LockTimeout, IdleTransactionTimeout time.Duration
}

// validate reports every setting that cannot be.
func (c *Config) validate() error {
	var errs []error
	problem := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("retort: Config.%s: "+format, append([]any{field}, args...)...))
	}
	if c.PoolSize < -1 {
		problem("PoolSize", "is %d; give the number of connections to keep, 0 for 5 or -1 for unlimited", c.PoolSize)
	}
	if c.MaxOverflow < -1 {
		problem("MaxOverflow", "is %d; give the number of extra connections, 0 for none or -1 for unlimited", c.MaxOverflow)
	}
	if c.Background < 0 || c.Background > maxBackground {
		problem("Background", "is %d; give 1 to 10000 functions at once, or 0 for %d", c.Background, defaultBackground)
	}
	if c.RetryBudget < -1 || c.RetryBudget > maxRetryBudget {
		problem("RetryBudget", "is %d; give 1 to 1000000 repetitions, 0 for %d or -1 for no bound", c.RetryBudget, defaultRetryBudget)
	}
	for _, d := range []struct {
		field string
		have  time.Duration
		zero  string
	}{
		{"PoolTimeout", c.PoolTimeout, "30 s"},
		{"OutageTimeout", c.OutageTimeout, "the error at once"},
		{"HeldLimit", c.HeldLimit, "never"},
		{"Recycle", c.Recycle, "never"},
		{"ConnectTimeout", c.ConnectTimeout, "10 s"},
		{"CommitTimeout", c.CommitTimeout, "10 s"},
	} {
		if d.have < 0 {
			problem(d.field, "is %s; give a positive duration, or 0 for %s", d.have, d.zero)
		}
	}
	errs = append(errs, c.Deadlines.check(), c.checkLimits())
	if c.AfterConnect != nil && c.Pooler {
		problem("AfterConnect", "is set but Pooler is on, and behind a pooler other clients would get the settings; use ALTER ROLE … SET")
	}
	if c.RepeatLimit < 0 || c.RepeatLimit == 1 {
		problem("RepeatLimit", "is %d; give 2 or more, or 0 to count nothing", c.RepeatLimit)
	}
	if c.EchoParams && !c.Echo {
		problem("EchoParams", "is on but Echo is off; turn Echo on, too")
	}
	if u, err := splitURL(c.URL); err == nil && u.password != "" && c.PasswordFunc != nil {
		problem("PasswordFunc", "is set but URL has a password, too; remove one of them")
	}
	if c.Echo && c.Logger == nil {
		problem("Logger", "is nil but Echo is on; give a *slog.Logger to echo to")
	}
	if c.Lender != nil && c.connects() {
		problem("Lender", "is set, so that its pool connects; leave out URL and the settings of the pool and of connecting")
	}
	return errors.Join(errs...)
}

// masked is what every print of a Config shows.
type masked struct {
	URL            string
	PoolSize       int
	MaxOverflow    int
	PoolTimeout    time.Duration
	Recycle        time.Duration
	PrePing        bool
	Echo           bool
	EchoParams     bool
	Pooler         bool
	ConnectTimeout time.Duration
	CommitTimeout  time.Duration
}

func (c Config) masked() masked {
	return masked{
		URL: maskURL(c.URL), PoolSize: c.PoolSize, MaxOverflow: c.MaxOverflow, PoolTimeout: c.PoolTimeout,
		Recycle: c.Recycle, PrePing: c.PrePing, Echo: c.Echo, EchoParams: c.EchoParams, Pooler: c.Pooler,
		ConnectTimeout: c.ConnectTimeout, CommitTimeout: c.CommitTimeout,
	}
}

// String prints the settings without the password.
func (c Config) String() string { return fmt.Sprintf("retort.Config%+v", c.masked()) }

// Format prints as String, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, c.String()) }

// LogValue gives slog the settings without the password.
func (c Config) LogValue() slog.Value { return slog.AnyValue(c.masked()) }

// MarshalJSON writes the settings without the password.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.masked()) }

// MarshalText gives YAML, XML and their like the settings without the password.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
