package retort

import (
	"fmt"
	"strings"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/pgerr"
)

// explainMisfit says which model a statement that Retort built is about, where
// the server did not know a table or a column of it.
func (s *Session) explainMisfit(t *trip, failed *flight.Error, err error) error {
	code := pgerr.Code(err)
	if failed.Statement >= 0 && failed.Statement < len(t.statements) {
		if call, hint := refusal(code, t.statements[failed.Statement].SQL); hint != "" {
			return fmt.Errorf("retort: %s: %w; %s", call, err, hint)
		}
	}
	if code != "42703" && code != "42P01" || failed.Statement < 0 || failed.Statement >= len(t.statements) ||
		t.raw && failed.Statement == len(t.statements)-1 {
		return err
	}
	var about []string
	for _, table := range s.eng.models.tables {
		if concerns(t, failed.Statement, table) {
			about = append(about, fmt.Sprintf("%q (%s)", table.Name(), table.Type))
		}
	}
	if len(about) == 0 {
		return err // SQL of the program's own inside a query
	}
	return fmt.Errorf("retort: table %s: %w; the database does not fit the model: run the migrations, or CreateAll for a new table, "+
		"and see Engine.Verify, which lists every difference; see docs/errors.md#column-mismatch", strings.Join(about, ", "), err)
}

// refusal says what to do about SQL that Retort built as it was asked to by a call,
// and that the server does not take; "" for other SQL.
func refusal(code, sql string) (call, hint string) {
	has := func(part string) bool { return strings.Contains(sql, part) }
	switch {
	case !strings.HasPrefix(sql, "/* retort:"):
		return "", ""
	case code == "42P10" && has("ON CONFLICT ("):
		return "OnConflict", "the columns need a unique rule that is about them alone; one that holds for some rows only " +
			"is named with its condition: .OnConflict(…).Where(…).DoUpdateAll()"
	case code == "42P10" && has("SELECT DISTINCT ON"):
		return "DistinctOn", "begin OrderBy with the same columns"
	case code == "42P10" && has("SELECT DISTINCT"):
		return "Distinct", "order by what is read only; for another order use GroupBy and an aggregate, such as retort.Min"
	case code == "42803" && (has("\nGROUP BY") || has("\nHAVING")):
		return "GroupBy", "All, First and Iter read whole rows, which the primary key alone can group: .GroupBy(&c.ID); " +
			"read what is grouped, and aggregates, by retort.Select or retort.Values"
	case code == "42803":
		return "an aggregate", "read it by retort.Select or retort.Values, and ask about it in Having"
	case code == "0A000" && has("\nFOR "):
		return "ForUpdate and its like", "they lock rows of tables: none with Distinct, GroupBy, aggregates, windows or Union, and of a LeftJoin those of the " +
			"first table, by retort.LockOf(c); ask by retort.InQuery or retort.Exists in place of these"
	default:
		return "", ""
	}
}

// concerns tells whether a statement is about a table.
func concerns(t *trip, statement int, table *model.Table) bool {
	if groups := t.work.Groups(); statement < len(groups) {
		return groups[statement].Table == table
	}
	for _, word := range []string{"FROM ", "JOIN "} {
		for rest := t.statements[statement].SQL; ; {
			_, after, found := strings.Cut(rest, word+table.SQLName())
			if !found {
				break
			}
			if after == "" || strings.ContainsAny(after[:1], " \n)") {
				return true
			}
			rest = after
		}
	}
	return false
}
