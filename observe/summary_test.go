package observe

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/retort-go/retort"
)

func TestSummarize(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		`/* retort:query.all */ SELECT "id", "a" FROM "shop"."books" WHERE "x" = $1 ORDER BY "id"`:                                  "SELECT shop.books",
		"/* retort:session.flush */ INSERT INTO \"counters\" (\"name\")\nVALUES ($1) RETURNING \"id\"":                              "INSERT counters",
		"/* x */ WITH u AS (\n  UPDATE \"counters\" SET \"a\" = $1 RETURNING *\n) SELECT u.* FROM (SELECT 1) g LEFT JOIN u ON true": "UPDATE counters",
		`WITH d AS (DELETE FROM "counters" WHERE id = $1 RETURNING id) SELECT count(*) FROM d`:                                      "DELETE counters",
		`WITH l AS (SELECT id FROM books FOR NO KEY UPDATE), u AS (UPDATE books SET a = 1) SELECT * FROM u`:                         "UPDATE books",
		`with recursive t as (select 1 union all select n+1 from t) select * from t join people p on true`:                          "SELECT people",
		`SELECT * FROM a, b AS bb, c WHERE d IN (SELECT e FROM f, g)`:                                                               "SELECT a b c SELECT f g",
		`SELECT a FROM x LEFT JOIN y ON x.id = y.id JOIN LATERAL z ON true`:                                                         "SELECT x y z",
		`SELECT extract(year FROM ts), substring(a FROM 2), x IS DISTINCT FROM y FROM real`:                                         "SELECT real",
		`SELECT id FROM books FOR UPDATE`:                                                                         "SELECT books",
		`INSERT INTO a SELECT * FROM b ON CONFLICT DO UPDATE SET x = 1`:                                           "INSERT a SELECT b",
		`DELETE FROM ONLY a USING b WHERE true`:                                                                   "DELETE a",
		`MERGE INTO a USING b ON true WHEN MATCHED THEN UPDATE SET x = 1 WHEN NOT MATCHED THEN INSERT VALUES (1)`: "MERGE a",
		`SELECT 'INSERT INTO secret', $$UPDATE secret$$, $a$DELETE FROM secret$a$, E'\'FROM secret' FROM t`:       "SELECT t",
		`SELECT 1 /* FROM x /* FROM y */ FROM z */ -- FROM w`:                                                     "SELECT",
		`SET LOCAL app.tenant = 'secret'`:                                                                         "SET",
		`CREATE TABLE t (a int REFERENCES b ON DELETE CASCADE)`:                                                   "CREATE",
		`BEGIN ISOLATION LEVEL SERIALIZABLE`:                                                                      "BEGIN",
		`SELECT "odd ""name"" here" FROM "Ünï côdé"`:                                                              "SELECT Ünï côdé",
		``:           "EMPTY",
		`-- nothing`: "EMPTY",
		`'`:          "EMPTY",
		`SELECT`:     "SELECT",
		`)`:          "OTHER",
	} {
		if got := summarize(sql); got.text != want || got.operation != strings.SplitN(want, " ", 2)[0] {
			t.Errorf("%s\ngot  %q, %q\nwant %q", sql, got.text, got.operation, want)
		}
	}
}

func TestSummarize_is_bounded(t *testing.T) {
	t.Parallel()
	got := summarize("SELECT * FROM " + strings.Repeat("a_long_name_of_a_table, ", 1000) + "z")
	if len(got.text) > maxSummary || !strings.HasSuffix(got.text, "a_long_name_of_a_table") {
		t.Errorf("got %d bytes: %s", len(got.text), got.text)
	}
	if got := summarize("SELECT * FROM " + strings.Repeat("x", 1000)); got.text != "SELECT" {
		t.Errorf("got %q", got.text)
	}
	deep := strings.Repeat("(", 100_000)
	if got := summarize("SELECT " + deep + " FROM t"); got.text != "SELECT" {
		t.Errorf("got %q", got.text)
	}
}

