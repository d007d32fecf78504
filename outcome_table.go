package retort

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/pgerr"
)

// witness writes and reads outcome rows.
type witness struct {
	table string // as the model names it
	name  string // the same, quoted
	texts atomic.Pointer[outcomeTexts]
}

// outcomeTexts are the statements with the table's namespace. A name without one
// means another table where a transaction has a search_path of its own, or made a
// temporary table: its row would be there, and the fence would not find it.
type outcomeTexts struct{ insert, fence string }

func outcomeTextsFor(table string) *outcomeTexts {
	into := "INSERT INTO " + table + " (" + sqltext.Ident("id") + ", " + sqltext.Ident("committed") + ") VALUES ($1, "
	return &outcomeTexts{
		insert: "/* retort:outcome.insert */ " + into + "true)",
		// The update of a row that is there makes this transaction wait for the same
		// standbys as the lost one.
		fence: "/* retort:outcome.fence */ " + into + "false) ON CONFLICT (" + sqltext.Ident("id") + ") DO UPDATE SET " +
			sqltext.Ident("at") + " = clock_timestamp() RETURNING " + sqltext.Ident("committed"),
	}
}

// outcomeTableSQL asks in which namespace a plain name finds the table.
const outcomeTableSQL = `/* retort:outcome.table */ SELECT n.nspname::pg_catalog.text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = pg_catalog.to_regclass($1)`

// ready is asked of each connection that was borrowed for Retort's own statements:
// what only the database knows is learned, once.
func (e *Engine) ready(ctx context.Context, c *flight.Conn) {
	e.learn(ctx, c)
	e.witness.locate(ctx, c)
}

// located is for a unit of work that has no connection yet: its flight is made up
// before one is there. It takes a connection only until the table is known.
func (e *Engine) located(ctx context.Context) error {
	if e.witness.texts.Load() != nil {
		return nil
	}
	lease, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	e.witness.locate(ctx, lease.Resource())
	e.release(lease, nil)
	return nil
}

// locate asks for the table's namespace, unless it is known: once in the engine's
// life, when its first connection is opened, and again as long as there is no such table. A
// failure is not the caller's: without the answer a lost COMMIT stays unknown.
func (w *witness) locate(ctx context.Context, c *flight.Conn) {
	if w == nil || w.texts.Load() != nil || c.Broken() || c.TxStatus() != 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, learnTimeout)
	defer cancel()
	_ = c.Fly(ctx, &flight.Flight{Statements: []flight.Statement{{
		SQL: outcomeTableSQL, Args: [][]byte{[]byte(w.name)}, OIDs: []uint32{pgtype.TextOID},
		Row: func(_ []flight.Field, values [][]byte) error {
			w.texts.Store(outcomeTextsFor(sqltext.Ident(string(values[0])) + "." + sqltext.Ident(w.table)))
			return nil
		},
	}}})
}

// outcome is the row that rides with a COMMIT.
type outcome struct {
	id    uuid.UUID
	at    time.Time     // wall time: the process may be halted
	texts *outcomeTexts // of the table that it is in
	sure  bool          // which is the same for everybody
}

// attest makes an outcome, and the statement that puts its row in.
func (w *witness) attest() (*outcome, flight.Statement, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, flight.Statement{}, fmt.Errorf("retort: no id for the outcome: %w", err)
	}
	o := &outcome{id: id, at: time.Now().Round(0), texts: w.texts.Load()}
	if o.sure = o.texts != nil; !o.sure {
		o.texts = outcomeTextsFor(w.name)
	}
	return o, outcomeStatement(o.texts.insert, id, nil), nil
}

// resolves tells whether the outcome row can say what became of a flight. It cannot
// where the transaction had ended before: the row was stored without it.
func (o *outcome) resolves(failed *flight.Error) bool {
	return o != nil && o.sure && failed.Outcome == flight.Unknown && !errors.Is(failed.Err, flight.ErrEnded)
}

// explain is for a failure of the outcome row itself. A table that is not where it
// was is looked for anew.
func (w *witness) explain(err error) error {
	if code := pgerr.Code(err); code == "42P01" || code == "3F000" {
		w.texts.Store(nil)
	}
	if outcomeTableMissing(err) || pgerr.Code(err) == "25006" {
		return &OutcomeError{Table: w.table, Err: err}
	}
	return err
}

func outcomeStatement(sql string, id uuid.UUID, row func([]flight.Field, [][]byte) error) flight.Statement {
	return flight.Statement{SQL: sql, OIDs: []uint32{pgtype.UUIDOID}, Args: [][]byte{id.Bytes()}, Row: row}
}
