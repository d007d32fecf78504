package lint_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate/lint"
)

var update = flag.Bool("update", false, "write the list of rules in docs/guides/lint.md anew")

// TestGuide: the guide lists every rule, with the examples that TestRules runs.
func TestGuide(t *testing.T) {
	t.Parallel()
	const file = "../../docs/guides/lint.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "<!-- The list is written by `go test ./migrate/lint -update`. -->\n"
	head, got, ok := strings.Cut(string(text), mark)
	if !ok {
		t.Fatal("the mark is gone")
	}
	var b strings.Builder
	theirs(&b)
	for _, r := range lint.Rules() {
		for _, x := range examples {
			if x.rule == r.ID {
				describe(&b, r, x)
			}
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+mark+b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), got); diff != "" {
		t.Errorf("run go test ./migrate/lint -update (-want +got)\n%s", diff)
	}
}

// theirs lists the rules of others with ours.
func theirs(b *strings.Builder) {
	found := map[string][]string{}
	for _, r := range lint.Rules() {
		for _, like := range r.Like {
			tool, names, _ := strings.Cut(like, ": ")
			for name := range strings.SplitSeq(names, ", ") {
				key := tool + " | " + name
				found[key] = append(found[key], "["+r.ID+"](#"+r.ID+")")
			}
		}
	}
	b.WriteString("\n### Rules of others\n\n| tool | its rule | ours |\n|---|---|---|\n")
	for _, key := range slices.Sorted(maps.Keys(found)) {
		fmt.Fprintf(b, "| %s | %s |\n", key, strings.Join(found[key], ", "))
	}
}

func describe(b *strings.Builder, r lint.Rule, x example) {
	fmt.Fprintf(b, "\n### %s\n\n%s.", r.ID, strings.ToUpper(r.Severity.String()[:1])+r.Severity.String()[1:])
	if len(r.Like) > 0 {
		fmt.Fprintf(b, " Like %s.", strings.Join(r.Like, "; "))
	}
	fmt.Fprintf(b, "\n\n```sql\n-- found\n%s\n\n-- not found\n%s\n```\n", shortened(x.bad), shortened(x.good))
}

// shortened cuts names that only are there to be long.
func shortened(sql string) string {
	return regexp.MustCompile(`n{20,}`).ReplaceAllStringFunc(strings.TrimSpace(sql), func(name string) string {
		return fmt.Sprintf("nnn… /* %d bytes */", len(name))
	})
}

// others are the rules of two tools for PostgreSQL, by their names.
var others = map[string]string{
	"squawk": `adding-field-with-default adding-foreign-key-constraint adding-not-nullable-field adding-required-field adding-serial-primary-key-field
		ban-add-column ban-add-composite-attribute ban-add-enum-value ban-alter-database-options ban-alter-domain-with-add-constraint ban-alter-extension
		ban-alter-function-options ban-alter-generated-expression ban-alter-identity ban-alter-policy-condition ban-alter-policy-roles ban-alter-role-options
		ban-alter-row-level-security ban-alter-sequence-values ban-alter-system-options ban-alter-view-options ban-char-field
		ban-concurrent-index-creation-in-transaction ban-create-domain-with-constraint ban-create-policy ban-detach-inheritance ban-disable-trigger
		ban-drop-column ban-drop-constraint ban-drop-database ban-drop-default ban-drop-domain ban-drop-extension ban-drop-function
		ban-drop-generated-expression ban-drop-index ban-drop-not-null ban-drop-policy ban-drop-schema ban-drop-sequence ban-drop-table ban-drop-trigger
		ban-drop-type ban-drop-view ban-duplicate-column-assignments ban-new-write-restriction ban-replace-view-function ban-replica-identity ban-revoke
		ban-set-default ban-set-schema ban-truncate-cascade ban-uncommitted-transaction changing-column-type constraint-missing-not-valid
		disallowed-unique-constraint identifier-too-long prefer-big-int prefer-bigint-over-int prefer-bigint-over-smallint prefer-identity prefer-repack
		prefer-robust-stmts prefer-text-field prefer-timestamptz renaming-column renaming-object renaming-table require-concurrent-index-creation
		require-concurrent-index-deletion require-concurrent-partition-detach require-concurrent-reindex require-enum-value-ordering require-lock-timeout
		require-statement-timeout require-table-schema require-timeout-settings syntax-error transaction-nesting`,
	"strong_migrations": `add_check_constraint add_column_auto_incrementing add_column_default add_column_default_callable add_column_generated_stored
		add_column_json add_exclusion_constraint add_foreign_key add_index add_index_columns add_index_corruption add_reference add_unique_constraint
		change_column change_column_constraint change_column_default change_column_null change_column_with_not_null change_table create_table execute
		remove_column remove_index rename_column rename_schema rename_table validate_check_constraint validate_foreign_key`,
}

// TestRules_of_others: each has one of ours, or the guide says why not.
func TestRules_of_others(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/guides/lint.md")
	if err != nil {
		t.Fatal(err)
	}
	_, leftOut, ok := strings.Cut(string(text), "Left out of ")
	leftOut, _, _ = strings.Cut(leftOut, "\n\n")
	if !ok {
		t.Fatal("the guide does not say what is left out")
	}
	var table strings.Builder
	theirs(&table)
	for tool, names := range others {
		for name := range strings.FieldsSeq(names) {
			ours := strings.Contains(table.String(), "| "+tool+" | "+name+" |") || strings.Contains(table.String(), "| "+tool+" | "+name+" (")
			if out := strings.Contains(leftOut, "`"+name+"`"); ours == out {
				t.Errorf("%s of %s: ours %t, left out %t", name, tool, ours, out)
			}
		}
	}
}
