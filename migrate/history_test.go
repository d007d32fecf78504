package migrate_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/retort-go/retort/migrate"
)

// graph makes a history of lines "id: parents" or "id: parents / depends"; "!"
// behind an id says that it has no way back. Each is younger than the one before.
func graph(tb testing.TB, lines ...string) *migrate.History {
	tb.Helper()
	h, err := migrate.NewHistory(revisions(lines...)...)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func revisions(lines ...string) []*migrate.Revision {
	var out []*migrate.Revision
	for i, line := range lines {
		id, rest, _ := strings.Cut(line, ":")
		parents, depends, _ := strings.Cut(rest, "/")
		id, irreversible := strings.CutSuffix(id, "!")
		out = append(out, &migrate.Revision{
			ID: id, Parents: strings.Fields(parents), Depends: strings.Fields(depends), Message: "make " + id,
			Irreversible: irreversible, Created: time.Unix(int64(i), 0).UTC(),
		})
	}
	return out
}

func ids(revisions []*migrate.Revision) string {
	var out []string
	for _, r := range revisions {
		out = append(out, r.ID)
	}
	return strings.Join(out, " ")
}

// diamond has two branches that are merged, and one that is not.
var diamond = []string{"a1:", "b1: a1", "c1: a1", "c2: c1", "m1: b1 c2", "n1: m1", "x1: a1 / b1"}

func TestHistory(t *testing.T) {
	t.Parallel()
	h := graph(t, diamond...)
	for name, test := range map[string]struct{ got, want string }{
		"orders":      {ids(h.Revisions()), "a1 b1 c1 c2 m1 n1 x1"},
		"heads":       {ids(h.Heads()), "n1 x1"},
		"bases":       {ids(h.Bases()), "a1"},
		"branches":    {ids(h.Branches()), "a1"},
		"children":    {ids(h.Children("a1")), "b1 c1 x1"},
		"ancestors":   {ids(h.Ancestors("m1")), "a1 b1 c1 c2 m1"},
		"dependence":  {ids(h.Ancestors("x1")), "a1 b1 x1"},
		"descendants": {ids(h.Descendants("b1")), "b1 m1 n1 x1"},
		"current":     {ids(h.Current([]string{"a1", "b1", "c1", "gone"})), "b1 c1"},
		"of_nothing":  {ids(h.Ancestors("gone")), ""},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", name, test.got, test.want)
		}
	}

	t.Run("can_be_empty", func(t *testing.T) {
		t.Parallel()
		h := graph(t)
		got, err := h.Upgrade(nil, "head")
		if err != nil || len(got)+len(h.Heads())+len(h.Revisions()) != 0 {
			t.Errorf("got %v, %v", got, err)
		}
	})

	t.Run("refuses_what_is_no_graph", func(t *testing.T) {
		t.Parallel()
		_, err := migrate.NewHistory(revisions("a:", "a:", "b: gone", "c: a / missing")...)
		duplicate, _ := errors.AsType[*migrate.DuplicateError](err)
		missing, _ := errors.AsType[*migrate.MissingParentError](err)
		if duplicate == nil || duplicate.ID != "a" || missing == nil || missing.Parent != "gone" || !strings.Contains(err.Error(), "c () follows missing") {
			t.Errorf("got %v", err)
		}
		_, err = migrate.NewHistory(revisions("a:", "b: a d", "c: b", "d: c", "e: d")...)
		cycle, _ := errors.AsType[*migrate.CycleError](err)
		if cycle == nil || strings.Join(cycle.IDs, " ") != "b d c" {
			t.Errorf("got %v", err)
		}
	})
}

