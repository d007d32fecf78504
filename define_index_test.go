package retort_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// Lot says everything that can be said about columns and indexes.
type Lot struct {
	ID     int64
	Title  string
	Low    int
	High   int
	Size   int
	Folded *string
	Place  *string
	Tags   []string
	retort.Version
}

func (Lot) Define(d *retort.Definition[Lot]) {
	d.PrimaryKey(&d.C.ID)
	d.Comment("What's for sale")
	d.Storage("fillfactor = 70")
	d.Unlogged()
	d.Column(&d.C.ID).Identity(schema.IdentityAlways).Sequence(100, 5).Comment("on the label")
	d.Column(&d.C.Title).Collation("C")
	d.Column(&d.C.Size).Generated("high - low")
	d.Column(&d.C.Folded).Generated("nullif(lower(title), '')")
	d.Index(&d.C.Tags).Using("gin").Storage("fastupdate = off")
	d.Index(&d.C.Low).Expression("lower(title)").Then(&d.C.High).
		Desc(&d.C.Low, "lower(title)").Nulls("lower(title)", schema.NullsLast).Ops("lower(title)", "text_pattern_ops").
		Collation("lower(title)", "POSIX").Include(&d.C.Place).Where("low > 0")
	d.Index().Expression("upper(title)").Unique().NullsNotDistinct()
	d.Unique(&d.C.Place, &d.C.Low).NullsNotDistinct().Include(&d.C.Title)
	d.Exclude().WithExpression("int8range(low, high)", "&&").Ops("int8range(low, high)", "range_ops").
		Where("place IS NULL").Include(&d.C.Low).Deferrable(schema.InitiallyImmediate)
	d.Exclude().With(&d.C.Title, "=").Using("hash").Name("one_title")
}

func TestWideDefinitions(t *testing.T) {
	t.Parallel()
	lots := retort.NewTable[Lot]("lots")
	base := retort.NewBase(lots)

	t.Run("become_facts_of_the_schema", func(t *testing.T) {
		t.Parallel()
		text, err := base.SQL()
		must(t, err)
		golden(t, "lots.sql", text)
	})

	k := retorttest.New(t, base)
	must(t, base.CreateAll(t.Context(), k.Engine)) // which compares

	t.Run("bring_generated_values_back_at_every_write", func(t *testing.T) {
		ctx := t.Context()
		s := k.Engine.Session()
		defer s.Close(ctx)
		lot := &Lot{Title: "Desk", Low: 1, High: 4, Tags: []string{}}
		s.Add(lot)
		must(t, s.Flush(ctx))
		if lot.ID != 100 || lot.Size != 3 || lot.Folded == nil || *lot.Folded != "desk" {
			t.Errorf("after INSERT: %+v", lot)
		}
		lot.High, lot.Title = 9, ""
		must(t, s.Flush(ctx))
		if lot.Size != 8 || lot.Folded != nil || lot.Version.Version != 2 {
			t.Errorf("after UPDATE: %+v", lot)
		}
		lot.Size = 1
		if err := s.Flush(ctx); err == nil || !strings.Contains(err.Error(), `column "size" is made by the database`) {
			t.Errorf("a generated column was changed: %v", err)
		}
		lot.Size = 8
		must(t, s.Commit(ctx))
	})

	t.Run("take_a_generated_value_back_with_the_transaction", func(t *testing.T) {
		ctx := t.Context()
		s := k.Engine.Session()
		defer s.Close(ctx)
		lot := &Lot{Title: "Chair", Low: 10, High: 12, Tags: []string{}, Place: new("hall")}
		s.Add(lot)
		must(t, s.Flush(ctx))
		must(t, s.Rollback(ctx))
		if lot.ID != 0 || lot.Size != 0 || lot.Folded != nil {
			t.Errorf("after Rollback: %+v", lot)
		}
	})
}

type wrongIndexes struct {
	retort.UUIDKey
	A, B string
	G    int
}

func (wrongIndexes) Define(d *retort.Definition[wrongIndexes]) {
	other := ""
	d.Index()
	d.Index(&d.C.A).Desc(&d.C.B).Ops("lower(a)", "x")
	d.Index(&other)
	d.Index(&d.C.A).Name("b").Include(&other)
	d.Index(&d.C.A).Name("c").Using("hash").Desc(&d.C.A)
	d.Exclude()
	d.Exclude().With(&d.C.A, "")
	d.Column(&d.C.G).Generated("1").Default("1")
	d.Column(&d.C.A).Generated("'x'").OnUpdate("now()")
	d.Column(&d.C.B).Sequence(1, 1)
}

func TestWideDefinitionsThatAreWrong(t *testing.T) {
	t.Parallel()
	text := baseError(t, retort.NewTable[wrongIndexes]("wrong"))
	var got []string
	for line := range strings.Lines(text) {
		got = append(got, strings.TrimSpace(line))
	}
	want := []string{
		"retort: Open found 11 problems:",
		"retort: model retort_test.wrongIndexes: Column: field A is generated and so never written; remove OnUpdate and MadeBy",
		"retort: model retort_test.wrongIndexes: Index: no field given",
		"retort: model retort_test.wrongIndexes: Index: a method names a part that it does not have (*string); pass the same field pointer, or the same text as to Expression",
		"retort: model retort_test.wrongIndexes: Index: a method names a part that it does not have (string); pass the same field pointer, or the same text as to Expression",
		"retort: model retort_test.wrongIndexes: Index: got a *string that is no field of d.C; pass its address, as in &d.C.Field",
		"retort: model retort_test.wrongIndexes: Index.Include: got a *string that is no field of d.C; pass its address, as in &d.C.Field",
		"retort: model retort_test.wrongIndexes: Exclude: no field given",
		"ddl: table wrong: column b: it has a start or an increment, but it is no identity column",
		"ddl: table wrong: column g: it is generated and has a default; PostgreSQL takes one of them",
		"ddl: table wrong: constraint ex_wrong_a: part 1 has no operator",
		"ddl: table wrong: index c: it is ordered, which hash indexes are not",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
