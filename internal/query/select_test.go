package query

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// text is the statement behind the list of columns, on one line, with the
// parameters' types behind it.
func text(t *testing.T, st Statement, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if len(st.OIDs) != len(st.Values) || len(st.Formats) != len(st.Values) {
		t.Errorf("%d values, %d formats, %d types", len(st.Values), len(st.Formats), len(st.OIDs))
	}
	if got, want := strings.Count(st.SQL, "$"), len(st.Values); got != want {
		t.Errorf("%d placeholders for %d values", got, want)
	}
	return strings.Join(strings.Fields(st.SQL), " ")
}

func TestConditions(t *testing.T) {
	t.Parallel()
	table, c := plants(t)
	const head = `/* retort:q */ SELECT "id", "name", "color", "label", "code", "height", "sold", "weight", "alive", "seen_at", "picture", "tags", "note", "parent_id", "flag" FROM "plants"`
	eq := func(field, v any) Predicate { return Compare("Eq", field, v) }
	for _, tc := range []struct {
		name  string
		where []Predicate
		want  string
		oids  []uint32
	}{
		{"none", nil, "", nil},
		{"zero_predicates_vanish", []Predicate{{}, And(), Or(Predicate{}), Not(Not(And()))}, "", nil},
		{"text", []Predicate{eq(&c.Name, "x")}, ` WHERE "name" = $1`, []uint32{25}},
		{"enum_leaves_the_type_to_the_server", []Predicate{eq(&c.Color, color("red"))}, ` WHERE "color" = $1`, []uint32{0}},
		{"citext_leaves_the_type_to_the_server", []Predicate{eq(&c.Label, "x")}, ` WHERE "label" = $1`, []uint32{0}},
		{"varchar", []Predicate{eq(&c.Code, "x")}, ` WHERE "code" = $1`, []uint32{1043}},
		{"every_operator", []Predicate{
			Compare("Ne", &c.Height, int32(1)), Compare("Lt", &c.Sold, int64(1)), Compare("Le", &c.Weight, 1.5),
			Compare("Gt", &c.SeenAt, time.Unix(0, 0)), Compare("Ge", &c.Alive, true),
		}, ` WHERE "height" <> $1 AND "sold" < $2 AND "weight" <= $3 AND "seen_at" > $4 AND "alive" >= $5`, []uint32{23, 20, 701, 1184, 16}},
		{"nullable_by_slot_and_by_pointer", []Predicate{eq(c.Note, "x"), eq(&c.Note, new("x")), eq(c.ParentID, [16]byte{1})}, ` WHERE "note" = $1 AND "note" = $2 AND "parent_id" = $3`, []uint32{25, 25, 2950}},
		{"bytes_and_lists", []Predicate{eq(&c.Picture, []byte{1}), eq(&c.Tags, []string{"a"})}, ` WHERE "picture" = $1 AND "tags" = $2`, []uint32{17, 1009}},
		{"null", []Predicate{IsNull(c.Note), IsNotNull(&c.ParentID)}, ` WHERE "note" IS NULL AND "parent_id" IS NOT NULL`, nil},
		{"in_is_one_parameter", []Predicate{In(&c.Height, []int32{1, 2, 3})}, ` WHERE "height" = ANY($1)`, []uint32{1007}},
		{"in_nothing", []Predicate{In(&c.ID, [][16]byte(nil))}, ` WHERE "id" = ANY($1)`, []uint32{2951}},
		{"in_of_pointers", []Predicate{In(&c.Note, []*string{new("a")})}, ` WHERE "note" = ANY($1)`, []uint32{1009}},
		{"in_of_an_enum_casts_by_quoted_name", []Predicate{In(&c.Color, []color{"red"})}, ` WHERE "color" = ANY($1::text[]::"plant color"[])`, []uint32{1009}},
		{"in_of_citext_casts_by_name", []Predicate{In(&c.Label, []string{"x"})}, ` WHERE "label" = ANY($1::text[]::citext[])`, []uint32{1009}},
		{"in_of_varchar", []Predicate{In(&c.Code, []string{"x"})}, ` WHERE "code" = ANY($1)`, []uint32{1015}},
		{"like", []Predicate{Like("Like", &c.Name, "a%")}, ` WHERE "name" LIKE $1`, []uint32{25}},
		{"like_of_a_nullable", []Predicate{Like("Like", c.Note, "a%"), Like("Like", &c.Note, "a%")}, ` WHERE "note" LIKE $1 AND "note" LIKE $2`, []uint32{25, 25}},
		{"like_of_an_enum_is_of_its_text", []Predicate{Like("Contains", &c.Color, "%e%")}, ` WHERE "color"::text LIKE $1`, []uint32{25}},
		{"like_of_char_leaves_the_padding_out", []Predicate{Like("Like", &c.Flag, "a")}, ` WHERE "flag"::text LIKE $1`, []uint32{25}},
		{"like_of_citext_keeps_ignoring_case", []Predicate{Like("Like", &c.Label, "a%")}, ` WHERE "label" LIKE $1`, []uint32{25}},
		{"groups", []Predicate{
			Or(eq(&c.Name, "a"), And(eq(&c.Name, "b"), Not(IsNull(&c.Note))), Predicate{}), Not(Or(IsNull(&c.Note), IsNull(&c.ParentID))), Or(eq(&c.Name, "c")),
		}, ` WHERE ("name" = $1 OR ("name" = $2 AND NOT ("note" IS NULL))) AND NOT (("note" IS NULL OR "parent_id" IS NULL)) AND ("name" = $3)`, []uint32{25, 25, 25}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			st, err := (&Select{Label: "q", Table: table, Where: tc.where, Limit: -1}).Rows()
			if diff := cmp.Diff(head+tc.want, text(t, st, err)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.oids, append([]uint32(nil), st.OIDs...)); diff != "" {
				t.Errorf("types: %s", diff)
			}
		})
	}
}

