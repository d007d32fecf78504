package retort

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/pool"
)

// Engine owns the connections to one database and the compiled models. It is
// lazy: the first statement opens the first connection.
//
//   - Concurrency: safe for many goroutines; one per database and process.
//   - Cleanup: [Engine.Close].
type Engine struct {
	pool        *pool.Pool[*flight.Conn] // nil where lend is not
	lend        *lending
	fly         flight.Config
	base        *Base
	models      *models
	log         *slog.Logger
	hooks       []Hooks
	retries     retryBudget
	echo        echo
	twice       bool // Config.Rehearse
	deadlines   Deadlines
	limits      TxOptions // of every transaction, where connections cannot have them
	witness     *witness  // nil without Config.Outcomes
	watch       Observer
	told        observers
	repeatLimit int
	tracer      pgx.QueryTracer
	seen        atomic.Bool // somebody looks: an observer, the echo, a tracer or a tally
	pooler      poolerSigns
	clock       func() time.Time // of columns that the program stamps; nil is time.Now
	background  *background
	scans       sync.Map // of scanned to *mapper.Scan, for raw SQL and selections
}

// Open compiles the models, checks every setting and returns an engine. It
// connects to nothing.
//
//   - Errors: all problems at once, joined, each naming the field or the model.
//   - Cleanup: [Engine.Close].
func Open(cfg Config) (*Engine, error) {
	problems := []error{cfg.validate()}
	whole, err := cfg.target()
	problems = append(problems, err)
	conn := &whole.Config
	if err == nil && cfg.Lender == nil {
		problems = append(problems, cfg.startUp(conn.RuntimeParams))
	}
	base := cfg.Base
	if base == nil {
		base = NewBase()
	}
	compiled, err := compileBase(base)
	problems = append(problems, err)
	var w *witness
	if cfg.Outcomes != nil && err == nil {
		w, err = cfg.Outcomes.witness(compiled)
		problems = append(problems, err)
	}
	if err := numbered("Open", problems...); err != nil {
		return nil, err
	}
	e := &Engine{
		witness: w,

		base: base, models: compiled, hooks: slices.Clone(cfg.Hooks), background: newBackground(cmp.Or(cfg.Background, defaultBackground)),
		retries: retryBudget{most: float64(cmp.Or(cfg.RetryBudget, defaultRetryBudget))}, log: cfg.Logger, watch: cfg.Observer, repeatLimit: cfg.RepeatLimit, tracer: cfg.PgxTracer,
		echo: echo{on: cfg.Echo, params: cfg.EchoParams}, clock: cfg.Clock, twice: cfg.Rehearse, deadlines: cfg.Deadlines, limits: cfg.perTransaction(),
		fly: flight.Config{
			Plans: new(flight.Plans),
			Conn:  conn, Password: cfg.PasswordFunc, AfterConnect: cfg.AfterConnect,
			Pooler: cfg.Pooler, Tracer: cfg.PgxTracer,
			CommitTimeout: cfg.CommitTimeout, ConnectTimeout: cmp.Or(cfg.ConnectTimeout, conn.ConnectTimeout),
		},
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.log = slog.New(e.LogHandler(e.log.Handler()))
	if cfg.Lender != nil {
		e.lend = newLending(cfg.Lender)
		e.look()
		return e, nil
	}
	e.fly.Pgx, e.fly.Drain = whole, !cfg.Pooler
	if host, found := plainHost(cfg.URL, conn); found {
		e.log.Warn("retort: Config.URL says nothing about TLS, so a connection may fall back to plain text; add ?sslmode=verify-full, or sslmode=disable where that is meant", "host", host)
	}
	e.pool, err = pool.New(e.poolConfig(cfg))
	if err != nil {
		return nil, fmt.Errorf("retort: Open: %w", err)
	}
	e.look()
	return e, nil
}

func (e *Engine) poolConfig(cfg Config) pool.Config[*flight.Conn] {
	return pool.Config[*flight.Conn]{
		Open:       e.connect,
		Close:      closeConn,
		Soon:       func(err error) bool { return pgerr.Code(err) == "57P03" }, // the database system is starting up
		Alive:      (*flight.Conn).Alive,
		Ping:       e.ping,
		NeedsReset: (*flight.Conn).Dirty,
		Reset:      func(ctx context.Context, c *flight.Conn) error { return c.Reset(ctx) },
		Size:       cfg.PoolSize,
		Overflow:   cfg.MaxOverflow,
		Timeout:    cfg.PoolTimeout,
		Patience:   cfg.OutageTimeout,
		CloseGrace: closeGrace,
		HeldLimit:  cfg.HeldLimit,
		Who:        routeOf,
		Recycle:    cfg.Recycle,
		PrePing:    cfg.PrePing,
		OnEvent:    e.poolEvent,
	}
}

func (e *Engine) connect(ctx context.Context) (*flight.Conn, error) {
	start := time.Now()
	c, err := flight.Connect(ctx, &e.fly)
	e.logConnect(ctx, time.Since(start), err)
	if err != nil {
		e.pooler.refused(e.log, err)
		return nil, err
	}
	if !e.fly.Pooler && c.BehindPooler() {
		e.pooler.found(e.log)
	}
	e.ready(ctx, c) // here, so that no request waits for it
	return c, nil
}

// closeGrace is how long a connection that does not close keeps its place. One
// that is sound takes a fraction of a millisecond.
const closeGrace = 100 * time.Millisecond

// closeTimeout bounds the polite end of a connection; it runs on a goroutine
// that nobody waits for but Close.
const closeTimeout = 2 * time.Second

func closeConn(c *flight.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = c.Close(ctx) // nobody is left to hear that the farewell failed
}

// Ping makes one round trip to the database. Observer and echo are not told.
//
//   - Errors: as of any first statement: [*pgerr.ConnectError],
//     [*pool.TimeoutError], a context error.
func (e *Engine) Ping(ctx context.Context) error {
	lease, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	err = lease.Resource().Ping(ctx)
	e.release(lease, err)
	if err != nil {
		return fmt.Errorf("retort: ping: %w", e.explain(err))
	}
	return nil
}

// Stats is a snapshot of the pool. With Config.Lender only InUse is known.
func (e *Engine) Stats() pool.Stats {
	if e.lend != nil {
		return e.lend.stats()
	}
	return e.pool.Stats()
}

// Close waits for the functions of [Engine.Go], which can use the engine
// meanwhile; then it stops lending connections, waits for the borrowed ones and
// closes all. It waits until ctx ends at most.
//
//   - Errors: how many functions still ran and how many connections were still in
//     use when ctx ended. With the context of a function of [Engine.Go], which it would
//     wait for, it does nothing.
//   - Concurrency: safe to call more than once and from several goroutines.
func (e *Engine) Close(ctx context.Context) error {
	if ctx.Value(backgroundKey{}) == e {
		return errors.New("retort: Close in a function of Engine.Go, which Close would wait for; tell whoever serves to end")
	}
	late := e.background.close(ctx)
	var err error
	if e.lend != nil {
		err = e.lend.close(ctx)
	} else {
		err = e.pool.Close(ctx)
	}
	if late == nil {
		return err
	}
	return errors.Join(late, err)
}

// Address is where an engine's database is.
//
//   - Shape: Host is a name, an address or the folder of a Unix socket; empty, as
//     is Port, where the URL names several hosts.
type Address struct {
	Host     string
	Port     int
	Database string
}

// Address says where the database is, as the URL has it; nothing with
// Config.Lender, which does not tell.
func (e *Engine) Address() Address {
	conn := e.fly.Conn
	for _, other := range conn.Fallbacks { // the same host with and without TLS is one
		if other.Host != conn.Host || other.Port != conn.Port {
			return Address{Database: conn.Database}
		}
	}
	return Address{Host: conn.Host, Port: int(conn.Port), Database: conn.Database}
}

// String names the database, without the password.
func (e *Engine) String() string {
	if e.lend != nil {
		return "retort.Engine(on lent connections)"
	}
	at := e.fly.Conn
	return "retort.Engine(" + net.JoinHostPort(at.Host, strconv.Itoa(int(at.Port))) + "/" + at.Database + ")"
}

// Format prints as String, whatever the verb: the fields hold the password.
func (e *Engine) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, e.String()) }

