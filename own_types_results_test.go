package retort_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

func TestOwnTypesComeOutOfSelections(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, woodland)
	ctx := t.Context()
	want := newFrond()
	commit(t, k.Engine, want)
	c := fronds.C
	type result struct {
		Span   *pgtype.Range[float64]
		Spans  pgtype.Multirange[pgtype.Range[float64]]
		Stars  []Stars
		ISBNs  []ISBN
		Places []Place
		Moods  []Mood
	}
	var row result
	targets := []retort.Target{
		retort.IntoNull(&row.Span, &c.Span), retort.Into(&row.Spans, &c.Spans), retort.Into(&row.Stars, retort.ArrayAgg(retort.Col(&c.Stars))),
		retort.Into(&row.ISBNs, retort.ArrayAgg(retort.Col(&c.ISBN))), retort.Into(&row.Places, retort.ArrayAgg(retort.Col(&c.Place))), retort.Into(&row.Moods, &c.Moods),
	}
	expected := result{&want.Span, want.Spans, []Stars{want.Stars}, []ISBN{want.ISBN}, []Place{want.Place}, want.Moods}
	for use := range 2 { // the first one of the connection, and the second
		s := k.Engine.Session()
		got, err := retort.Select(fronds.Query().GroupBy(&c.ID), &row, targets...).One(ctx, s)
		if diff := cmp.Diff(expected, got); err != nil || diff != "" {
			t.Errorf("Select, use %d: %v\n%s", use, err, diff)
		}
		var own struct{ Span *pgtype.Range[float64] }
		changed, err := retort.Returning(fronds.Update(retort.Set(&c.Stars, 5)).AllRows(), &own, retort.IntoNull(&own.Span, &c.Span)).All(ctx, s)
		if err != nil || len(changed) != 1 || *changed[0].Span != want.Span {
			t.Errorf("Returning, use %d: %v, %v", use, changed, err)
		}
		span, err := retort.Values(fronds.Query(), retort.Coalesce(retort.Col(&c.Span), want.Span)).One(ctx, s)
		if err != nil || span != want.Span {
			t.Errorf("Values, use %d: %v, %v", use, span, err)
		}
		span, err = retort.SQL[pgtype.Range[float64]]("SELECT span FROM app.fronds WHERE span = $1 AND spans = ANY($2::floatspans[])", want.Span,
			[]pgtype.Multirange[pgtype.Range[float64]]{want.Spans}).One(ctx, s)
		if err != nil || span != want.Span {
			t.Errorf("raw SQL, use %d: %v, %v", use, span, err)
		}
		must(t, s.Close(ctx))
	}
}

// Domicile has a document.
type Domicile struct {
	retort.BigintKey
	Doc   address
	Maybe *address
}

// Define says that the documents are jsonb.
func (Domicile) Define(d *retort.Definition[Domicile]) {
	d.Column(&d.C.Doc).Type("jsonb")
	d.Column(&d.C.Maybe).Type("jsonb")
}

func TestValuesReadsAStructThatIsADocument(t *testing.T) {
	t.Parallel()
	domiciles := retort.NewTable[Domicile]("domiciles")
	k := retorttest.New(t, retort.NewBase(domiciles))
	ctx := t.Context()
	want := address{"Elm St", []int{1, 2}}
	commit(t, k.Engine, &Domicile{Doc: want})
	s := k.Engine.Session()
	defer s.Close(ctx)
	c := domiciles.C
	got, err := retort.Values(domiciles.Query(), retort.Col(&c.Doc)).One(ctx, s)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	both, err := retort.UnionAll(retort.Values(domiciles.Query(), retort.Col(&c.Doc)), retort.Values(domiciles.Query(), retort.Coalesce(retort.Col(c.Maybe), address{}))).All(ctx, s)
	if diff := cmp.Diff([]address{want, {}}, both); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	n, err := domiciles.Where(retort.InQuery(&c.Doc, retort.Values(domiciles.Query(), retort.Col(c.Maybe)))).Count(ctx, s)
	if err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
}
