package retort

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/query"
	"github.com/retort-go/retort/internal/unitofwork"
)

// Isolation is how much a transaction sees of others.
type Isolation string

// The isolation levels; the zero value is the server's default, which is READ
// COMMITTED unless somebody changed it.
const (
	DefaultIsolation Isolation = ""
	ReadCommitted    Isolation = "READ COMMITTED"
	RepeatableRead   Isolation = "REPEATABLE READ"
	Serializable     Isolation = "SERIALIZABLE"
)

// TxOptions says what kind of transaction a session runs, and how often it may
// be repeated.
type TxOptions struct {
	// Isolation of the transaction. At READ COMMITTED, reads before the first
	// write run one by one and hold no connection in between.
	Isolation Isolation

	// ReadOnly makes every change an error.
	ReadOnly bool

	// Deferrable waits for a safe snapshot; for read-only serializable reports.
	Deferrable bool

	// Repeatable says that the function may run again from its start, on a fresh
	// session. [Run] takes it for granted.
	Repeatable bool

	// SkipOutcome leaves out the row of Config.Outcomes: a lost answer to COMMIT is
	// [ErrCommitUnknown] then.
	SkipOutcome bool

	// MaxAttempts bounds the runs of a repeatable function, the first one among
	// them. Default 6. Range 1 to 100.
	MaxAttempts int

	// Role runs the transaction with the rights of another role, as SET LOCAL ROLE
	// does. Default "", the role of the connection.
	Role string

	// Settings hold for the transaction and no longer, as SET LOCAL says it: a
	// tenant for row-level security ("app.tenant"), work_mem. They travel with
	// BEGIN, as parameters. The map is not copied. Default none.
	Settings map[string]string

	// NoAutoflush leaves pending changes where they are when the session reads or
	// runs raw SQL: Flush, Commit and Savepoint write them, and whatever hands the
	// transaction out. Relations that are read meanwhile hold what the flush will make
	// of them. Default off, a session reads its own writes.
	NoAutoflush bool

	// Filters are conditions that every query of the session carries: a tenant.
	// See [Session.Filter]. Default none.
	Filters []Filter

	// StatementTimeout, LockTimeout and IdleTimeout bound one statement, one wait
	// for a lock, and the time that the open transaction lies idle between two round
	// trips, after which the server ends the connection. Whole milliseconds.
	// Default 0, what the connection has.
	StatementTimeout, LockTimeout, IdleTimeout time.Duration
}

// Session is one unit of work: the objects it loaded, one for each row, the
// changes made to them, and the transaction that writes them. Nothing is
// written before Flush, Commit or the next query.
//
//   - Errors: a call on a nil Session says so, by a panic where it returns no error,
//     as [Session.Add] does.
//   - Concurrency: one goroutine at a time; a second one gets [ErrConcurrentUse].
//   - Cleanup: [Session.Close]; [Run] and package web do it.
type Session struct {
	eng     *Engine
	opts    TxOptions
	invalid error // what is wrong with opts

	settings *flight.Statement // sets what opts ask for, behind BEGIN; nil: nothing
	path     string            // the search_path among them
	deadline time.Time         // of the unit of work, for the server; zero: none
	told     time.Time         // when the server was last told of it, in this transaction

	// busy guards everything below but what says otherwise.
	busy atomic.Int32 // free, inCall, inIter, inRows or inHook

	unit unitofwork.Unit

	filters    []query.Filter
	unfiltered error // why a filter could not be made; no query runs then

	misuse []error // of calls that return no error
	failed error   // why the session can only be rolled back; nil if it is well
	closed bool

	// stray is a call that was refused and could not say so; any goroutine.
	stray atomic.Pointer[error]

	// abandoned: Close came while another goroutine was in a call, which closes
	// the session when it is through; any goroutine.
	abandoned atomic.Bool

	lease  loan
	since  time.Time     // when lease began, where somebody looks
	cause  error         // why the session is about to be closed without Commit
	flight flight.Flight // the one under way, here to save an allocation
	open   bool          // a transaction is open on lease
	depth  int           // savepoints of Savepoint that are open
	wrote  bool          // and it has something to lose

	reads readCount // where somebody counts

	joined *joint // the transaction of somebody else that it works in; nil for its own
	beside beside

	hooks   []Hooks                       // the engine's and its own; the engine's array is shared
	hooking bool                          // a hook runs; see lendToHook
	behind  bool                          // what runs does so behind COMMIT
	after   []func(context.Context) error // of AfterCommit
	nested  int                           // calls of RunIn that are under way
	work    []unitofwork.Told             // written in the open transaction, where a hook wants it

	// overdue are the ends of Savepoint and RunIn that found the session in use;
	// any goroutine.
	overdue atomic.Pointer[overdue]

	rows  atomic.Pointer[opened] // what holds busy at inRows; any goroutine
	sqlDB atomic.Pointer[sql.DB] // see SQLDB; any goroutine
}

// Session starts a unit of work at READ COMMITTED. It does no I/O.
//
//   - Cleanup: [Session.Close].
func (e *Engine) Session() *Session { return e.SessionWith(TxOptions{}) }

// SessionWith starts a unit of work with options. It does no I/O.
//
//   - Errors: options that cannot be are returned by the session's first call.
//   - Cleanup: [Session.Close].
func (e *Engine) SessionWith(opts TxOptions) *Session {
	opts.within(&e.limits)
	s := &Session{eng: e, opts: opts, invalid: opts.validate(), unit: unitofwork.Unit{Clock: e.clock}, hooks: e.hooks}
	if opts.scoped() && s.invalid == nil {
		s.settings, s.invalid = opts.settings()
		s.path = opts.path()
	}
	if err := s.filter(opts.Filters); err != nil && s.invalid == nil {
		s.invalid = err
	}
	return s
}

