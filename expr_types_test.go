package retort_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Offer has columns whose types have operators of their own.
type Offer struct {
	retort.BigintKey
	Title string
	Tags  []string
	Sizes []int64
	Extra json.RawMessage
	Raw   map[string]any
	Ports pgtype.Range[pgtype.Int4]
	Open  pgtype.Range[time.Time]
	Days  pgtype.Range[time.Time]
}

// Define names the types that the fields leave open.
func (Offer) Define(d *retort.Definition[Offer]) {
	d.Column(&d.C.Open).Type("tstzrange")
	d.Column(&d.C.Days).Type("daterange")
}

var offers = retort.NewTable[Offer]("offers")

func day(n int) time.Time { return time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC) }

func span(from, to int) pgtype.Range[time.Time] {
	return pgtype.Range[time.Time]{Lower: day(from), Upper: day(to), LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true}
}

func ports(from, to int32) pgtype.Range[pgtype.Int4] {
	return pgtype.Range[pgtype.Int4]{
		Lower: pgtype.Int4{Int32: from, Valid: true}, Upper: pgtype.Int4{Int32: to, Valid: true},
		LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true,
	}
}

func TestOperatorsOfTypes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	seen := &recorder{}
	k := retorttest.New(t, retort.NewBase(offers), func(c *retort.Config) { c.Observer = seen })
	k.Exec(t, "CREATE EXTENSION pg_trgm")
	s := k.Engine.Session()
	s.Add(
		&Offer{Title: "The quick brown fox", Tags: []string{"red", "a'b"}, Sizes: []int64{1, 2}, Extra: json.RawMessage(`{"color": "red", "items": [{"price": 5}]}`), Raw: map[string]any{"n": 1}, Ports: ports(80, 90), Open: span(1, 10), Days: span(1, 10)},
		&Offer{Title: "A lazy dog", Tags: []string{}, Sizes: []int64{3}, Extra: json.RawMessage(`{"color": "blue", "items": [{"price": 50}]}`), Raw: map[string]any{}, Ports: ports(90, 99), Open: span(10, 20), Days: span(10, 20)},
	)
	must(t, s.Commit(ctx))
	must(t, s.Close(ctx))
	c := offers.C
	of := func(p retort.Predicate) func(context.Context, *retort.Session) ([]string, error) {
		return func(ctx context.Context, s *retort.Session) ([]string, error) {
			return lines(retort.Values(offers.Where(p).OrderBy(retort.Asc(&c.ID)), retort.Col(&c.ID)).All(ctx, s))
		}
	}
	document := retort.ToTSVector("english", retort.Col(&c.Title))
	search := retort.WebSearch("english", `foxes -cat "quick brown"`)
	runForms(t, "operators.sql", k, seen, []form{
		{"elements_of_arrays", of(retort.And(retort.HasElement(&c.Tags, "a'b"), retort.HasElement(&c.Sizes, 2))), []string{"1"}},
		{"all_elements", of(retort.AllElements(&c.Sizes, 3)), []string{"2"}},
		{"arrays_contain_and_overlap", of(retort.And(retort.ContainsAll(&c.Tags, []string{"red"}), retort.ContainedIn(&c.Sizes, []int64{1, 2, 3}), retort.Overlaps(&c.Sizes, []int64{2, 9}))), []string{"1"}},
		{"every_array_contains_none", of(retort.ContainsAll(&c.Tags, nil)), []string{"1", "2"}},
		{"arrays_grow_and_shrink", func(ctx context.Context, s *retort.Session) ([]string, error) {
			tags := retort.Col(&c.Tags)
			u := offers.Update(retort.SetExpr(&c.Tags, retort.ArrayConcat(retort.ArrayRemove(retort.ArrayAppend(tags, "x"), "red"), tags))).Where(retort.Eq(&c.ID, 1))
			var row struct {
				Tags []string
				N    int32
			}
			return lines(retort.Returning(u, &row, retort.Into(&row.Tags, &c.Tags), retort.Into(&row.N, retort.Cardinality(tags))).All(ctx, s))
		}, []string{"[a'b x red a'b] 4"}},
		{"ranges", of(retort.And(retort.RangeHas(&c.Ports, 85), retort.RangeHas(&c.Open, day(5)), retort.RangeHas(&c.Days, day(5)), retort.RangeContains(&c.Ports, ports(81, 82)),
			retort.RangeWithin(&c.Ports, ports(0, 1000)), retort.RangeOverlaps(&c.Days, span(9, 30)), retort.RangeBefore(&c.Open, span(15, 16)), retort.RangeAdjacent(&c.Ports, ports(90, 91)))), []string{"1"}},
		{"ranges_behind", of(retort.RangeAfter(&c.Days, span(1, 2))), []string{"2"}},
		{"json_contains", of(retort.JSONContains(&c.Extra, map[string]any{"color": "red"})), []string{"1"}},
		{"json_keys", of(retort.And(retort.JSONHasKey(&c.Raw, "n"), retort.JSONHasAny(&c.Raw, "n", "m"), retort.JSONHasAll(&c.Extra, "color", "items"))), []string{"1"}},
		{"json_paths", of(retort.And(retort.JSONPathExists(&c.Extra, "$.items[*] ? (@.price > 10)"), retort.JSONText(retort.Col(&c.Extra), "color").Eq("blue"))), []string{"2"}},
		{"json_values", func(ctx context.Context, s *retort.Session) ([]string, error) {
			price := retort.Cast[int32](retort.JSONText(retort.Col(&c.Extra), "items", "0", "price"), "integer")
			return lines(retort.Values(offers.OrderBy(price.Desc()), retort.Coalesce(price, 0)).All(ctx, s))
		}, []string{"50", "5"}},
		{"json_at_a_path", func(ctx context.Context, s *retort.Session) ([]string, error) {
			at := retort.JSONAt(retort.Col(&c.Extra), "items", "0")
			rows, err := retort.Values(offers.Where(at.IsNotNull()).OrderBy(retort.Asc(&c.ID)), at.NotNull()).All(ctx, s)
			out := []string{}
			for _, r := range rows {
				out = append(out, string(r))
			}
			return out, err
		}, []string{`{"price": 5}`, `{"price": 50}`}},
		{"full_text", of(retort.And(retort.Matches(document, search), retort.SearchRank(document, search).Gt(0), retort.SearchRankCD(document, retort.PlainSearch("english", "fox")).Gt(0),
			retort.Matches(document, retort.PhraseSearch("english", "quick brown")), retort.Matches(document, retort.ToTSQuery("simple", "fox & !cat")))), []string{"1"}},
		{"headline", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return lines(retort.Values(offers.Where(retort.Matches(document, search)), retort.Headline("english", retort.Col(&c.Title), search, "StartSel=[, StopSel=]")).All(ctx, s))
		}, []string{"The [quick] [brown] [fox]"}},
		{"trigrams", of(retort.And(retort.Similar(&c.Title, "the quick brown fix"), retort.Similarity(retort.Col(&c.Title), "quick fox").Gt(0.2), retort.WordSimilarity("quik", retort.Col(&c.Title)).Gt(0.2), retort.ILike(&c.Title, "THE%"))), []string{"1"}},
		{"nearest_by_trigrams", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return lines(retort.Values(offers.OrderBy(retort.TextDistance(&c.Title, "lazy").Asc()).Limit(1), retort.Col(&c.ID)).All(ctx, s))
		}, []string{"2"}},
		{"a_fragment_opens_the_transaction", of(retort.Fragment[int32]("cardinality($1) + $2::int", &c.Tags, 1).Eq(3)), []string{"1"}},
		{"a_pure_fragment_does_not", of(retort.Is(retort.Fragment[bool]("@title ~ @pattern -- and no more", retort.Args{"title": &c.Title, "pattern": "^The"}).Pure())), []string{"1"}},
		{"a_fragment_of_expressions", func(ctx context.Context, s *retort.Session) ([]string, error) {
			x := retort.Fragment[string]("left($1, $2::int) || '$1 @title'", retort.Lower(retort.Col(&c.Title)), 3).Pure().NotNull()
			return lines(retort.Values(offers.OrderBy(retort.Asc(&c.ID)), x).All(ctx, s))
		}, []string{"the$1 @title", "a l$1 @title"}},
	})
}

