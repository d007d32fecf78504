package pgerr_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/pgerr"
)

// TestSyntaxErrorsOfValuesDoNotQuoteThem: the server calls a tsquery that is none an
// error of syntax, as if it was about the statement.
func TestSyntaxErrorsOfValuesDoNotQuoteThem(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"tsquery.c", "tsvector_parser.c", "jsonpath_scan.l", "jsonpath_gram.y", "hstore_io.c", "ltree_io.c"} {
		err := pgerr.Wrap(&pgconn.PgError{Severity: "ERROR", Code: "42601", File: file, Message: `syntax error in tsquery: "` + secret + `"`})
		if pgerr.KindOf(err) != pgerr.BadValue || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %s, %v", file, pgerr.KindOf(err), err)
		}
	}
	err := pgerr.Wrap(&pgconn.PgError{Severity: "ERROR", Code: "42601", File: "scan.l", Message: `syntax error at or near "FORM"`})
	if pgerr.KindOf(err) != pgerr.Other || !strings.Contains(err.Error(), "FORM") {
		t.Errorf("of a statement: %v", err)
	}
}
