package erd_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/erd"
	"github.com/retort-go/retort/retorttest"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

func TestMain(m *testing.M) { retorttest.Main(m) }

func read(tb testing.TB, sql string) *catalog.Catalog {
	tb.Helper()
	db := retorttest.NewDatabase(tb, retorttest.Template{})
	db.Exec(tb, sql)
	eng, err := retort.Open(retort.Config{URL: db.URL(), Base: retort.NewBase()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = eng.Close(context.Background()) })
	c, err := catalog.Read(tb.Context(), eng, catalog.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	c.Database = "store"
	return c
}

func golden(tb testing.TB, name, text string) {
	tb.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		tb.Errorf("%s (-want +got)\n%s", file, diff)
	}
}

// elements counts the elements of a document by name, or says why it is none.
func elements(tb testing.TB, document []byte) map[string]int {
	tb.Helper()
	out := map[string]int{}
	for in := xml.NewDecoder(bytes.NewReader(document)); ; {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			tb.Fatalf("no XML: %v\n%s", err, document)
		}
		if start, ok := token.(xml.StartElement); ok {
			out[start.Name.Local]++
		}
	}
}

func TestDiagrams(t *testing.T) {
	t.Parallel()

	t.Run("of_a_store_of_twelve_tables", func(t *testing.T) {
		t.Parallel()
		sql, err := os.ReadFile("testdata/store.sql")
		if err != nil {
			t.Fatal(err)
		}
		c := read(t, string(sql))
		golden(t, "store.mmd", erd.Mermaid(c))
		golden(t, "store.svg", string(erd.SVG(c)))
		if n := elements(t, erd.SVG(c))["g"]; n != 12+15 {
			t.Errorf("%d boxes and lines, want 12 and 15", n)
		}
	})

	t.Run("of_odd_names_circles_and_what_is_left_out", func(t *testing.T) {
		t.Parallel()
		c := read(t, `CREATE SCHEMA "my app"; CREATE TABLE "my app"."<a & ""b"">" (id int PRIMARY KEY, "1 größe" numeric(12,2), "日本" text[]);
			COMMENT ON COLUMN "my app"."<a & ""b"">"."日本" IS E'two\nlines "so"';
			CREATE TABLE hen (id int PRIMARY KEY, egg int); CREATE TABLE egg (id int PRIMARY KEY, hen int NOT NULL REFERENCES hen);
			ALTER TABLE hen ADD FOREIGN KEY (egg) REFERENCES egg; CREATE TABLE nothing (); CREATE VIEW v AS SELECT 1 AS x;
			CREATE TABLE days (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at); CREATE TABLE days_1 PARTITION OF days DEFAULT`)
		golden(t, "odd.mmd", erd.Mermaid(c))
		if n := elements(t, erd.SVG(c))["g"]; n != 5+2 {
			t.Errorf("%d boxes and lines, want 5 and 2", n)
		}
		if text := string(erd.SVG(c)); !strings.Contains(text, "&lt;a &amp; &#34;b&#34;&gt;") {
			t.Errorf("%s", text)
		}
	})

	t.Run("of_nothing", func(t *testing.T) {
		t.Parallel()
		if got := erd.Mermaid(&catalog.Catalog{}); got != "erDiagram\n" {
			t.Errorf("%q", got)
		}
		elements(t, erd.SVG(&catalog.Catalog{}))
	})

	t.Run("of_a_thousand_tables_in_a_chain", func(t *testing.T) {
		t.Parallel()
		c := &catalog.Catalog{Namespace: "public"}
		for i := range 1000 {
			table := catalog.Table{Namespace: "public", Name: fmt.Sprintf("t%04d", i), Columns: []catalog.Column{{Name: "id", Type: "integer", NotNull: true}}}
			if i > 0 {
				table.Constraints = []catalog.Constraint{{
					Kind: catalog.ForeignKey, Columns: []string{"id"}, RefTable: catalog.Ref{Kind: catalog.KindTable, Namespace: "public", Name: fmt.Sprintf("t%04d", i-1)},
				}}
			}
			c.Tables = append(c.Tables, table)
		}
		if n := elements(t, erd.SVG(c))["g"]; n != 1999 {
			t.Errorf("%d boxes and lines", n)
		}
	})
}

// A diagram in a README shows what the database holds.
func ExampleMermaid() {
	c := &catalog.Catalog{Namespace: "public", Tables: []catalog.Table{
		{Namespace: "public", Name: "authors", Columns: []catalog.Column{{Name: "id", Type: "uuid", NotNull: true}}},
		{
			Namespace: "public", Name: "books",
			Columns: []catalog.Column{{Name: "title", Type: "text"}, {Name: "author_id", Type: "uuid", NotNull: true}},
			Constraints: []catalog.Constraint{{
				Kind: catalog.ForeignKey, Columns: []string{"author_id"}, RefTable: catalog.Ref{Kind: catalog.KindTable, Namespace: "public", Name: "authors"},
			}},
		},
	}}
	fmt.Print(erd.Mermaid(c))
	// Output:
	// erDiagram
	//     "authors" {
	//         uuid id
	//     }
	//     "books" {
	//         text title
	//         uuid author_id FK
	//     }
	//     "authors" ||--o{ "books" : "author_id"
}
