package flight

import (
	"slices"

	"github.com/jackc/pgx/v5/pgproto3"
)

// allBinary is the one format code that stands for all parameters or all results.
var allBinary = []int16{1}

// weight is about how many bytes the flight has; plan has run.
func (c *Conn) weight() int {
	f := c.trip.flight
	n := 128
	for i := range f.Statements {
		n += f.Statements[i].weight()
	}
	if f.Settings != nil {
		n += f.Settings.weight()
	}
	if c.cfg.Pooler {
		for i := range f.Statements {
			n += len(f.Statements[i].SQL) + 64
		}
	}
	for _, p := range c.planned {
		if !p.described {
			n += len(p.sql) + 4*len(p.oids) + 64
		}
	}
	for _, name := range c.registry.closing {
		n += len(name) + 16
	}
	return n
}

func (s *Statement) weight() int {
	n := 64 + 2*len(s.Formats)
	for _, arg := range s.Args {
		n += len(arg) + 4
	}
	return n
}

// composer appends messages to a buffer and notes what answers they ask for.
type composer struct {
	c   *Conn
	out []byte
	err error
}

// compose appends the flight: closings first, then the work, then the end.
func (c *Conn) compose(dst []byte) ([]byte, error) {
	f := c.trip.flight
	m := composer{c: c, out: slices.Grow(dst, c.weight())}
	for _, name := range c.registry.closing {
		m.add((&pgproto3.Close{ObjectType: 'S', Name: name}).Encode(m.out))
		m.ask(askClose, -1, nil)
	}
	if f.Begin != "" {
		c.opening = Statement{SQL: f.Begin, begins: true}
		m.run(&c.opening, -1)
	}
	if f.Settings != nil {
		m.run(f.Settings, AtSettings)
	}
	for i := range f.Statements {
		m.run(&f.Statements[i], i)
	}
	if c.trip.joint = len(c.requests) > 0 && f.joint(); !c.trip.joint {
		m.sync()
	}
	if f.End != Stay {
		c.trip.end = len(c.requests)
		c.closing = Statement{SQL: endSQL(f.End)}
		m.run(&c.closing, -1)
		m.sync()
	}
	return m.out, m.err
}

// joint reports whether COMMIT stands before the one Sync of all. The server then
// answers in one piece, which spares both sides a system call and us a second
// wake-up; after an error it skips COMMIT, and ROLLBACK costs a trip of its own.
//
// Raw SQL may end the transaction itself. COMMIT in a place where none is open is
// no error, so the status at a Sync before it has to tell.
func (f *Flight) joint() bool {
	if f.End != Commit || f.Contested {
		return false
	}
	for i := range f.Statements {
		if f.Statements[i].Raw {
			return false
		}
	}
	return true
}

func (m *composer) add(out []byte, err error) {
	if err != nil {
		if m.err == nil {
			m.err = err
		}
		return
	}
	m.out = out
}

func (m *composer) ask(kind requestKind, index int, p *prepared) {
	m.c.requests = append(m.c.requests, request{kind: kind, index: index, statement: p})
}

// run asks for one statement in the cheapest form that is right for it.
func (m *composer) run(s *Statement, index int) {
	c := m.c
	formats := s.Formats
	if formats == nil {
		formats = allBinary
	}
	var p *prepared
	if !c.cfg.Pooler {
		p = c.planned[c.next]
		c.next++
	}
	switch {
	case c.trip.unnamed:
		m.add((&pgproto3.Parse{Query: s.sent(), ParameterOIDs: s.OIDs}).Encode(m.out))
		m.bind("", s.Args, formats)
		m.show()
		m.ask(askParsed, index, nil)
	default:
		if !p.described && !p.sent {
			p.sent = true
			m.add((&pgproto3.Parse{Name: p.name, Query: s.sent(), ParameterOIDs: p.oids}).Encode(m.out))
			m.add((&pgproto3.Describe{ObjectType: 'S', Name: p.name}).Encode(m.out))
			m.ask(askParse, index, p)
		}
		m.bind(p.name, s.Args, formats)
		if s.Raw { // one text (FETCH, CALL) may have another result each time
			m.show()
			m.ask(askShow, index, p)
		} else {
			m.ask(askRun, index, p)
		}
	}
	m.add((&pgproto3.Execute{}).Encode(m.out))
	if s.Copy != nil {
		c.trip.copy, c.trip.copyAt = s, len(m.out)
	}
	c.noteRaw(s)
}

func (m *composer) bind(name string, args [][]byte, formats []int16) {
	m.add((&pgproto3.Bind{
		PreparedStatement: name, ParameterFormatCodes: formats, Parameters: args, ResultFormatCodes: allBinary,
	}).Encode(m.out))
}

// show has the server describe the result.
func (m *composer) show() { m.add((&pgproto3.Describe{ObjectType: 'P'}).Encode(m.out)) }

func (m *composer) sync() {
	m.add((&pgproto3.Sync{}).Encode(m.out))
	m.ask(askSync, -1, nil)
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