func TestNamedArguments(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	text, err := retort.SQL[string](`SELECT name || '@x' || $$@y$$ || E'\'@z' /* @c */ -- @d
		|| @suffix::text || "email" FROM authors WHERE name = @name AND array[1] @> array[1] AND @name <> '' `,
		retort.Args{"name": "austen", "suffix": "!"}).One(ctx, s)
	must(t, err)
	if want := "austen@x@y'@z!austen@x"; text != want {
		t.Errorf("%q, want %q", text, want)
	}
	n, err := s.Exec(ctx, "UPDATE authors SET name = @to WHERE name = @from", retort.Args{"from": "austen", "to": "jane"})
	must(t, err)
	if n != 1 {
		t.Errorf("%d rows", n)
	}
	for want, call := range map[string]func() error{
		`@id has no argument`:         func() error { _, err := s.Exec(ctx, "SELECT @id", retort.Args{}); return err },
		`"b" has no place @b`:         func() error { _, err := s.Exec(ctx, "SELECT @a", retort.Args{"a": 1, "b": 2}); return err },
		`$1 stands among named ones`:  func() error { _, err := s.Exec(ctx, "SELECT @a, $1", retort.Args{"a": 1}); return err },
		`a string is not closed`:      func() error { _, err := s.Exec(ctx, "SELECT '@a", retort.Args{"a": 1}); return err },
		`a comment is not closed`:     func() error { _, err := s.Exec(ctx, "SELECT 1 /* @a", retort.Args{"a": 1}); return err },
		`a quoted name is not closed`: func() error { _, err := s.Exec(ctx, `SELECT "a`, retort.Args{"a": 1}); return err },
		`a string $x$ is not closed`:  func() error { _, err := s.Exec(ctx, `SELECT $x$ @a`, retort.Args{"a": 1}); return err },
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}