func TestSummaries_of_flights(t *testing.T) {
	t.Parallel()
	var c summaries
	for _, tt := range []struct {
		flight          retort.FlightInfo
		text, operation string
	}{
		{retort.FlightInfo{Statements: []string{"SELECT 1 FROM a"}, Begin: "BEGIN", End: "COMMIT"}, "SELECT a", "SELECT"},
		{retort.FlightInfo{Statements: []string{"SELECT 1 FROM a", "SELECT 2 FROM a"}}, "BATCH SELECT a", "BATCH SELECT"},
		{retort.FlightInfo{Statements: []string{"SELECT 1 FROM a", "SELECT 2 FROM b"}}, "BATCH", "BATCH SELECT"},
		{retort.FlightInfo{Statements: []string{"SELECT 1 FROM a", "DELETE FROM a"}}, "BATCH", "BATCH"},
		{retort.FlightInfo{End: "ROLLBACK"}, "ROLLBACK", "ROLLBACK"},
		{retort.FlightInfo{Begin: "BEGIN READ ONLY"}, "BEGIN", "BEGIN"},
	} {
		if got := c.flight(&tt.flight, true); got != (summary{tt.text, tt.operation}) {
			t.Errorf("%+v: got %+v", tt.flight, got)
		}
	}
	for i := range maxTexts {
		c.statement("SELECT 1 FROM t"+strconv.Itoa(i), true)
	}
	if got := c.statement("SELECT 1 FROM late", true); got.text != "SELECT" {
		t.Errorf("beyond the bound a metric gets %q", got.text)
	}
	if got := c.statement("SELECT 1 FROM late", false); got.text != "SELECT late" {
		t.Errorf("beyond the bound a span gets %q", got.text)
	}
	if n := c.count.Load(); n > maxTexts {
		t.Errorf("%d texts are remembered", n)
	}
}

func FuzzSummarize(f *testing.F) {
	for _, seed := range []string{"SELECT 'a", "$a$", "$1", `"`, "e'\\", "/* /*", "--", "WITH a AS (", "FROM FROM", "SELECT FROM,,", "\xff\x00", "$"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		got := summarize(sql)
		if got.text == "" || got.operation == "" || len(got.text) > maxSummary {
			t.Errorf("%q became %+v", sql, got)
		}
		if !utf8.ValidString(got.text) {
			t.Errorf("%q became invalid: %q", sql, got.text)
		}
	})
}

func TestQueryText_is_bounded(t *testing.T) {
	t.Parallel()
	if got := queryText([]string{"a", "a", "a"}); got != "a" {
		t.Errorf("equal ones: %q", got)
	}
	if got := queryText([]string{"a", "b"}); got != "a; b" {
		t.Errorf("different ones: %q", got)
	}
	many := make([]string, 5000)
	for i := range many {
		many[i] = "SELECT " + strconv.Itoa(i)
	}
	if got := queryText(many); len(got) > maxText+100 || !strings.HasSuffix(got, " more") {
		t.Errorf("%d bytes, ends %q", len(got), got[len(got)-20:])
	}
	if got := queryText([]string{strings.Repeat("é", maxText)}); len(got) > maxText+4 || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}

func TestRoutes_are_bounded(t *testing.T) {
	t.Parallel()
	r := routes{known: map[string]bool{}}
	for i := range maxRoutes {
		if got, isNew := r.label("GET /" + strconv.Itoa(i)); got == "other" || !isNew {
			t.Fatalf("%d is %s", i, got)
		}
	}
	for route, want := range map[string]string{"": "none", "none": "none", "other": "other", "one more": "other", "GET /7": "GET /7"} {
		if got, isNew := r.label(route); got != want || isNew {
			t.Errorf("%q is %q, new %t", route, got, isNew)
		}
	}
}

// TestLargeTextsAreNotKept though there are many of them, as of an INSERT of as many
// rows as a client sends.
func TestLargeTextsAreNotKept(t *testing.T) {
	t.Parallel()
	var c summaries
	for i := range maxTexts {
		sql := "INSERT INTO books (id) VALUES " + strings.Repeat("($1), ", 10_000+i) + "($2)"
		for range 2 {
			if got := c.statement(sql, true); got.text != "INSERT books" {
				t.Fatal(got)
			}
		}
	}
	kept := 0
	c.known.Range(func(key, _ any) bool { kept += len(key.(string)); return true })
	if n := c.count.Load(); n != maxTexts || kept > maxTexts*maxText {
		t.Errorf("%d texts, %d bytes of them", n, kept)
	}
}
