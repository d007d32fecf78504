package lint_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate/lint"
)

// said lists findings as line, rule and reason.
func said(findings []lint.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		text, _, _ := strings.Cut(f.String(), "\n")
		if f.Rule == "suppression" {
			b.WriteString(text + "\n")
			continue
		}
		b.WriteString(strings.Join(strings.Fields(text)[:4], " ") + " " + f.Reason + "\n")
	}
	return b.String()
}

func TestSuppressions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ up, want string }{
		"before_the_statement": {
			"-- lint:ignore drop-table: empty since May\nDROP TABLE t;", "line 2: danger drop-table: empty since May\n",
		},
		"behind_it_on_its_line": {
			"DROP TABLE t; -- lint:ignore drop-table: empty since May\nDROP TABLE u;",
			"line 1: danger drop-table: empty since May\nline 2: danger drop-table: \n",
		},
		"inside_it": {
			"DROP TABLE /* lint:ignore drop-table: empty since May */ t;", "line 1: danger drop-table: empty since May\n",
		},
		"several_rules": {
			"-- lint:ignore drop-table, cascade: a test's\nDROP TABLE t CASCADE;", "line 2: danger drop-table: a test's\nline 2: danger cascade: a test's\n",
		},
		"without_a_reason": {
			"-- lint:ignore drop-table\nDROP TABLE t;\n-- lint:ignore drop-table:\nDROP TABLE t;",
			"line 1: danger suppression: drop-table is left out without a reason\nline 2: danger drop-table: \n" +
				"line 3: danger suppression: drop-table is left out without a reason\nline 4: danger drop-table: \n",
		},
		"of_a_rule_that_is_not_there": {
			"-- lint:ignore drop-tables: why not\nDROP TABLE t;", "line 1: danger suppression: there is no rule \"drop-tables\" to leave out\nline 2: danger drop-table: \n",
		},
		"of_nothing": {
			"-- lint:ignore: why not\n-- lint:off\nANALYZE t;", "line 1: danger suppression: a suppression that names no rule\nline 2: danger suppression: \"lint:off\" is no suppression\n",
		},
		"that_finds_nothing": {
			"-- lint:ignore drop-table: why not\nANALYZE t;", "line 1: danger suppression: drop-table finds nothing here: the suppression can go\n",
		},
		"of_advice_that_is_not_asked_for": {"-- lint:ignore no-schema: one schema\nCREATE TABLE t (a int);", ""},
		"with_no_statement_behind":        {"ANALYZE t;\n\n-- lint:ignore drop-table: why not", "line 3: danger suppression: drop-table finds nothing here: the suppression can go\n"},
		"a_string_is_none":                {"UPDATE t SET a = '-- lint:ignore drop-table' WHERE b;", ""},
		"another_comment_is_none":         {"-- see lint:ignore\nANALYZE t;", ""},
		"declared_by_the_plan": {
			"-- deletes data: every row of t\nDROP TABLE t;", "line 2: danger drop-table: declared: every row of t\n",
		},
		"declared_of_another_kind": {"-- lock: ACCESS EXCLUSIVE on t for a moment\nDROP TABLE t;", "line 2: danger drop-table: \n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, said(lint.Check(steps(t, test.up), lint.Options{}))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if got := lint.Check(steps(t, "-- lint:ignore nothing\nANALYZE t;"), lint.Options{Off: []string{"suppression"}}); len(got) > 0 {
		t.Errorf("off, it finds %v", got)
	}
}