// LogValue gives slog the name of the database.
func (e *Engine) LogValue() slog.Value { return slog.StringValue(e.String()) }

// acquire borrows a connection.
func (e *Engine) acquire(ctx context.Context) (loan, error) {
	if e.lend != nil {
		return e.lend.acquire(ctx, e.fly)
	}
	lease, err := e.pool.Acquire(ctx)
	if errors.Is(err, pool.ErrClosed) {
		err = ErrEngineClosed
	}
	return loan{Lease: lease}, err
}

// release gives a connection back. A broken one is closed, and with it every idle
// one that is as old, when the server said that it goes away, the network lost it,
// or its server takes no writes any more. (An operator's pg_terminate_backend looks
// like the first; then the others are replaced for nothing.)
func (e *Engine) release(lease loan, err error) {
	if lease.lent != nil {
		e.noticed(lease.lent.conn, err)
		e.lend.release(lease.lent)
		return
	}
	c := lease.Resource()
	if c.LostStatement(err) {
		e.pooler.lost(e.log, err)
	}
	e.noticed(c, err)
	switch {
	case c.Condemned() != nil:
		lease.Invalidate(c.Condemned())
	case !c.Broken() && !c.MustClose() && (c.TxStatus() == 'I' || c.Draining()):
		lease.Release() // what is draining is brought to rest by the pool's reset
	case c.Broken() && (serverLeft(err) || networkLost(err)):
		lease.Invalidate(err)
	default:
		lease.Discard(err)
	}
}

