package ddl

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// Using says how the program uses one table.
//
//   - Shape: Left has one element for each column: an INSERT leaves it to the
//     database. Reads tells whether the Go field of a column can hold values of the
//     type oid.
type Using struct {
	ReadOnly bool
	Left     []bool
	Reads    func(column int, oid uint32) bool
}

// Verify looks for everything in the database that does not do for s, unmanaged
// tables included: missing tables and columns, other types, NULL where the model
// has none or the other way round, columns that no INSERT would fill, missing
// unique rules and foreign keys, other enum values. It changes nothing.
//
//   - Shape: using has one element for each table of s. Types of unmanaged tables
//     may differ as long as the Go field can hold them; views and foreign
//     tables have no rules to look for. Names of constraints, checks, plain indexes and
//     defaults are not compared: that is [CreateAll]'s.
//   - Errors: [*VerifyError]; else what the server said.
//   - Concurrency: one goroutine, one transaction at REPEATABLE READ or above.
func Verify(ctx context.Context, q Querier, s *schema.Schema, using []Using) error {
	v := &verification{q: q, s: s, using: using, tables: make([]verified, len(s.Tables))}
	for _, step := range []func(context.Context) error{v.readColumns, v.readTypes, v.readUniques, v.readForeignKeys} {
		if len(s.Tables) == 0 {
			break
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := v.enums(ctx); err != nil {
		return err
	}
	for i := range s.Tables {
		v.table(i)
	}
	if len(v.found) > 0 {
		return &VerifyError{Mismatches: v.found}
	}
	return nil
}

// verification is one run of Verify.
type verification struct {
	q      Querier
	s      *schema.Schema
	using  []Using
	tables []verified        // what the database has for each table of s
	types  map[string]string // the OID of each type of the models, "0" for none
	found  []Mismatch
}

// verified is a table as the database has it; an empty kind is none.
type verified struct {
	kind        string
	columns     []verifiedColumn
	uniques     []verifiedUnique
	foreignKeys []verifiedForeignKey
}

type verifiedColumn struct {
	name, typ            string
	oid, basic           string // of the type, and of the one below a domain
	notNull, fills, made bool
}

type verifiedUnique struct {
	partial bool
	columns string // sorted, as JSON
}

type verifiedForeignKey struct {
	target string // index of a table of s, empty for another
	pairs  string // "own other", sorted, as JSON
}

// rows runs a query over the values of its list.
func (v *verification) rows(ctx context.Context, sql, name, list string, add func(row []string)) error {
	rows, err := v.q.Query(ctx, verifyLabel+strings.ReplaceAll(sql, name, list))
	if err != nil {
		return fmt.Errorf("retort: Verify: read the catalog: %w", err)
	}
	for _, row := range rows {
		add(row)
	}
	return nil
}

// values is a list of rows (key, text) for a VALUES.
func values(texts []string) string {
	var b sqltext.Builder
	for i, text := range texts {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("('" + strconv.Itoa(i) + "', ")
		b.Literal(text)
		b.WriteString(")")
	}
	return b.String()
}

// asked are the tables of s as the program's own statements name them.
func (v *verification) asked() string {
	names := make([]string, len(v.s.Tables))
	for i := range v.s.Tables {
		names[i] = relation(&v.s.Tables[i])
	}
	return values(names)
}

// at is the table that a row is about.
func (v *verification) at(row []string) *verified {
	i, err := strconv.Atoi(row[0])
	if err != nil || i >= len(v.tables) {
		return &verified{}
	}
	return &v.tables[i]
}

func (v *verification) readColumns(ctx context.Context) error {
	return v.rows(ctx, verifyColumnsSQL, "{tables}", v.asked(), func(row []string) {
		t := v.at(row)
		if t.kind = row[1]; row[2] != "" {
			t.columns = append(t.columns, verifiedColumn{
				name: row[2], typ: row[3], oid: row[4], basic: row[5],
				notNull: row[6] == "true", fills: row[7] == "true", made: row[8] == "true",
			})
		}
	})
}

func (v *verification) readTypes(ctx context.Context) error {
	v.types = make(map[string]string)
	var texts []string
	for i := range v.s.Tables {
		for c := range v.s.Tables[i].Columns {
			if text := typeText(v.s.Tables[i].Columns[c].Type, v.s.Enums); !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return v.rows(ctx, verifyTypesSQL, "{types}", values(texts), func(row []string) {
		if i, err := strconv.Atoi(row[0]); err == nil && i < len(texts) {
			v.types[texts[i]] = row[1]
		}
	})
}

func (v *verification) readUniques(ctx context.Context) error {
	return v.rows(ctx, verifyUniquesSQL, "{tables}", v.asked(), func(row []string) {
		t := v.at(row)
		t.uniques = append(t.uniques, verifiedUnique{partial: row[1] == "true", columns: compact(row[2])})
	})
}

func (v *verification) readForeignKeys(ctx context.Context) error {
	return v.rows(ctx, verifyForeignKeysSQL, "{tables}", v.asked(), func(row []string) {
		t := v.at(row)
		t.foreignKeys = append(t.foreignKeys, verifiedForeignKey{target: row[1], pairs: compact(row[2])})
	})
}

// compact brings a JSON list of texts into Go's own spelling and order.
func compact(text string) string {
	var names []string
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return text
	}
	return list(names)
}

func list(names []string) string {
	text, err := json.Marshal(slices.Sorted(slices.Values(names)))
	if err != nil {
		return err.Error() // texts always marshal
	}
	return string(text)
}