func TestHistory_Upgrade(t *testing.T) {
	t.Parallel()
	h := graph(t, diamond...)
	for name, test := range map[string]struct {
		applied, target string
		want            string
		err             string
	}{
		"all":                       {"", "heads", "a1 b1 c1 c2 m1 n1 x1", ""},
		"head_of_two":               {"", "head", "", "2 heads: n1 (make n1), x1 (make x1); join them by a revision that has all of them as parents: db merge n1 x1"},
		"an_id":                     {"", "m1", "a1 b1 c1 c2 m1", ""},
		"the_beginning_of_an_id":    {"a1", "m", "b1 c1 c2 m1", ""},
		"the_beginning_of_two":      {"", "c", "", `"c" is the beginning of 2 revisions: c1, c2`},
		"what_is_applied_already":   {"a1 b1", "b1", "", ""},
		"one_more":                  {"", "+1", "a1", ""},
		"one_more_of_three":         {"a1", "+1", "", "2 ways after 0: b1, c1"},
		"two_more_on_one_way":       {"a1 b1 c1 c2 x1", "+2", "m1 n1", ""},
		"too_many":                  {"a1 b1 c1 c2 x1", "+3", "", "the history ends after 2"},
		"behind_an_id":              {"", "c1+1", "", "2 ways"},
		"before_an_id":              {"", "c2-1", "a1 c1", ""},
		"before_a_merge":            {"", "m1-1", "", "2 ways after 0: b1, c2"},
		"before_the_base":           {"", "b1-2", "", "the history ends after 1"},
		"backwards":                 {"a1", "-1", "", "an upgrade goes forward"},
		"to_the_base":               {"a1", "base", "", "downgrade leads to base"},
		"an_unknown_id":             {"", "zz", "", "no revision is meant by"},
		"a_word_of_the_message":     {"", "make n", "", "did you mean n1?"},
		"nothing":                   {"", "", "", "no revision is meant by"},
		"with_a_gap":                {"a1 c2", "heads", "", "c2 is applied, but c1"},
		"with_unknown_ones_applied": {"a1 later", "b1", "b1", ""},
		"what_it_depends_on":        {"a1", "x1", "b1 x1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := h.Upgrade(strings.Fields(test.applied), test.target)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(err.Error(), "docs/errors.md#") {
					t.Errorf("got %v, want an error with %q", err, test.err)
				}
				return
			}
			if err != nil || ids(got) != test.want {
				t.Errorf("got %q, %v, want %q", ids(got), err, test.want)
			}
		})
	}
}

func TestHistory_Downgrade(t *testing.T) {
	t.Parallel()
	h := graph(t, "a1:", "b1: a1", "c1: a1", "c2: c1", "m1: b1 c2", "n1: m1", "x1: a1 / b1", "y1!: x1")
	for name, test := range map[string]struct {
		applied, target string
		want            string
		err             string
	}{
		"everything":            {"a1 b1 c1", "base", "c1 b1 a1", ""},
		"to_an_id":              {"a1 b1 c1 c2 m1", "c1", "m1 c2", ""},
		"the_last":              {"a1 b1 c1 c2 m1", "-1", "m1", ""},
		"the_last_of_two":       {"a1 b1 c1", "-1", "", "2 ways after 0: b1, c1"},
		"the_last_two":          {"a1 c1 c2", "-2", "c2 c1", ""},
		"more_than_there_are":   {"a1", "-2", "", "the history ends after 1"},
		"what_depends_on_it":    {"a1 b1 x1", "a1", "x1 b1", ""},
		"one_before_an_id":      {"a1 c1 c2", "c2-1", "c2", ""},
		"one_before_the_first":  {"a1 c1 c2", "a1-1", "c2 c1 a1", ""},
		"two_before_the_second": {"a1 c1 c2", "c1-2", "c2 c1 a1", ""},
		"before_the_beginning":  {"a1", "a1-2", "", "a1-2 goes too far"},
		"before_what_is_not":    {"", "a1-1", "", "a1 (make a1) is not applied"},
		"what_is_not_applied":   {"a1", "b1", "", "b1 (make b1) is not applied"},
		"forward":               {"a1", "+1", "", "a downgrade goes back"},
		"no_way_back":           {"a1 b1 x1 y1", "x1", "", "y1 has no section -- +down"},
		"nothing":               {"a1", "a1", "", ""},
		"nothing_at_all":        {"", "base", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := h.Downgrade(strings.Fields(test.applied), test.target)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want an error with %q", err, test.err)
				}
				return
			}
			if err != nil || ids(got) != test.want {
				t.Errorf("got %q, %v, want %q", ids(got), err, test.want)
			}
		})
	}
}