// serverLeft tells the end of a server from that of one connection (25P03, 25P04
// and 57P05 are time limits of a session).
func serverLeft(err error) bool {
	switch pgerr.Code(err) {
	case "57P01", "57P02", "57P03", "57P04":
		return true
	default:
		return false
	}
}

// networkLost tells a connection that ended by itself from one that was closed
// because its caller's time was up, by what it did, or by a pooler, which says so with
// an SQLSTATE and means this client.
func networkLost(err error) bool {
	return pgerr.KindOf(err) == pgerr.Connection && pgerr.Code(err) == ""
}

// noticed keeps an error that says something of the server, until the connection
// comes back: what goes past the flights, or back to a savepoint, ends well then.
func (e *Engine) noticed(c *flight.Conn, err error) {
	if demoted(c, err) {
		c.Condemn(err)
	}
}

// demoted tells a server that takes no writes from a transaction that was begun
// READ ONLY, which fails with the same SQLSTATE. Servers report both settings
// whenever they change, so nothing is asked.
func demoted(c *flight.Conn, err error) bool {
	return pgerr.KindOf(err) == pgerr.ReadOnly &&
		(c.ParameterStatus("in_hot_standby") == "on" || c.ParameterStatus("default_transaction_read_only") == "on")
}

// ping asks for a sign of life, and with target_session_attrs in the URL for the
// role, in the same round trip.
func (e *Engine) ping(ctx context.Context, c *flight.Conn) error {
	fits := e.fly.Conn.ValidateConnect
	if fits == nil {
		return c.Ping(ctx)
	}
	err := fits(ctx, c.PgConn())
	if _, ok := errors.AsType[*pgconn.NotPreferredError](err); ok {
		return nil // better than none
	}
	return err
}

// logConnect logs on behalf of whoever the connection was opened for.
func (e *Engine) logConnect(ctx context.Context, after time.Duration, err error) {
	switch {
	case err == nil:
		e.log.DebugContext(ctx, "retort: connection opened", "after", after)
	case errors.Is(err, context.Canceled) && ctx.Err() != nil: // and not by PasswordFunc or AfterConnect
		// The pool closes, and nobody waits for this connection any more.
		e.log.DebugContext(ctx, "retort: connecting was given up", "after", after)
	default:
		e.log.ErrorContext(ctx, "retort: connecting failed", "error", err, "after", after)
	}
}

// poolEvent logs what an operator wants to know of; connects log themselves.
func (e *Engine) poolEvent(event pool.Event) {
	if e.told.connections != nil {
		e.told.connections.PoolEvent(event)
	}
	switch event.Kind {
	case pool.EventInvalidated:
		e.log.Warn("retort: idle connections are replaced", "cause", event.Err)
	case pool.EventMisused:
		e.log.Error("retort: defect in the pool's use", "event", event.Kind.String())
	case pool.EventPanicked:
		attrs := []any{"event", event.Kind.String(), "error", event.Err}
		if p, ok := errors.AsType[*pool.PanicError](event.Err); ok {
			attrs = append(attrs, "stack", string(p.Stack)) // the function may be PasswordFunc or AfterConnect
		}
		e.log.Error("retort: defect in the pool's use", attrs...)
	case pool.EventHeld:
		e.log.Warn("retort: a connection is held for long; see docs/errors.md#held", "route", event.Holder, "held", event.Duration, "stack", event.Stack)
	case pool.EventClosed:
		attrs := []any{"reason", event.Reason.String(), "age", event.Duration}
		if event.Err != nil {
			attrs = append(attrs, "error", event.Err)
		}
		e.log.Debug("retort: connection closed", attrs...)
	}
}
