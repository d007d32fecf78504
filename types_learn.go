package retort

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
)

// learnSQL asks which OIDs the types have that the program registered, $1, and
// what the types are called whose OIDs have come, $2. Enums and texts (category
// S) may stay nameless: they are sent as their text, and any string holds them.
const learnSQL = `/* retort:types */ SELECT w.name, t.oid::bigint, t.typarray::bigint
FROM pg_catalog.unnest($1::text[]) AS w(name)
LEFT JOIN pg_catalog.pg_type t ON t.oid = pg_catalog.to_regtype(w.name)
UNION ALL
SELECT CASE t.typname WHEN 'hstore' THEN 'hstore' ELSE pg_catalog.format_type(t.oid, NULL) END, t.oid::bigint, 0
FROM pg_catalog.unnest($2::bigint[]) AS c(oid)
JOIN pg_catalog.pg_type t ON t.oid = c.oid::pg_catalog.oid
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
WHERE coalesce(e.typtype, t.typtype) NOT IN ('e', 'd') AND coalesce(e.typcategory, t.typcategory) <> 'S'`

// learnTimeout bounds the question: a request may wait for it.
const learnTimeout = 5 * time.Second

// learn asks the database for types that the models or results named and whose
// OIDs only it knows: when a connection was opened, and before the next use of one
// when a result had a type that is new. A failure is not the caller's: decoders work
// without, and a server that does not answer is not waited for longer than for a
// connection.
func (e *Engine) learn(ctx context.Context, c *flight.Conn) {
	catalog := e.models.catalog
	if !catalog.Wants() || c.Broken() || c.TxStatus() != 'I' {
		return
	}
	unknown, ok := catalog.Take()
	if !ok {
		return // somebody else does
	}
	ctx, cancel := context.WithTimeout(ctx, learnTimeout)
	defer cancel()
	names, missing := mapper.TypeNames{}, []string(nil)
	var args mapper.Args
	_, err := mapper.AppendText(&args, catalog.Registered())
	if err == nil {
		_, err = mapper.AppendText(&args, unknown)
	}
	for i, v := range args.Values {
		if v == nil {
			args.Values[i] = []byte("{}")
		}
	}
	if err == nil {
		st := flight.Statement{SQL: learnSQL, Args: args.Values, Formats: args.Formats, Row: func(_ []flight.Field, values [][]byte) error {
			name := string(values[0])
			if values[1] == nil {
				missing = append(missing, name)
				return nil
			}
			for i, suffix := range []string{"", "[]"} {
				if v := values[i+1]; len(v) == 8 && binary.BigEndian.Uint64(v) != 0 {
					names[uint32(binary.BigEndian.Uint64(v))] = name + suffix
				}
			}
			return nil
		}}
		err = c.Fly(ctx, &flight.Flight{Statements: []flight.Statement{st}})
	}
	if err != nil {
		if c.Broken() || ctx.Err() != nil {
			catalog.Again()
		}
		e.log.DebugContext(ctx, "retort: the types of the database were not learned; values of them are taken for what the models say", "error", err)
		return
	}
	catalog.Learn(names, missing)
}

// explainMissing adds the registered types that are not there. What is missing may
// have been made since, so the next use of a connection asks again.
func (e *Engine) explainMissing(err error) error {
	if len(e.models.catalog.Registered()) > 0 {
		e.models.catalog.Again()
	}
	if missing := e.models.missingTypes(); missing != "" {
		return fmt.Errorf("%w; %s; see docs/errors.md#missing-type", err, missing)
	}
	return err
}

// missingTypes is what to do about registered types that the database did not
// have when it was asked; "" when there are none.
func (m *models) missingTypes() string {
	missing := m.catalog.Missing()
	if len(missing) == 0 {
		return ""
	}
	var hints []string
	for _, name := range missing {
		hints = append(hints, fmt.Sprintf("%s (%s)", name, m.remedies[name]))
	}
	return "types that the Base lists and the database does not have: " + strings.Join(hints, ", ")
}
