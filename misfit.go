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
	if code == "42P10" && failed.Statement >= 0 && failed.Statement < len(t.statements) {
		return explainConflict(t.statements[failed.Statement].SQL, err)
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

// explainConflict says how a partial unique index is named, which the server takes
// for no index at all where its condition is missing.
func explainConflict(sql string, err error) error {
	if !strings.HasPrefix(sql, "/* retort:") || !strings.Contains(sql, "ON CONFLICT (") {
		return err
	}
	return fmt.Errorf("retort: OnConflict: %w; the columns need a unique rule that is about them alone; one that holds for some rows only "+
		"is named with its condition: .OnConflict(…).Where(…).DoUpdateAll()", err)
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
