package retort_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// Team and Player refer to each other: the team to its captain, members to their
// team.
type Team struct {
	retort.UUIDKey
	retort.Version
	Name      string
	CaptainID *uuid.UUID
	SponsorID *uuid.UUID // may wait for COMMIT
}

// Define declares what the fields cannot say.
func (Team) Define(d *retort.Definition[Team]) {
	d.References(d.C.CaptainID, &Players.C.ID)
	d.References(d.C.SponsorID, &Players.C.ID).Deferrable(schema.InitiallyImmediate)
	d.Unique(&d.C.Name)
}

// Player is of a team.
type Player struct {
	retort.UUIDKey
	TeamID uuid.UUID
	Place  *int32
	Shirt  int32
	Locker int32
}

// Define declares what the fields cannot say.
func (Player) Define(d *retort.Definition[Player]) {
	d.References(&d.C.TeamID, &Teams.C.ID)
	d.Unique(&d.C.TeamID, d.C.Place)
	d.Unique(&d.C.TeamID, &d.C.Shirt)
	d.Unique(&d.C.TeamID, &d.C.Locker).Deferrable(schema.InitiallyImmediate)
}

// Hen and Egg need each other at once.
type Hen struct {
	retort.UUIDKey
	EggID uuid.UUID
}

// Define declares what the fields cannot say.
func (Hen) Define(d *retort.Definition[Hen]) { d.References(&d.C.EggID, &Eggs.C.ID) }

// Egg is a hen's.
type Egg struct {
	retort.UUIDKey
	HenID uuid.UUID
}

// Define declares what the fields cannot say.
func (Egg) Define(d *retort.Definition[Egg]) { d.References(&d.C.HenID, &Hens.C.ID) }

var (
	Teams   = retort.NewTable[Team]("teams")
	Players = retort.NewTable[Player]("players")
	Hens    = retort.NewTable[Hen]("hens")
	Eggs    = retort.NewTable[Egg]("eggs")
	league  = retort.NewBase(Teams, Players, Hens, Eggs)
)

func newLeague(tb testing.TB) bench {
	tb.Helper()
	seen := &recorder{}
	return bench{retorttest.New(tb, league, func(c *retort.Config) { c.Observer = seen }), seen}
}

