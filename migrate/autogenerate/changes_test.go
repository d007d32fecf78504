package autogenerate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
)

// change is one entry of schema-changes.txt, or one of ours in the same form.
type change struct {
	name, before, after string
	silent              bool
	renames             []autogenerate.Renaming
}

// parseChanges reads the form that the head of the file explains.
func parseChanges(tb testing.TB, file string) []change {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		tb.Fatal(err)
	}
	var out []change
	for _, entry := range strings.Split(string(text), "\n== ")[1:] {
		lines := strings.Split(entry, "\n")
		c := change{name: strings.TrimSpace(lines[0])}
		for _, line := range lines[1:] {
			key, value, _ := strings.Cut(line, ":")
			value = strings.TrimSpace(value)
			switch key {
			case "expect":
				c.silent = value == "none"
			case "before":
				c.before = strings.TrimSuffix(value, "(empty)")
			case "after":
				c.after = value
			}
		}
		out = append(out, c)
	}
	return out
}

// TestSchemaChanges runs the list as it stands: changes are seen, planned,
// applied and undone; the silent ones are silent.
func TestSchemaChanges(t *testing.T) {
	t.Parallel()
	changes := parseChanges(t, "schema-changes.txt")
	seen, silent := 0, 0
	for _, c := range changes {
		if c.silent {
			silent++
		} else {
			seen++
		}
	}
	if seen != 55 || silent != 7 {
		t.Errorf("the list has %d changes and %d silent entries, it had 55 and 7", seen, silent)
	}
	public := func(kind catalog.Kind, table, from, to string) change {
		c := change{name: string(kind) + " renamed by a hint", renames: []autogenerate.Renaming{{Kind: kind, Table: table, From: from, To: to}}}
		return c
	}
	for _, hinted := range []change{public(catalog.KindTable, "", "t", "t2"), public(catalog.KindColumn, "t", "a", "b"), public(catalog.KindType, "", "mood", "mood2")} {
		for _, c := range changes {
			if c.name == map[catalog.Kind]string{catalog.KindTable: "rename table", catalog.KindColumn: "rename column", catalog.KindType: "enum renamed"}[hinted.renames[0].Kind] {
				hinted.before, hinted.after = c.before, c.after
			}
		}
		changes = append(changes, hinted)
	}
	for _, c := range append(changes, parseChanges(t, "more-changes.txt")...) {
		t.Run(strings.NewReplacer(" ", "_", "/", "_").Replace(c.name), func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

func (c change) run(t *testing.T) {
	db, models := newDatabase(t, c.before), newDatabase(t, c.after)
	before, after := db.read(t), models.read(t)
	opts := everything
	opts.Renames = c.renames
	differences := compare(t, before, after, opts)
	if c.silent {
		if len(differences) > 0 {
			t.Errorf("false alarm:\n%s", list(differences))
		}
		return
	}
	if len(differences) == 0 {
		t.Fatal("not seen")
	}
	plan := autogenerate.Build(before, after, differences)
	if before.Version/10000 == 15 {
		golden(t, "changes/"+strings.NewReplacer(" ", "_", "/", "_", "(", "_", ")", "_", ",", "_").Replace(c.name)+".txtar", archive(c.before, c.after, differences, plan))
	}
	db.apply(t, plan.Up)
	if left := compare(t, db.read(t), after, opts); len(left) > 0 {
		t.Fatalf("up leaves:\n%s\nafter\n%s", list(left), autogenerate.Script(plan.Up))
	}
	db.apply(t, plan.Down)
	left := compare(t, db.read(t), before, everything)
	if c.name == "index invalid" { // nobody wants that one back, and the plan says so
		if len(left) != 1 || !has(plan.Down, autogenerate.CannotUndo) {
			t.Errorf("down leaves:\n%s", list(left))
		}
		return
	}
	if len(left) > 0 {
		t.Fatalf("down leaves:\n%s\nafter\n%s", list(left), autogenerate.Script(plan.Down))
	}
}
