package retort

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/unitofwork"
	"github.com/retort-go/retort/pool"
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

	// MaxAttempts bounds the runs of a repeatable function. Default 5. Range 1 to
	// 100.
	MaxAttempts int
}

// Session is one unit of work: the objects it loaded, one for each row, the
// changes made to them, and the transaction that writes them. Nothing is
// written before Flush, Commit or the next query.
//
//   - Concurrency: one goroutine at a time; a second one gets [ErrConcurrentUse].
//   - Cleanup: [Session.Close]; [Run] and package web do it.
type Session struct {
	eng  *Engine
	opts TxOptions
	unit *unitofwork.Unit

	// busy guards everything else: 0 free, 1 in a call, 2 inside an iterator.
	busy   atomic.Int32
	misuse []error // of calls that return no error
	stray  atomic.Pointer[error] // a call that was refused and could not say so

	lease  pool.Lease[*flight.Conn]
	open   bool // a transaction is open on lease
	failed bool // it can only be rolled back
	closed bool
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
	s := &Session{eng: e, opts: opts, unit: unitofwork.New()}
	if err := opts.validate(); err != nil {
		s.misuse = append(s.misuse, err)
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

const (
	free = iota
	inCall
	inIter
)

// enter claims the session for one call; leave gives it up.
func (s *Session) enter() error {
	if !s.busy.CompareAndSwap(free, inCall) {
		if s.busy.Load() == inIter {
			return ErrIterOpen
		}
		return ErrConcurrentUse
	}
	if s.closed {
		s.leave()
		return ErrSessionClosed
	}
	return nil
}

func (s *Session) leave() { s.busy.Store(free) }

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
	return compiled, o, nil
}

// ready is enter for calls that need a healthy session.
func (s *Session) ready() error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.failed {
		s.leave()
		return ErrSessionFailed
	}
	return nil
}

// misused returns what calls without an error result did wrong.
func (s *Session) misused() error {
	if stray := s.stray.Load(); stray != nil {
		return *stray
	}
	return errors.Join(s.misuse...)
}

// Add makes objects pending: the next flush inserts them. A client-made key is
// set at once; server-made fields are zero until their flight is back. It does
// no I/O.
//
//   - Errors: misuse, such as an object of no model, is returned by the next flush
//     or commit.
func (s *Session) Add(objects ...any) { s.each("Add", objects, s.unit.Add) }

// Delete marks objects of this session for deletion by the next flush. It does
// no I/O.
//
//   - Errors: misuse is returned by the next flush or commit.
func (s *Session) Delete(objects ...any) { s.each("Delete", objects, s.unit.Delete) }

func (s *Session) each(call string, objects []any, do func(*model.Table, mapper.Object) error) {
	if err := s.enter(); err != nil {
		s.stray.Store(&err)
		return
	}
	defer s.leave()
	for _, object := range objects {
		t, o, err := s.resolve(call, object)
		if err == nil {
			err = do(t, o)
		}
		if err != nil {
			s.misuse = append(s.misuse, err)
		}
	}
}

// ReadOnly tells whether the session refuses changes.
func (s *Session) ReadOnly() bool { return s.opts.ReadOnly }

// State tells what the session knows of an object: transient, pending,
// persistent, deleted or detached, in SQLAlchemy's words. It does no I/O.
func (s *Session) State(object any) string {
	if err := s.enter(); err != nil {
		return unitofwork.Detached.String()
	}
	defer s.leave()
	_, o, err := s.resolve("State", object)
	if err != nil {
		return unitofwork.Transient.String()
	}
	return s.unit.Status(o).String()
}

// Close rolls back what was not committed and gives the connection back.
//
//   - Errors: of the rollback, which is also logged; the connection is given up
//     either way.
//   - Concurrency: safe to call again; the second call does nothing.
func (s *Session) Close(ctx context.Context) error {
	if err := s.enter(); err != nil {
		if errors.Is(err, ErrSessionClosed) {
			return nil
		}
		return err
	}
	defer s.leave()
	err := s.rollback(ctx)
	s.closed = true
	return err
}
