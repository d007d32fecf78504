package flight

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// request is one thing asked of the server, in the order of the answers.
type request struct {
	kind      requestKind
	index     int       // in Flight.Statements; AtSettings; -1 for all others
	statement *prepared // for askParse and named askRun
}

type requestKind uint8

const (
	askClose requestKind = iota
	askParse
	askRun
	askSync
)

// binary is the one format code that stands for all parameters or all results.
var binary = []int16{1}

var errOutOfStep = errors.New("the server's answers do not fit the requests")

// exchange writes the flight in one go and reads all of its answers into the trip.
func (c *Conn) exchange(ctx context.Context) {
	t := &c.trip
	if c.wire != nil {
		c.wire.watch()
	}
	p := c.pg.StartPipeline(ctx)
	c.send(p)
	err := p.Flush()
	t.written = c.wire == nil || c.wire.written()
	if err == nil {
		err = c.receive(p)
	}
	if closing := p.Close(); err == nil && c.pg.IsClosed() {
		err = closing
	}
	if err != nil {
		t.lost(ctx, err)
	}
}

// send queues the flight: closings first, then the work, then the end.
func (c *Conn) send(p *pgconn.Pipeline) {
	f := c.trip.flight
	c.plan(f)
	for _, name := range c.registry.closing {
		p.SendDeallocate(name)
		c.requests = append(c.requests, request{kind: askClose, index: -1})
	}
	if f.Begin != "" {
		c.run(p, &Statement{SQL: f.Begin, begins: true}, -1)
	}
	if f.Settings != nil {
		c.run(p, f.Settings, AtSettings)
	}
	for i := range f.Statements {
		c.run(p, &f.Statements[i], i)
	}
	c.sync(p)
	if f.End != Stay {
		c.trip.end = len(c.requests)
		c.run(p, &Statement{SQL: endSQL(f.End)}, -1)
		c.sync(p)
	}
}

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
		c.planned = append(c.planned, c.registry.use(f.Begin, nil, c.flights))
	}
	if f.Settings != nil {
		c.planned = append(c.planned, c.registry.use(f.Settings.SQL, f.Settings.OIDs, c.flights))
	}
	for i := range f.Statements {
		c.planned = append(c.planned, c.registry.use(f.Statements[i].SQL, f.Statements[i].OIDs, c.flights))
	}
	if f.End != Stay {
		c.planned = append(c.planned, c.registry.use(endSQL(f.End), nil, c.flights))
	}
	c.registry.evict(c.flights)
	c.next = 0
}

// run asks for one statement in the cheapest form that is right for it.
func (c *Conn) run(p *pgconn.Pipeline, s *Statement, index int) {
	formats := s.Formats
	if formats == nil {
		formats = binary
	}
	var stmt *prepared
	if !c.cfg.Pooler {
		stmt = c.planned[c.next]
		c.next++
	}
	if c.trip.unnamed {
		p.SendQueryParams(s.sent(), s.Args, s.OIDs, formats, binary)
		c.requests = append(c.requests, request{kind: askRun, index: index})
		c.noteRaw(s)
		return
	}
	if stmt.description == nil && !stmt.sent {
		stmt.sent = true
		p.SendPrepare(stmt.name, s.sent(), stmt.oids)
		c.requests = append(c.requests, request{kind: askParse, index: index, statement: stmt})
	}
	switch {
	case stmt.description == nil, s.Raw, c.trip.end > 0:
		// The server describes the result: it has not yet told us; or the text
		// (FETCH, CALL) may have another result each time; or a Sync lies before,
		// after which pgx 5.12.0 pairs results with the wrong descriptions when a
		// statement was skipped.
		p.SendQueryPrepared(stmt.name, s.Args, formats, binary)
	default:
		p.SendQueryStatement(stmt.description, s.Args, formats, binary)
	}
	c.requests = append(c.requests, request{kind: askRun, index: index})
	c.noteRaw(s)
}

// noteRaw remembers what the user's own SQL may have done to the session.
func (c *Conn) noteRaw(s *Statement) {
	if !s.Raw {
		return
	}
	effect := rawEffect(s.SQL)
	c.trip.mayCommit = c.trip.mayCommit || effect == rawCommit
	if c.cfg.Pooler {
		return
	}
	c.dirty = true
	switch effect {
	case rawPoison:
		c.mustClose = true
	case rawForget:
		c.mustClose = true
		// Names sent behind it would not be found.
		c.trip.unnamed = true
		c.trip.deallocated = true
	}
}

func (c *Conn) sync(p *pgconn.Pipeline) {
	p.SendPipelineSync()
	c.requests = append(c.requests, request{kind: askSync, index: -1})
}

// receive reads the answers in the order of the requests. It returns the failure
// of the connection; what the server says goes into the trip.
func (c *Conn) receive(p *pgconn.Pipeline) error {
	t := &c.trip
	for at := 0; at < len(c.requests); at++ {
		r := &c.requests[at]
		t.at = at
		result, err := p.GetResults()
		if err == nil {
			err = c.accept(r, result)
		}
		if err != nil {
			if c.pg.IsClosed() {
				return err
			}
			t.refused(r, err)
			// The server skips everything up to the next Sync, and so does pgx.
			for c.requests[at].kind != askSync {
				at++
			}
			// An error at the Sync itself (autocommit) leaves its answer to come.
			at--
			continue
		}
		t.answered++
		if r.kind == askSync {
			t.synced(c.pg.TxStatus())
		}
	}
	return nil
}

// accept takes one good answer, and every row of it.
func (c *Conn) accept(r *request, result any) error {
	switch result := result.(type) {
	case *pgconn.StatementDescription:
		result.Name, result.SQL = r.statement.name, r.statement.sql
		r.statement.description = result
	case *pgconn.ResultReader:
		return c.read(r, result)
	case nil:
		// pgx has no more requests queued although we do: only after a failure.
		return errOutOfStep
	}
	return nil
}

func (c *Conn) read(r *request, rr *pgconn.ResultReader) error {
	t := &c.trip
	var s *Statement
	if r.index >= 0 && t.rowErr == nil {
		s = &t.flight.Statements[r.index]
	}
	came := false
	if s != nil && s.Row != nil {
		fields := rr.FieldDescriptions()
		for rr.NextRow() {
			came = true
			if err := s.Row(fields, rr.Values()); err != nil {
				t.rowErr, t.rowAt = err, r.index
				break // Close reads the rest
			}
		}
	}
	tag, err := rr.Close()
	if err != nil {
		return err
	}
	if s != nil && s.Empty != nil && !came && len(rr.FieldDescriptions()) > 0 {
		if err := s.Empty(rr.FieldDescriptions()); err != nil {
			t.rowErr, t.rowAt = err, r.index
		}
	}
	t.ran(r, tag)
	return nil
}