// Whatever the graph: upgrades come parents first and complete, and a downgrade is
// the same way back.
func TestHistory_goes_there_and_back(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		all := make([]*migrate.Revision, n)
		for i := range all {
			all[i] = &migrate.Revision{ID: "r" + string(rune('a'+i)), Created: time.Unix(int64(rapid.IntRange(0, 3).Draw(t, "at")), 0)}
			for j := range i {
				switch rapid.IntRange(0, 4).Draw(t, "edge") {
				case 0:
					all[i].Parents = append(all[i].Parents, all[j].ID)
				case 1:
					all[i].Depends = append(all[i].Depends, all[j].ID)
				}
			}
		}
		h, err := migrate.NewHistory(rapid.Permutation(all).Draw(t, "order")...)
		if err != nil {
			t.Fatal(err)
		}
		target := rapid.SampledFrom(all).Draw(t, "target").ID
		up, err := h.Upgrade(nil, target)
		if err != nil {
			t.Fatal(err)
		}
		applied := map[string]bool{}
		for _, r := range up {
			for _, id := range append(r.Parents, r.Depends...) {
				if !applied[id] {
					t.Fatalf("%s comes before %s in %s", r.ID, id, ids(up))
				}
			}
			applied[r.ID] = true
		}
		if ids(up) != ids(h.Ancestors(target)) {
			t.Fatalf("the way to %s is %s, its ancestors are %s", target, ids(up), ids(h.Ancestors(target)))
		}
		down, err := h.Downgrade(strings.Fields(ids(up)), "base")
		if err != nil || len(down) != len(up) {
			t.Fatalf("the way back is %s, %v", ids(down), err)
		}
		for i := range down {
			if down[i] != up[len(up)-1-i] {
				t.Fatalf("the way back of %s is %s", ids(up), ids(down))
			}
		}
	})
}

func TestRead(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	fsys := fstest.MapFS{
		"migrations/a_first.sql":  file("-- revision: a\n-- parents:\n-- +up\nSELECT 1;\n"),
		"migrations/b_second.sql": file("-- revision: b\n-- parents: a\n-- +up\nSELECT 2;\n"),
		"migrations/README.md":    file("not SQL"),
		".git/x.sql":              file("\x00"),
		"migrations/.b.sql":       file("\x00"),
	}
	h, err := migrate.Read(fsys)
	if err != nil || ids(h.Revisions()) != "a b" || h.Get("b").File != "migrations/b_second.sql" {
		t.Fatalf("got %v, %v", h, err)
	}

	t.Run("tells_every_problem_at_once", func(t *testing.T) {
		t.Parallel()
		_, err := migrate.Read(fstest.MapFS{"c_bin.sql": file("\x00\x01"), "d_half.sql": file("-- revision: d\n-- pare")})
		if err == nil || !strings.Contains(err.Error(), "c_bin.sql:1: a NUL byte") || !strings.Contains(err.Error(), "d_half.sql: the header has no line -- parents:") {
			t.Errorf("got %v", err)
		}
		both := fstest.MapFS{"a_x.sql": fsys["migrations/a_first.sql"], "b/a_y.sql": fsys["migrations/a_first.sql"]}
		_, err = migrate.Read(both)
		duplicate, ok := errors.AsType[*migrate.DuplicateError](err)
		if diff := cmp.Diff([]string{"a_x.sql", "b/a_y.sql"}, duplicate.Files); !ok || diff != "" {
			t.Errorf("got %v", err)
		}
	})
}