// childrenOf are the rows that rel holds of the rows of q.
func childrenOf(q *Select, rel *model.Relation) *Children {
	return &Children{Label: q.Label, Relation: rel, Limit: -1, Deleted: q.Deleted, Parents: Parents{Select: q}}
}

func TestForms(t *testing.T) {
	t.Parallel()
	table, c := plants(t)
	parent, _, _ := table.Find(&c.ParentID)
	rel := &model.Relation{Name: "Children", Owner: table, Near: table.Key, Child: table, Columns: []int{parent}}
	pair, _ := plants(t)
	pair.StandIn, pair.Key = table.StandIn, []int{5, 2}
	pairRel := &model.Relation{Name: "Pairs", Owner: pair, Near: pair.Key, Child: table, Columns: []int{5, 2}}
	var key [16]byte
	base := Select{Label: "q", Table: table, Limit: -1, Where: []Predicate{Compare("Eq", &c.Name, "x")}}
	with := func(change func(*Select)) *Select {
		q := base
		change(&q)
		return &q
	}
	up, down := Order{Field: &c.Height}, Order{Field: &c.Height, Desc: true}
	columns := `"id", "name", "color", "label", "code", "height", "sold", "weight", "alive", "seen_at", "picture", "tags", "note", "parent_id", "flag"`
	ofC := "c." + strings.ReplaceAll(columns, ", ", ", c.")
	for _, tc := range []struct {
		name  string
		build func() (Statement, error)
		want  string
	}{
		{"order_and_limit", with(func(q *Select) { q.Order, q.Limit = []Order{up, {Field: &c.Name, Desc: true}}, 3 }).Rows, `SELECT ` + columns + ` FROM "plants" WHERE "name" = $1 ORDER BY "height", "name" DESC LIMIT 3`},
		{"total_adds_the_key", with(func(q *Select) { q.Order, q.Total = []Order{down}, true }).Rows, `SELECT ` + columns + ` FROM "plants" WHERE "name" = $1 ORDER BY "height" DESC, "id" DESC`},
		{"total_without_order", with(func(q *Select) { q.Total = true }).Rows, `SELECT ` + columns + ` FROM "plants" WHERE "name" = $1 ORDER BY "id"`},
		{"total_with_the_key_given", with(func(q *Select) { q.Total, q.Order = true, []Order{{Field: &c.ID, Desc: true}, up} }).Rows, `SELECT ` + columns + ` FROM "plants" WHERE "name" = $1 ORDER BY "id" DESC, "height"`},
		{"page", with(func(q *Select) { q.Order, q.After = []Order{up}, []any{int32(1), key} }).Rows, `SELECT ` + columns + ` FROM "plants" WHERE "name" = $1 AND ("height", "id") > ($2, $3) ORDER BY "height", "id"`},
		{"page_backwards", with(func(q *Select) { q.Where, q.Order, q.After = nil, []Order{down}, []any{int32(1), key} }).Rows, `SELECT ` + columns + ` FROM "plants" WHERE ("height", "id") < ($1, $2) ORDER BY "height" DESC, "id" DESC`},
		{"page_of_both_directions", with(func(q *Select) {
			q.Order, q.After = []Order{down, {Field: &c.Name}, {Field: &c.ID, Desc: true}}, []any{int32(1), "b", key}
		}).Rows, `SELECT ` + columns + ` FROM "plants" WHERE "name" = $1 AND (("height" < $2) OR ("height" = $3 AND "name" > $4) OR ("height" = $5 AND "name" = $6 AND "id" < $7)) ORDER BY "height" DESC, "name", "id" DESC`},
		{"page_after_or", with(func(q *Select) { q.Where, q.After = []Predicate{Or(IsNull(&c.Note), IsNull(&c.ParentID))}, []any{key} }).Rows, `SELECT ` + columns + ` FROM "plants" WHERE ("note" IS NULL OR "parent_id" IS NULL) AND ("id") > ($1) ORDER BY "id"`},
		{"count", with(func(q *Select) { q.Order = []Order{up} }).Count, `SELECT count(*) FROM "plants" WHERE "name" = $1`},
		{"count_of_a_page", with(func(q *Select) { q.Limit, q.After = 0, []any{key} }).Count, `SELECT count(*) FROM (SELECT 1 FROM "plants" WHERE "name" = $1 AND ("id") > ($2) ORDER BY "id" LIMIT 0) AS counted`},
		{"exists", with(func(*Select) {}).Exists, `SELECT EXISTS (SELECT 1 FROM "plants" WHERE "name" = $1)`},
		{"children", func() (Statement, error) {
			return childrenOf(with(func(q *Select) { q.Total, q.Limit = true, 2 }), rel).Rows()
		}, `SELECT ` + ofC + ` FROM (SELECT "id" AS retort_key FROM "plants" WHERE "name" = $1 ORDER BY "id" LIMIT 2) AS p JOIN "plants" AS c ON c."parent_id" = p.retort_key ORDER BY c."id"`},
		{"children_seen", func() (Statement, error) { return childrenOf(with(func(*Select) {}), rel).Seen() }, `SELECT p.retort_key, ` + ofC + ` FROM (SELECT "id" AS retort_key FROM "plants" WHERE "name" = $1) AS p LEFT JOIN "plants" AS c ON c."parent_id" = p.retort_key ORDER BY c."id"`},
		{"children_of", func() (Statement, error) {
			st, err := (&Children{Label: "query.all", Relation: rel, Limit: -1, Parents: Parents{Objects: []mapper.Object{table.Plan.New()}}}).Rows()
			st.SQL = strings.Replace(st.SQL, "retort:query.all", "retort:q", 1)
			return st, err
		}, `SELECT ` + ofC + ` FROM "plants" AS c WHERE c."parent_id" = ANY($1) ORDER BY c."id"`},
		{"children_of_a_distinct_query", func() (Statement, error) {
			return childrenOf(with(func(q *Select) { q.DistinctOn, q.Limit = []Node{Column("DistinctOn", &c.Name)}, 2 }), rel).Rows()
		}, `SELECT ` + ofC + ` FROM (SELECT retort_rows."id" AS retort_key FROM (SELECT DISTINCT ON ("name") ` + columns + ` FROM "plants" WHERE "name" = $1 LIMIT 2) AS retort_rows) AS p JOIN "plants" AS c ON c."parent_id" = p.retort_key ORDER BY c."id"`},
		{"first_children_of", func() (Statement, error) {
			st, err := (&Children{Label: "query.all", Relation: rel, Limit: 2, Parents: Parents{Objects: []mapper.Object{table.Plan.New()}}}).Rows()
			st.SQL = strings.Replace(st.SQL, "retort:query.all", "retort:q", 1)
			return st, err
		}, `SELECT ` + ofC + ` FROM (SELECT DISTINCT * FROM (SELECT u.retort_key FROM unnest($1) AS u(retort_key)) AS retort_all) AS p CROSS JOIN LATERAL (SELECT ` + ofC + ` FROM "plants" AS c WHERE c."parent_id" = p.retort_key ORDER BY c."id" LIMIT 2) AS c ORDER BY c."id"`},
		{"children_by_two_columns", childrenOf(with(func(q *Select) { q.Table, q.Where = pair, nil }), pairRel).Rows, `SELECT ` + ofC + ` FROM (SELECT "height" AS retort_key, "color" AS retort_key2 FROM "plants") AS p JOIN "plants" AS c ON c."height" = p.retort_key AND c."color" = p.retort_key2 ORDER BY c."id"`},
		{"children_seen_by_two_columns", func() (Statement, error) {
			return childrenOf(with(func(q *Select) { q.Table, q.Where = pair, nil }), pairRel).Seen()
		}, `SELECT p.retort_key, p.retort_key2, ` + ofC + ` FROM (SELECT "height" AS retort_key, "color" AS retort_key2 FROM "plants") AS p LEFT JOIN "plants" AS c ON c."height" = p.retort_key AND c."color" = p.retort_key2 ORDER BY c."id"`},
		{"children_of_two_columns", func() (Statement, error) {
			st, err := (&Children{Label: "query.all", Relation: pairRel, Limit: -1, Parents: Parents{Objects: []mapper.Object{table.Plan.New()}}}).Rows()
			st.SQL = strings.Replace(st.SQL, "retort:query.all", "retort:q", 1)
			return st, err
		}, `SELECT ` + ofC + ` FROM "plants" AS c WHERE (c."height", c."color") IN (SELECT u.retort_key, u.retort_key2 FROM unnest($1, $2::"plant color"[]) AS u(retort_key, retort_key2)) ORDER BY c."id"`},
		{"a_page_of_two_keys", with(func(q *Select) { q.Table, q.Where, q.After = pair, nil, []any{int32(1), color("x")} }).Rows, `SELECT ` + columns + ` FROM "plants" WHERE ("height", "color") > ($1, $2) ORDER BY "height", "color"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			st, err := tc.build()
			if diff := cmp.Diff("/* retort:q */ "+tc.want, text(t, st, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestProblemsAreCollected(t *testing.T) {
	t.Parallel()
	table, c := plants(t)
	other := &plant{}
	q := Select{
		Label: "q", Table: table, Limit: -1,
		Where: []Predicate{
			Compare("Lt", &other.Height, int32(1)), Compare("Eq", &c.Note, (*string)(nil)), Compare("Eq", &c.Note, c.Note),
			Compare("Gt", &c.Sold, int32(1)), Like("HasPrefix", &c.Sold, "1"), In(&c.Tags, [][]string{{"a"}}),
			In(&c.Note, []*string{nil}), Like("Like", &c.Name, "secret\x00"), Compare("Eq", &c.Name, "secret\xff"),
		},
		Order: []Order{{Field: &other.Name}, {Field: other, Desc: true}},
	}
	_, err := q.Rows()
	var all []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, e.Error())
		}
	}
	for i, want := range []string{
		"Asc: the field pointer (*string) is not a column", "Desc: the field pointer (*query.plant) is not a column",
		"Lt: the field pointer (*int32) is not a column of query.plant", "Eq: a nil value compares with nothing; use retort.IsNull",
		`Eq: the value for column "note" is a field of a table's stand-in`, "Gt: ", `HasPrefix: column "sold" holds int64, not text`,
		"In: ", "In: a nil value", "Like: ", "Eq: ",
	} {
		if i >= len(all) || !strings.HasPrefix(all[i], "retort: "+want) {
			t.Errorf("problem %d is not %q: %q", i, want, all)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("a value is in %v", err)
	}
	var value *mapper.ValueError
	if !errors.As(err, &value) {
		t.Error("the chain has no ValueError")
	}
}

func TestKeysOfAPage(t *testing.T) {
	t.Parallel()
	table, c := plants(t)
	got, err := (&Select{Table: table, Order: []Order{{Field: &c.Name}, {Field: &c.Height}}}).Keys()
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := table.Find(&c.Name)
	height, _, _ := table.Find(&c.Height)
	if diff := cmp.Diff([]Key{{Column: name}, {Column: height}, {Column: table.Key[0]}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestPredicatesAreValues changes what they were made from.
func TestPredicatesAreValues(t *testing.T) {
	t.Parallel()
	table, c := plants(t)
	ps := []Predicate{IsNull(&c.Note), IsNull(&c.ParentID)}
	for _, p := range []Predicate{And(ps...), Or(ps...)} {
		before, err := (&Select{Table: table, Limit: -1, Where: []Predicate{p}}).Rows()
		if err != nil {
			t.Fatal(err)
		}
		ps[0] = IsNotNull(&c.Tags)
		after, err := (&Select{Table: table, Limit: -1, Where: []Predicate{p}}).Rows()
		if err != nil {
			t.Fatal(err)
		}
		if before.SQL != after.SQL {
			t.Errorf("it became\n%s", after.SQL)
		}
		ps[0] = IsNull(&c.Note)
	}
}

// TestDeepConditions nests as deep as a program might by mistake.
func TestDeepConditions(t *testing.T) {
	t.Parallel()
	table, c := plants(t)
	p := IsNull(&c.Note)
	for range 1000 {
		p = Not(And(p, Or(Predicate{})))
	}
	st, err := (&Select{Table: table, Limit: -1, Where: []Predicate{p}}).Rows()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(st.SQL, "NOT ("); got != 1000 {
		t.Errorf("%d NOTs", got)
	}
}
