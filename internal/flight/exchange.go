package flight

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgproto3"
)

// request is one thing asked of the server, in the order of the answers.
type request struct {
	kind      requestKind
	index     int       // in Flight.Statements; AtSettings; -1 for all others
	statement *prepared // for askParse and for askRun by name
}

type requestKind uint8

const (
	askClose  requestKind = iota
	askParse              // and describe the statement
	askRun                // what was parsed and described before
	askShow               // run, but the result is described anew
	askParsed             // parse without a name, and askShow
	askSync
)

// exchange writes the flight in one go and reads all of its answers into the trip.
func (c *Conn) exchange(ctx context.Context) {
	t := &c.trip
	c.watch.begin(ctx, t.flight.End == Commit, c.cfg.CommitTimeout)
	if c.wire != nil {
		c.wire.watch()
	}
	c.plan(t.flight)
	copies := t.flight.copies()
	var err error
	if copies {
		err = c.shipCopy()
	} else {
		err = c.ship()
	}
	t.written = c.wire == nil || c.wire.written()
	if err == nil && !copies {
		t.shipped = true
		err = c.receive()
	}
	left := err != nil && c.leave(ctx, err)
	c.watch.end((err == nil || left) && !c.pg.IsClosed())
	if err != nil && !left {
		c.giveUp()
	}
	if err != nil {
		t.lost(ctx, err)
	}
}

// quietBytes is what a connection at rest takes in without waiting for its reader:
// the smallest buffer of a socket that we know, macOS's for Unix sockets.
const quietBytes = 8 << 10

// ship writes the flight.
//
// The server answers while we write. When both directions are full, both sides
// wait for ever; so pgconn's flush sets a timer, which wakes a thread each time,
// and reads on a goroutine when writing takes long. What fits into the socket's
// buffer cannot get there: the server had answered everything before.
func (c *Conn) ship() error {
	if c.direct && c.weight() <= quietBytes {
		var err error
		if c.out, err = c.compose(c.out[:0]); err != nil {
			return err
		}
		_, err = c.pg.Conn().Write(c.out)
		return err
	}
	c.pg.Frontend().Send(cargo{c})
	p := c.pg.StartPipeline(context.Background())
	err := p.Flush()
	_ = p.Close() // an empty one; err is its error
	return err
}

// cargo is a flight as a message of pgproto3, composed right into its buffer.
type cargo struct{ c *Conn }

func (cargo) Frontend()                           {}
func (cargo) Decode([]byte) error                 { return errOutOfStep }
func (m cargo) Encode(dst []byte) ([]byte, error) { return m.c.compose(dst) }

var _ pgproto3.FrontendMessage = cargo{}

// giveUp leaves a connection that failed to pgconn, which cancels what the server
// may still be doing, says goodbye and closes, on a goroutine of its own. A pipeline
// without its Sync is the way to ask for that.
func (c *Conn) giveUp() {
	if c.pg.IsClosed() {
		return
	}
	p := c.pg.StartPipeline(context.Background())
	p.SendFlushRequest()
	_ = p.Close()
}

var errOutOfStep = errors.New("the server's answers do not fit the requests")

func endSQL(e End) string {
	if e == Commit {
		return commitSQL
	}
	return rollbackSQL
}

// plan looks up every statement before the first is sent, so that what must make
// room is known and is never a statement of this flight.
func (c *Conn) plan(f *Flight) {
	c.trip.unnamed = c.cfg.Pooler
	clear(c.planned)
	c.planned = c.planned[:0]
	if c.cfg.Pooler {
		return
	}
	if f.Begin != "" {
		c.planned = append(c.planned, c.registry.use(text{sql: f.Begin}, nil, c.flights))
	}
	if f.Settings != nil {
		c.planned = append(c.planned, c.registry.use(text{sql: f.Settings.SQL}, f.Settings.OIDs, c.flights))
	}
	for i := range f.Statements {
		c.planned = append(c.planned, c.registry.use(text{f.Path, f.Statements[i].SQL}, f.Statements[i].OIDs, c.flights))
	}
	if f.End != Stay {
		c.planned = append(c.planned, c.registry.use(text{sql: endSQL(f.End)}, nil, c.flights))
	}
	c.registry.evict(c.flights)
	c.next = 0
}
