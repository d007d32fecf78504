package retort_test

import (
	"errors"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// Stall is taken by one guest at a time, whatever the case of its name.
type Stall struct {
	retort.UUIDKey
	Name  string
	Mail  string
	Block *uuid.UUID
}

// Define declares what the fields cannot say.
func (Stall) Define(d *retort.Definition[Stall]) {
	d.Column(&d.C.Mail).Type("citext")
	d.Index().Expression("lower(name)").Unique()
	d.Unique(&d.C.Mail)
}

// Stay is of a seat.
type Stay struct {
	retort.BigintKey
	StallID uuid.UUID
	From    int32
	Till    int32
}

// Define declares what the fields cannot say.
func (Stay) Define(d *retort.Definition[Stay]) {
	d.References(&d.C.StallID, &stalls.C.ID).OnDelete(schema.Cascade)
	d.Exclude().WithExpression("int4range(\"from\", till)", "&&")
}

var (
	stalls = retort.NewTable[Stall]("stalls")
	stays  = retort.NewTable[Stay]("stays")
)

// Crate has a label that no other has, and jars; the database makes their keys.
type Crate struct {
	retort.BigintKey
	Label string
	Jars  retort.Many[Jar]
}

// Define declares what the fields cannot say.
func (Crate) Define(d *retort.Definition[Crate]) {
	d.Unique(&d.C.Label)
	retort.HasMany(d, &d.C.Jars, jars, func(j *Jar) *int64 { return &j.CrateID })
}

// Jar is in a crate, at a place of its own.
type Jar struct {
	retort.BigintKey
	CrateID int64
	Place   int32
}

// Define declares what the fields cannot say.
func (Jar) Define(d *retort.Definition[Jar]) {
	d.References(&d.C.CrateID, &crates.C.ID)
	d.Unique(&d.C.Place)
}

var (
	crates = retort.NewTable[Crate]("crates")
	jars   = retort.NewTable[Jar]("jars")
)

func newTheater(tb testing.TB) bench {
	tb.Helper()
	seen := &recorder{}
	b := bench{retorttest.New(tb, retort.NewBase(stalls, stays, retort.Extension("citext")), func(c *retort.Config) { c.Observer = seen }), seen}
	return b
}

// oneCrate is a session with a crate and the one jar in it, both committed.
func oneCrate(t *testing.T) (bench, *retort.Session, *Crate, *Jar) {
	t.Helper()
	b := bench{retorttest.New(t, retort.NewBase(crates, jars)), nil}
	s := b.session(t)
	crate := &Crate{Label: "x", Jars: retort.ManyOf(&Jar{Place: 1})}
	s.Add(crate)
	must(t, s.Commit(t.Context()))
	list, err := crate.Jars.All()
	must(t, err)
	return b, s, crate, list[0]
}

// replaced puts next in the place of old in one flush, which takes one round trip.
func replaced(t *testing.T, b bench, old, next any) {
	t.Helper()
	s := b.session(t)
	s.Add(old)
	must(t, s.Commit(t.Context()))
	s.Delete(old)
	s.Add(next)
	if n := b.RoundTrips(func() { must(t, s.Commit(t.Context())) }); n != 1 {
		t.Errorf("%d round trips", n)
	}
}

func TestRoomIsMadeForWhatTheServerCompares(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	t.Run("by_an_expression", func(t *testing.T) {
		t.Parallel()
		replaced(t, newTheater(t), &Stall{Name: "Ann", Mail: "a"}, &Stall{Name: "ann", Mail: "b"})
	})
	t.Run("by_a_collation", func(t *testing.T) {
		t.Parallel()
		replaced(t, newTheater(t), &Stall{Name: "Ann", Mail: "A@x"}, &Stall{Name: "bob", Mail: "a@x"})
	})
	t.Run("by_an_exclusion", func(t *testing.T) {
		t.Parallel()
		b := newTheater(t)
		stall := &Stall{Name: "Ann", Mail: "a"}
		commit(t, b.Engine, stall)
		replaced(t, b, &Stay{StallID: stall.ID, From: 1, Till: 5}, &Stay{StallID: stall.ID, From: 3, Till: 9})
	})
	t.Run("where_a_row_below_moves_to_the_taker", func(t *testing.T) {
		t.Parallel()
		b := newForest(t)
		s := b.session(t)
		slot := int32(1)
		old := &Node{Name: "n", Slot: &slot}
		s.Add(old)
		leaf := &Leaf{NodeID: old.ID, Label: "l"}
		s.Add(leaf)
		must(t, s.Commit(ctx))
		s.Delete(old)
		next := &Node{Name: "n", Slot: &slot}
		s.Add(next)
		leaf.NodeID = next.ID
		must(t, s.Commit(ctx))
		if got := b.Rows(t, "SELECT label FROM leaves"); !cmp.Equal(got, []string{"l"}) {
			t.Errorf("leaves %v", got)
		}
	})
	t.Run("where_a_row_below_moves_and_the_value_cannot_be_NULL", func(t *testing.T) {
		t.Parallel()
		b := newTheater(t)
		s := b.session(t)
		old := &Stall{Name: "a", Mail: "a"}
		s.Add(old)
		stay := &Stay{StallID: old.ID, From: 1, Till: 5}
		s.Add(stay)
		must(t, s.Commit(ctx))
		s.Delete(old)
		next := &Stall{Name: "b", Mail: "a"}
		s.Add(next)
		stay.StallID = next.ID
		err := s.Commit(ctx)
		var swap *retort.SwapError
		if !errors.As(err, &swap) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("where_the_database_makes_the_keys", func(t *testing.T) {
		t.Parallel()
		b, s, old, jar := oneCrate(t)
		s.Delete(jar, old)
		s.Add(&Crate{Label: "x", Jars: retort.ManyOf(&Jar{Place: 1})})
		if n := b.RoundTrips(func() { must(t, s.Commit(ctx)) }); n != 2 {
			t.Errorf("%d round trips", n)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM crates c JOIN jars j ON j.crate_id = c.id WHERE c.label = 'x'"); n != 1 {
			t.Errorf("%d jars", n)
		}
	})
	t.Run("where_a_row_moves_to_one_whose_key_the_database_makes", func(t *testing.T) {
		t.Parallel()
		_, s, old, jar := oneCrate(t)
		next := &Crate{Label: "x"}
		s.Add(next)
		must(t, next.Jars.Append(jar))
		s.Delete(old)
		var swap *retort.SwapError
		if err := s.Commit(ctx); !errors.As(err, &swap) || swap.Constraint != "uq_crates_label" || len(swap.Keys) != 2 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("but_an_exchange_by_an_expression_is_the_servers_to_judge", func(t *testing.T) {
		t.Parallel()
		s := newTheater(t).session(t)
		one, two := &Stall{Name: "Ann", Mail: "a"}, &Stall{Name: "bob", Mail: "b"}
		s.Add(one, two)
		must(t, s.Commit(ctx))
		one.Name, two.Name = "BOB", "ann"
		if err := s.Commit(ctx); pgerr.KindOf(err) != pgerr.Unique {
			t.Errorf("got %v", err)
		}
	})
	t.Run("but_an_exchange_in_a_partial_index_is_the_servers_to_judge", func(t *testing.T) {
		t.Parallel()
		s := newBench(t).session(t)
		author := newAuthor("a")
		s.Add(author)
		one, two := newBook(author, "x"), newBook(author, "y")
		one.InPrint, two.InPrint = true, true
		s.Add(one, two)
		must(t, s.Commit(ctx))
		one.Title, two.Title = two.Title, one.Title
		if err := s.Commit(ctx); pgerr.KindOf(err) != pgerr.Unique {
			t.Errorf("got %v", err)
		}
	})
	t.Run("by_what_the_row_holds", func(t *testing.T) {
		t.Parallel()
		b := newForest(t)
		s := b.session(t)
		node := &Node{Name: "n"}
		s.Add(node)
		old := &Leaf{NodeID: node.ID, Label: "l"}
		s.Add(old)
		must(t, s.Commit(ctx))
		old.Label = "changed before it goes"
		s.Delete(old)
		s.Add(&Leaf{NodeID: node.ID, Label: "l"})
		must(t, s.Commit(ctx))
	})
	t.Run("where_the_constraint_can_wait", func(t *testing.T) {
		t.Parallel()
		b := newLeague(t)
		s := b.session(t)
		team := &Team{Name: "x"}
		s.Add(team)
		m, other := &Player{TeamID: team.ID, Shirt: 1, Locker: 1}, &Player{TeamID: team.ID, Shirt: 2, Locker: 2}
		s.Add(m, other)
		team.CaptainID = &m.ID
		must(t, s.Commit(ctx))
		next := &Player{TeamID: team.ID, Shirt: 3, Locker: 1}
		s.Add(next)
		team.CaptainID = &next.ID
		s.Delete(m)
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM teams JOIN players p ON p.id = captain_id WHERE shirt = 3"); n != 1 {
			t.Errorf("%d", n)
		}
	})
	t.Run("by_an_update_that_refers_to_the_taker", func(t *testing.T) {
		t.Parallel()
		b := newForest(t)
		s := b.session(t)
		slot, other := int32(1), int32(2)
		old := &Node{Name: "n", Slot: &slot}
		s.Add(old)
		must(t, s.Commit(ctx))
		next := &Node{Name: "n", Slot: &slot}
		s.Add(next)
		old.Slot, old.ParentID = &other, &next.ID
		must(t, s.Commit(ctx))
	})
}
