package inspect_test

import (
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/inspect"
	"github.com/retort-go/retort/retorttest"
)

func read(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// changes are the databases of the lists of schema changes, each once.
func changes(tb testing.TB) map[string]string {
	tb.Helper()
	out, seen := map[string]string{}, map[string]bool{"": true, "(empty)": true}
	for _, file := range []string{"schema-changes.txt", "more-changes.txt"} {
		for _, entry := range strings.Split(read(tb, "../autogenerate/testdata/"+file), "\n== ")[1:] {
			name, rest, _ := strings.Cut(entry, "\n")
			for line := range strings.Lines(rest) {
				side, sql, _ := strings.Cut(line, ":")
				if sql = strings.TrimSpace(sql); (side == "before" || side == "after") && !seen[sql] {
					seen[sql] = true
					out[strings.TrimSpace(name)+" ("+side+")"] = sql
				}
			}
		}
	}
	return out
}

// TestModels: databases are written as models whose comparison with them is empty.
// A few are compiled, too, and compared as their users would. The flag -every
// does all of it with all databases, which takes minutes: a model costs the
// compiler a second.
func TestModels(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex // guards all, notes and tables
	var all []written
	notes, managed, tables := map[string][]inspect.Note{}, 0, 0
	look := func(t *testing.T, name, sql string) *inspect.Result {
		db, eng := database(t, sql)
		result := models(t, eng, inspect.Options{})
		if err := eng.Close(t.Context()); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, written{name, db.URL(), result.Source})
		notes[name] = result.Notes
		managed, tables = managed+result.Managed, tables+result.Tables
		return result
	}
	shop := look(t, "shop", read(t, "testdata/shop.sql"))
	golden(t, "shop.go.golden", string(shop.Source))
	odd := look(t, "odd", read(t, "testdata/odd.sql"))
	golden(t, "odd.go.golden", string(odd.Source))
	look(t, "nothing", "")

	_, second := database(t, read(t, "testdata/shop.sql"))
	if again := models(t, second, inspect.Options{}); string(again.Source) != string(shop.Source) {
		t.Error("another file the second time")
	}

	list := changes(t)
	if len(list) < 120 {
		t.Errorf("the lists have %d databases, they had 120 and more", len(list))
	}
	limit := make(chan struct{}, 3)
	var work sync.WaitGroup
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if !*every && crc32.ChecksumIEEE([]byte(name))%4 != 0 {
			continue // by its name, so that a new one does not change which others are looked at
		}
		sql := list[name]
		limit <- struct{}{}
		work.Go(func() {
			defer func() { <-limit }()
			look(t, name, sql)
		})
	}
	work.Wait()
	if *every {
		t.Logf("%d of %d tables in full\n%s", managed, tables, said(notes))
	} else {
		golden(t, "notes.txt", fmt.Sprintf("%d of %d tables in full\n", managed, tables)+said(notes))
	}

	slices.SortFunc(all, func(a, b written) int { return strings.Compare(a.name, b.name) })
	control, _ := database(t, read(t, "testdata/shop.sql")+"; ALTER TABLE books DROP COLUMN pages")
	chosen := []written{{"control", control.URL(), shop.Source}}
	for i, w := range all {
		if *every || i%12 == 0 || w.name == "shop" || w.name == "odd" {
			chosen = append(chosen, w)
		}
	}
	got := compiled(t, chosen, retorttest.NewDatabase(t, retorttest.Template{}).URL())
	if got != "control add column books.pages\n" {
		t.Errorf("the models differ from their databases (the control must):\n%s", got)
	}
}

// said lists notes by database.
func said(notes map[string][]inspect.Note) string {
	var lines []string
	for name, list := range notes {
		for _, n := range list {
			lines = append(lines, name+": "+n.String())
		}
	}
	return sorted(lines)
}

func TestModelsLeaveBooksOfMigrationToolsAlone(t *testing.T) {
	t.Parallel()
	_, eng := database(t, "CREATE TABLE alembic_version (version_num varchar(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY)")
	result := models(t, eng, inspect.Options{})
	if text := string(result.Source); strings.Contains(text, "lembic") || !strings.Contains(text, `"t"`) || result.Tables != 1 {
		t.Errorf("%s", text)
	}
}

func TestModelsOfAPart(t *testing.T) {
	t.Parallel()
	_, eng := database(t, read(t, "testdata/shop.sql"))
	result := models(t, eng, inspect.Options{Package: "part", Read: catalog.Options{Include: []string{"audit"}}})
	if text := string(result.Source); !strings.Contains(text, "package part") || !strings.Contains(text, "Entries") || strings.Contains(text, "Books") {
		t.Errorf("%s", text)
	}
}