func TestCirclesBetweenTables(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	t.Run("a_nullable_key_is_set_behind_the_other_row", func(t *testing.T) {
		t.Parallel()
		b := newLeague(t)
		s := b.session(t)
		for i := range 3 {
			team := &Team{Name: fmt.Sprint(i)}
			s.Add(team)
			captain := &Player{TeamID: team.ID}
			s.Add(captain)
			team.CaptainID = &captain.ID
		}
		if n := b.RoundTrips(func() { must(t, s.Commit(ctx)) }); n != 1 {
			t.Errorf("%d round trips", n)
		}
		if diff := cmp.Diff([]string{"INSERT teams", "INSERT players", "UPDATE teams"}, b.seen.verbs()); diff != "" {
			t.Error(diff)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM teams t JOIN players m ON m.id = t.captain_id AND m.team_id = t.id WHERE t.version = 1"); n != 3 {
			t.Errorf("%d teams have their captain", n)
		}
		teams, err := Teams.Query().All(ctx, s)
		must(t, err)
		members, err := Players.Query().All(ctx, s)
		must(t, err)
		for i := range teams {
			s.Delete(teams[i], members[i])
		}
		b.seen.take()
		must(t, s.Commit(ctx))
		if diff := cmp.Diff([]string{"UPDATE teams", "DELETE players", "DELETE teams"}, b.seen.verbs()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a_key_that_was_made_NULL_is_in_the_row_that_is_deleted_still", func(t *testing.T) {
		t.Parallel()
		b := newLeague(t)
		s := b.session(t)
		team := &Team{Name: "x"}
		s.Add(team)
		captain := &Player{TeamID: team.ID}
		s.Add(captain)
		team.CaptainID = &captain.ID
		must(t, s.Commit(ctx))
		team.CaptainID = nil
		s.Delete(team, captain)
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM players"); n != 0 {
			t.Errorf("%d players", n)
		}
	})
	t.Run("a_deferrable_key_waits", func(t *testing.T) {
		t.Parallel()
		b := newLeague(t)
		s := b.session(t)
		team := &Team{Name: "x"}
		s.Add(team)
		sponsor := &Player{TeamID: team.ID}
		s.Add(sponsor)
		team.SponsorID = &sponsor.ID
		must(t, s.Flush(ctx))
		want := []string{
			"BEGIN", `SET CONSTRAINTS "fk_teams_sponsor_id_players" DEFERRED`, `INSERT INTO "teams"`, `INSERT INTO "players"`, `SET CONSTRAINTS "fk_teams_sponsor_id_players" IMMEDIATE`,
		}
		var got []string
		for i, line := range b.seen.lines() {
			if i == 2 || i == 3 {
				line, _, _ = cutAfter(line, `s"`)
			}
			got = append(got, line)
		}
		if len(got) == len(want) {
			got[2], got[3] = got[2][:len(want[2])], got[3][:len(want[3])]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		s.Delete(team, sponsor)
		must(t, s.Commit(ctx))
	})
	t.Run("an_old_row_comes_to_refer_to_a_new_one", func(t *testing.T) {
		t.Parallel()
		b := newLeague(t)
		s := b.session(t)
		team := &Team{Name: "x"}
		s.Add(team)
		must(t, s.Commit(ctx))
		captain := &Player{TeamID: team.ID}
		s.Add(captain)
		team.CaptainID, team.Name = &captain.ID, "y"
		must(t, s.Commit(ctx))
		if team.Version.Version != 2 {
			t.Errorf("version %d", team.Version.Version)
		}
	})
	t.Run("without_a_way_nothing_is_sent", func(t *testing.T) {
		t.Parallel()
		b := newLeague(t)
		s := b.session(t)
		hen := &Hen{}
		s.Add(hen)
		egg := &Egg{HenID: hen.ID}
		s.Add(egg)
		hen.EggID = egg.ID
		var err error
		if n := b.RoundTrips(func() { err = s.Commit(ctx) }); n != 0 {
			t.Errorf("%d round trips", n)
		}
		var cycle *retort.CycleError
		if !errors.As(err, &cycle) || cycle.Constraint != "fk_hens_egg_id_eggs" {
			t.Errorf("got %v", err)
		}
		wantErr(t, err, nil, "docs/errors.md#cycle", "InitiallyDeferred")
	})
}

func TestUniqueValuesMove(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	setup := func(t *testing.T) (bench, *retort.Session, []*Player) {
		t.Helper()
		b := newLeague(t)
		s := b.session(t)
		team := &Team{Name: "x"}
		s.Add(team)
		members := make([]*Player, 4)
		for i := range members {
			n := int32(i)
			members[i] = &Player{TeamID: team.ID, Place: &n, Shirt: n, Locker: n}
			s.Add(members[i])
		}
		must(t, s.Commit(ctx))
		return b, s, members
	}
	t.Run("along_a_chain", func(t *testing.T) {
		t.Parallel()
		b, s, m := setup(t)
		for _, member := range m {
			member.Shirt++ // each takes the shirt of the next
		}
		must(t, s.Commit(ctx))
		m[0].Shirt, m[3].Shirt = m[3].Shirt, 10
		must(t, s.Commit(ctx))
		if got := b.Rows(t, "SELECT shirt FROM players ORDER BY locker"); !cmp.Equal(got, []string{"4", "2", "3", "10"}) {
			t.Errorf("shirts %v", got)
		}
	})
	t.Run("in_a_circle_of_nullable_ones", func(t *testing.T) {
		t.Parallel()
		b, s, m := setup(t)
		m[0].Place, m[1].Place, m[2].Place = m[1].Place, m[2].Place, m[0].Place
		if n := b.RoundTrips(func() { must(t, s.Commit(ctx)) }); n != 1 {
			t.Errorf("%d round trips", n)
		}
		if got := b.Rows(t, "SELECT place FROM players ORDER BY locker"); !cmp.Equal(got, []string{"1", "2", "0", "3"}) {
			t.Errorf("places %v", got)
		}
	})
	t.Run("in_a_circle_of_deferrable_ones", func(t *testing.T) {
		t.Parallel()
		b, s, m := setup(t)
		m[0].Locker, m[1].Locker = m[1].Locker, m[0].Locker
		must(t, s.Commit(ctx))
		if got := b.Rows(t, "SELECT locker FROM players ORDER BY shirt"); !cmp.Equal(got, []string{"1", "0", "2", "3"}) {
			t.Errorf("lockers %v", got)
		}
	})
	t.Run("in_a_circle_without_a_way_nothing_is_sent", func(t *testing.T) {
		t.Parallel()
		b, s, m := setup(t)
		m[0].Shirt, m[1].Shirt, m[2].Locker = 1, 0, 9
		var err error
		if n := b.RoundTrips(func() { err = s.Commit(ctx) }); n != 0 {
			t.Errorf("%d round trips", n)
		}
		var swap *retort.SwapError
		if !errors.As(err, &swap) || len(swap.Keys) != 2 || !cmp.Equal(swap.Columns, []string{"team_id", "shirt"}) {
			t.Errorf("got %v", err)
		}
		wantErr(t, err, nil, `2 rows of "players"`, "docs/errors.md#swap")
		m[1].Shirt = 11 // a third value in between
		must(t, s.Flush(ctx))
		m[1].Shirt = 0
		must(t, s.Commit(ctx))
	})
}

// TestTheDatabaseDeletesFurther looks at objects whose rows go, or change, with
// others.
func TestTheDatabaseDeletesFurther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s := b.session(t)
	a, other := newAuthor("a"), newAuthor("b")
	s.Add(a, other)
	x, y, z := newBook(a, "x"), newBook(a, "y"), newBook(other, "z")
	s.Add(x, y, z)
	must(t, s.Commit(ctx))
	b.seen.take()
	x.Pages++
	s.Delete(a)
	must(t, s.Flush(ctx))
	if diff := cmp.Diff([]string{"UPDATE books", "DELETE authors"}, b.seen.verbs()); diff != "" {
		t.Error(diff)
	}
	for _, book := range []*Book{x, y} {
		wantState(t, s, book, "deleted")
		_, err := Books.Get(ctx, s, book.ID)
		wantErr(t, err, retort.ErrNotFound)
	}
	wantState(t, s, z, "persistent")
	x.Title = "too late"
	must(t, s.Commit(ctx))
	wantState(t, s, x, "detached")
	if got := b.Rows(t, "SELECT title FROM books"); !cmp.Equal(got, []string{"z"}) {
		t.Errorf("books %v", got)
	}
}
