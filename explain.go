package retort

import (
	"context"
	"fmt"
	"strings"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/query"
)

// ExplainOption says how [Explain] looks at a statement.
type ExplainOption func(*explaining)

type explaining struct{ analyze bool }

// Analyze runs the statement and shows what it took, row counts and buffers. What
// it changed is undone by a savepoint; what it did outside of the transaction, such
// as taking numbers of a sequence, stays.
func Analyze() ExplainOption { return func(e *explaining) { e.analyze = true } }

// explainable is a [Query], a [Selection], a bulk write, or [SQL].
type explainable interface {
	statement(s *Session) (query.Statement, error)
}

// Explain returns the server's plan of a query, selection, bulk write or SQL of your
// own as text.
//
//   - Shape: one round trip. Without [Analyze] the statement does not run; with it
//     the session opens its transaction and undoes the statement there.
//   - Errors: what is wrong with the statement; raw SQL that has no plan, such as
//     CREATE TABLE, is the server's syntax error.
func Explain(ctx context.Context, s *Session, of explainable, options ...ExplainOption) (string, error) {
	if s == nil {
		return "", errNoSession
	}
	var e explaining
	for _, option := range options {
		option(&e)
	}
	st, err := of.statement(s)
	if err != nil {
		return "", err
	}
	if err := s.ready(); err != nil {
		return "", err
	}
	defer s.leave()
	label, sql, _ := strings.Cut(st.SQL, "*/ ")
	// In brackets even without an option: raw SQL cannot begin with one of its own then.
	prefix := "EXPLAIN (FORMAT TEXT) "
	if e.analyze {
		prefix = "EXPLAIN (ANALYZE, BUFFERS) "
	}
	st.SQL = label + "*/ " + prefix + sql
	var lines []string
	row := func(_ []flight.Field, values [][]byte) error {
		lines = append(lines, string(values[0]))
		return nil
	}
	t := trip{reset: func() { lines = nil }, readOnly: !e.analyze}
	reads := []flight.Statement{statement(st, row)}
	if e.analyze {
		t.opens = true
		reads = []flight.Statement{
			{SQL: "/* retort:explain */ SAVEPOINT retort_explain"},
			reads[0],
			{SQL: "/* retort:explain */ ROLLBACK TO SAVEPOINT retort_explain"},
			{SQL: "/* retort:explain */ RELEASE SAVEPOINT retort_explain"},
		}
	}
	if err := s.readTrip(ctx, t, reads...); err != nil {
		if st.Raw {
			err = explainRaw(err, len(st.Values))
		}
		return "", err
	}
	return strings.Join(lines, "\n"), nil
}

func (q *Query[T]) statement(s *Session) (query.Statement, error) { return q.core().statement(s) }

func (q *rowQuery) statement(s *Session) (query.Statement, error) {
	sel, _, err := q.prepare(s, "explain")
	if err != nil {
		return query.Statement{}, err
	}
	return sel.Rows()
}

func (x *Selection[R]) statement(s *Session) (query.Statement, error) { return x.core().statement(s) }

func (x *selection) statement(s *Session) (query.Statement, error) {
	p, err := x.prepare(s, "explain")
	if err != nil {
		return query.Statement{}, err
	}
	return p.st, nil
}

func (u *Update[T]) statement(s *Session) (query.Statement, error) { return u.core().statement(s) }

func (d *Delete[T]) statement(s *Session) (query.Statement, error) { return d.core().statement(s) }

func (b *bulk) statement(s *Session) (query.Statement, error) {
	w, err := b.build(s)
	if err != nil {
		return query.Statement{}, err
	}
	return query.Read(w, s.world(), "explain")
}

func (in *Insert[T]) statement(s *Session) (query.Statement, error) { return in.core().statement(s) }

func (in *insertion) statement(s *Session) (query.Statement, error) {
	form, err := in.build(s)
	if err != nil {
		return query.Statement{}, fmt.Errorf("retort: Explain: %w", err)
	}
	return query.Read(form, s.world(), "explain")
}

func (r Raw[T]) statement(s *Session) (query.Statement, error) {
	sql, encoded, err := s.rawText(r.sql, r.args)
	if err != nil {
		return query.Statement{}, err
	}
	return query.Statement{SQL: "/* retort:explain */ " + sql, Values: encoded.Values, Formats: encoded.Formats, Effects: query.Effects{Raw: true}}, nil
}