func (o TxOptions) validate() error {
	switch o.Isolation {
	case DefaultIsolation, ReadCommitted, RepeatableRead, Serializable:
	default:
		return fmt.Errorf("retort: TxOptions.Isolation: %q is none of READ COMMITTED, REPEATABLE READ, SERIALIZABLE", string(o.Isolation))
	}
	if o.MaxAttempts < 0 || o.MaxAttempts > 100 {
		return fmt.Errorf("retort: TxOptions.MaxAttempts is %d; give 1 to 100, or 0 for %d", o.MaxAttempts, defaultAttempts)
	}
	return nil
}

// resolve finds the model of an object.
func (s *Session) resolve(call string, object any) (*model.Table, mapper.Object, error) {
	t := reflect.TypeOf(object)
	if t == nil || t.Kind() != reflect.Pointer {
		return nil, mapper.Object{}, fmt.Errorf("retort: %s: got %T; pass a pointer to a model, as in &Book{}", call, object)
	}
	compiled, ok := s.eng.models.byType[t.Elem()]
	if !ok {
		return nil, mapper.Object{}, fmt.Errorf("retort: %s: %s is not a model of this engine's Base; list its table in NewBase", call, t.Elem())
	}
	o, ok := compiled.Plan.ObjectOf(object)
	if !ok {
		return nil, mapper.Object{}, fmt.Errorf("retort: %s: got a nil %T", call, object)
	}
	if compiled.StandIn.Any() == object {
		return nil, mapper.Object{}, fmt.Errorf("retort: %s: got the stand-in C of a table, which names columns and is no row; pass a %s of your own", call, t.Elem())
	}
	return compiled, o, nil
}

// misused returns what calls without an error result did wrong.
func (s *Session) misused() error {
	errs := s.misuse
	if s.invalid != nil {
		errs = append([]error{s.invalid}, errs...)
	}
	if stray := s.stray.Load(); stray != nil {
		errs = append([]error{*stray}, errs...)
	}
	return errors.Join(errs...)
}

// Add makes objects pending: the next flush inserts them. A client-made key is
// set at once; server-made fields are zero until their flight is back. It does
// no I/O.
//
//   - Errors: misuse, such as an object of no model, is returned by the next flush
//     or commit.
func (s *Session) Add(objects ...any) { s.each("Add", objects, (*unitofwork.Unit).Add) }

// Delete marks objects of this session for deletion by the next flush. It does
// no I/O.
//
//   - Errors: misuse is returned by the next flush or commit.
func (s *Session) Delete(objects ...any) { s.each("Delete", objects, (*unitofwork.Unit).Delete) }

func (s *Session) each(call string, objects []any, do func(*unitofwork.Unit, *model.Table, mapper.Object) error) {
	if !s.claim() {
		return
	}
	defer s.leave()
	for _, object := range objects {
		t, o, err := s.resolve(call, object)
		switch {
		case err != nil:
		case s.behind && (call == "Add" || call == "Delete"):
			err = fmt.Errorf("retort: %s of %s in a function of AfterCommit: nobody would commit it; begin a unit of work there, with Run", call, t.Type)
		default:
			err = do(&s.unit, t, o)
		}
		if err != nil {
			s.misuse = append(s.misuse, err)
		}
	}
}

// strayed remembers a refusal that has nowhere to go.
func (s *Session) strayed(err error) { s.stray.Store(&err) }

// ReadOnly tells whether the session refuses changes.
func (s *Session) ReadOnly() bool {
	s.mustBe()
	return s.opts.ReadOnly
}

// State tells what the session knows of an object, in SQLAlchemy's words:
// transient (unknown to it), pending (added), persistent (has a row), deleted (by
// a flush of the open transaction), detached (has a row, but the session let it
// go: after Rollback, Close, or the Commit of its deletion). It does no I/O.
//
//   - Shape: an object that Rollback robbed of its row is transient again. After
//     [ErrCommitUnknown] all are detached.
//   - Errors: misuse is returned by the next flush or commit.
func (s *Session) State(object any) string {
	s.mustBe()
	if err := s.enter(); err != nil && !errors.Is(err, ErrSessionClosed) {
		s.strayed(err)
		return unitofwork.Transient.String()
	} else if err == nil {
		defer s.leave()
	}
	_, o, err := s.resolve("State", object)
	if err != nil {
		return unitofwork.Transient.String()
	}
	return s.unit.Status(o).String()
}

// Close rolls back what was not committed and gives the connection back.
//
//   - Errors: [ErrConcurrentUse], [ErrIterOpen] or [ErrRowsOpen] when a call is
//     under way on another goroutine, or a loop over an iterator; that one closes
//     the session when it ends. Rows that lie open are closed.
//   - Concurrency: safe to call again; the second call does nothing.
func (s *Session) Close(ctx context.Context) error {
	if s == nil {
		return errNoSession
	}
	s.abandoned.Store(true)
	if o := s.rows.Load(); o != nil {
		o.abandon()
	}
	if err := s.enter(); err != nil {
		if errors.Is(err, ErrSessionClosed) {
			return nil
		}
		return err
	}
	if s.hooking {
		s.leave()
		return ErrInHook
	}
	defer s.busy.Store(free)
	s.end(ctx)
	return nil
}

// end is Close for the holder of busy; it may come twice.
func (s *Session) end(ctx context.Context) {
	if !s.closed {
		s.rollback(ctx, s.cause)
		s.closed = true
		s.closeSQL()
		if s.joined != nil {
			s.lease, s.open = loan{}, false
		}
	}
}
