package flight

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// receive reads the answers in the order of the requests. It returns the failure
// of the connection; what the server says goes into the trip.
func (c *Conn) receive() error {
	t := &c.trip
	for at := 0; at < len(c.requests); at++ {
		r := &c.requests[at]
		t.at = at
		if err := c.answer(r); err != nil {
			if _, said := err.(*pgconn.PgError); !said || c.pg.IsClosed() { //nolint:errorlint // message unwraps
				return err
			}
			t.refused(r, err)
			c.copyOver.Store(true)
			// The server skips everything up to the next Sync.
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

// answer reads all that answers r, in the order that the protocol demands.
//
//   - Errors: a *pgconn.PgError on a connection that lives is the server's refusal.
//   - Source: PostgreSQL manual, Extended Query.
func (c *Conn) answer(r *request) error {
	switch r.kind {
	case askSync:
		_, err := await[*pgproto3.ReadyForQuery](c)
		return err
	case askClose:
		_, err := await[*pgproto3.CloseComplete](c)
		return err
	case askParse:
		return c.parsed(r.statement)
	case askParsed:
		if _, err := await[*pgproto3.ParseComplete](c); err != nil {
			return err
		}
	}
	if _, err := await[*pgproto3.BindComplete](c); err != nil {
		return err
	}
	c.trip.bound()
	if r.kind == askRun {
		return c.rows(r, r.statement.fields)
	}
	var err error
	if c.shown, err = c.description(c.shown[:0]); err != nil {
		return err
	}
	return c.rows(r, c.shown)
}

// message is the next one that answers a request, valid until the one behind it.
// pgconn keeps the state of the connection and passes on what the server says
// beside.
func (c *Conn) message() (pgproto3.BackendMessage, error) {
	for {
		msg, err := c.pg.ReceiveMessage(context.Background())
		if err != nil {
			if cause := errors.Unwrap(err); cause != nil {
				err = cause // without pgconn's word that all of this may be sent again
			}
			return nil, err
		}
		switch msg := msg.(type) {
		case *pgproto3.ParameterStatus, *pgproto3.NoticeResponse, *pgproto3.NotificationResponse:
		case *pgproto3.ErrorResponse:
			return nil, pgconn.ErrorResponseToPgError(msg)
		default:
			return msg, nil
		}
	}
}

// await is message for one kind of message.
func await[M pgproto3.BackendMessage](c *Conn) (M, error) {
	msg, err := c.message()
	if err != nil {
		return *new(M), err
	}
	m, ok := msg.(M)
	if !ok {
		return m, errOutOfStep
	}
	return m, nil
}

// parsed takes the description of a statement that is new to the server.
func (c *Conn) parsed(p *prepared) error {
	if _, err := await[*pgproto3.ParseComplete](c); err != nil {
		return err
	}
	if _, err := await[*pgproto3.ParameterDescription](c); err != nil {
		return err
	}
	fields, err := c.description(nil)
	if err != nil {
		return err
	}
	p.described, p.fields = true, fields
	return nil
}

// description appends the columns of a result, none where it has none.
func (c *Conn) description(fields []pgconn.FieldDescription) ([]pgconn.FieldDescription, error) {
	msg, err := c.message()
	if err != nil {
		return fields, err
	}
	switch msg := msg.(type) {
	case *pgproto3.NoData:
		return fields, nil
	case *pgproto3.RowDescription:
		fields = slices.Grow(fields, len(msg.Fields))
		for i := range msg.Fields {
			f := &msg.Fields[i]
			fields = append(fields, pgconn.FieldDescription{
				Name: string(f.Name), TableOID: f.TableOID, TableAttributeNumber: f.TableAttributeNumber,
				DataTypeOID: f.DataTypeOID, DataTypeSize: f.DataTypeSize, TypeModifier: f.TypeModifier,
				Format: allBinary[0], // all results are asked for in it
			})
		}
		return fields, nil
	default:
		return fields, errOutOfStep
	}
}

// rows takes the rows of one result and its tag.
func (c *Conn) rows(r *request, fields []pgconn.FieldDescription) error {
	t := &c.trip
	came := false
	for {
		msg, err := c.message()
		if err != nil {
			return err
		}
		switch msg := msg.(type) {
		case *pgproto3.DataRow:
			if len(msg.Values) != len(fields) {
				return errOutOfStep
			}
			came = true
			if s := t.reader(r); s != nil && s.Row != nil {
				t.mind(r, c.deliver(s, fields, msg.Values))
			}
		case *pgproto3.CommandComplete:
			if s := t.reader(r); s != nil && s.Empty != nil && !came && len(fields) > 0 {
				t.mind(r, s.Empty(fields))
			}
			t.ran(r, c.tag(r, msg.CommandTag))
			return nil
		case *pgproto3.CopyInResponse:
			if r.index < 0 || t.flight.Statements[r.index].Copy == nil {
				return errOutOfStep
			}
		case *pgproto3.EmptyQueryResponse:
			t.ran(r, pgconn.CommandTag{})
			return nil
		default:
			return errOutOfStep
		}
	}
}

// deliver hands out a row. Its receiver may hold the pgx connection that ours was
// made of, and finds it busy.
func (c *Conn) deliver(s *Statement, fields []pgconn.FieldDescription, values [][]byte) error {
	if !c.adopted {
		return s.Row(fields, values)
	}
	busy := c.pg.StartPipeline(context.Background())
	defer busy.Close() //nolint:errcheck // it sent nothing
	return s.Row(fields, values)
}

// tag makes the command's tag of its text, the same as last time mostly.
func (c *Conn) tag(r *request, text []byte) pgconn.CommandTag {
	p := r.statement
	if p == nil {
		return pgconn.NewCommandTag(string(text))
	}
	if p.tag.String() != string(text) {
		p.tag = pgconn.NewCommandTag(string(text))
	}
	return p.tag
}
