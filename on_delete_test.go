package retort_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// Harbor is referred to with every rule for its end.
type Harbor struct {
	Name  string
	Boats retort.Many[Boat]
}

// Boat may be without its harbor.
type Boat struct {
	retort.BigintKey
	Home   *string
	TugID  *int64
	Name   string
	Harbor retort.One[Harbor]
	Tug    retort.One[Boat]
}

// Buoy goes to the open sea then.
type Buoy struct {
	retort.BigintKey
	Harbor string
	Color  string
}

// Crane keeps its harbor, Lamp goes with it.
type Crane struct {
	retort.BigintKey
	Harbor string
}

type Lamp struct {
	retort.BigintKey
	Harbor string
}

func (Harbor) Define(d *retort.Definition[Harbor]) {
	d.PrimaryKey(&d.C.Name)
	retort.HasMany(d, &d.C.Boats, boats, func(b *Boat) *string { return b.Home })
}

func (Boat) Define(d *retort.Definition[Boat]) {
	d.References(d.C.Home, &harbors.C.Name).OnDelete(schema.SetNull)
	d.References(d.C.TugID, &boats.C.ID)
	retort.BelongsTo(d, &d.C.Harbor, harbors, d.C.Home)
	retort.BelongsTo(d, &d.C.Tug, boats, d.C.TugID)
}

func (Buoy) Define(d *retort.Definition[Buoy]) {
	d.Column(&d.C.Harbor).Default("'open sea'")
	d.References(&d.C.Harbor, &harbors.C.Name).OnDelete(schema.SetDefault)
}

func (Crane) Define(d *retort.Definition[Crane]) {
	d.References(&d.C.Harbor, &harbors.C.Name).OnDelete(schema.Restrict)
}

func (Lamp) Define(d *retort.Definition[Lamp]) {
	d.References(&d.C.Harbor, &harbors.C.Name).OnDelete(schema.Cascade)
}

var (
	harbors = retort.NewTable[Harbor]("harbors")
	boats   = retort.NewTable[Boat]("boats")
	buoys   = retort.NewTable[Buoy]("buoys")
	cranes  = retort.NewTable[Crane]("cranes")
	lamps   = retort.NewTable[Lamp]("lamps")
	coast   = retort.NewBase(harbors, boats, buoys, cranes, lamps)
)

// TestWhatForeignKeysDoToObjects deletes a row and looks at the loaded objects that
// referred to it.
func TestWhatForeignKeysDoToObjects(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	seen := &recorder{}
	b := bench{retorttest.New(t, coast, func(c *retort.Config) { c.Observer = seen }), seen}
	setup := func(t *testing.T) (s *retort.Session, port *Harbor) {
		t.Helper()
		b.Exec(t, "TRUNCATE harbors, boats, buoys, cranes, lamps")
		b.Exec(t, "INSERT INTO harbors VALUES ('port'), ('open sea')")
		s = b.session(t)
		return s, val(harbors.Get(ctx, s, "port"))(t)
	}
	port := new("port")

	t.Run("set_null_sets_the_field_and_the_relation", func(t *testing.T) {
		s, h := setup(t)
		loaded, unread := &Boat{Home: port, Name: "loaded"}, &Boat{Home: port, Name: "unread"}
		commit(t, b.Engine, unread)
		s.Add(loaded)
		must(t, s.Commit(ctx))
		must(t, retort.LoadRelated(ctx, s, []*Boat{loaded}, &boats.C.Harbor))
		s.Delete(h)
		must(t, s.Flush(ctx))
		if of := val(loaded.Harbor.Get())(t); loaded.Home != nil || of != nil {
			t.Errorf("home %v, harbor %v", loaded.Home, of)
		}
		b.seen.take()
		loaded.Name = "adrift"
		must(t, s.Commit(ctx))
		if got := strings.Join(b.seen.lines(), "\n"); !strings.Contains(got, `SET "name" =`) || strings.Contains(got, "home") {
			t.Errorf("what the database did is written again: %s", got)
		}
		if got := b.Rows(t, "SELECT name || coalesce(home, '-') FROM boats ORDER BY 1"); !cmp.Equal(got, []string{"adrift-", "unread-"}) {
			t.Errorf("rows %q", got)
		}
	})
	t.Run("set_null_leaves_changes_that_wait_for_a_key_of_the_database", func(t *testing.T) {
		s, h := setup(t)
		boat := &Boat{Home: port, Name: "old"}
		s.Add(boat)
		must(t, s.Commit(ctx))
		s.Delete(h)
		s.Add(&Harbor{Name: "port"}) // so the other has to go first
		boat.Name = "new"
		must(t, boat.Tug.Set(&Boat{Name: "tug"}))
		must(t, s.Commit(ctx))
		want := []string{"new - tug", "tug - -"}
		got := b.Rows(t, "SELECT b.name || ' ' || coalesce(b.home, '-') || ' ' || coalesce(t.name, '-') FROM boats b LEFT JOIN boats t ON t.id = b.tug_id ORDER BY 1")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("set_default_has_the_object_read_again", func(t *testing.T) {
		s, h := setup(t)
		buoy := &Buoy{Harbor: "port", Color: "red"}
		s.Add(buoy)
		must(t, s.Commit(ctx))
		buoy.Color = "green" // in the same flush
		s.Delete(h)
		must(t, s.Flush(ctx))
		again := val(buoys.Get(ctx, s, buoy.ID))(t)
		if again != buoy || buoy.Harbor != "open sea" || buoy.Color != "green" {
			t.Errorf("%v, %+v", again == buoy, buoy)
		}
		must(t, s.Commit(ctx))
		if got := b.QueryString(t, "SELECT harbor || ' ' || color FROM buoys"); got != "open sea green" {
			t.Errorf("row %q", got)
		}
	})
	t.Run("cascade_deletes_the_objects", func(t *testing.T) {
		s, h := setup(t)
		lamp := &Lamp{Harbor: "port"}
		s.Add(lamp)
		must(t, s.Commit(ctx))
		s.Delete(h)
		b.seen.take()
		must(t, s.Flush(ctx))
		wantState(t, s, lamp, "deleted")
		if got := b.seen.lines(); len(got) != 2 { // BEGIN and one DELETE: the database does the rest
			t.Errorf("%q", got)
		}
		must(t, s.Commit(ctx))
		wantState(t, s, lamp, "detached")
	})
	t.Run("restrict_refuses_and_nothing_has_changed", func(t *testing.T) {
		s, h := setup(t)
		crane, lamp, boat := &Crane{Harbor: "port"}, &Lamp{Harbor: "port"}, &Boat{Home: port}
		s.Add(crane, lamp, boat)
		must(t, s.Commit(ctx))
		err := s.Savepoint(ctx, func(context.Context) error {
			s.Delete(h)
			return nil
		})
		if c := pgerr.Constraint(err); c == nil || c.Kind != pgerr.ForeignKey || c.Constraint != "fk_cranes_harbor_harbors" {
			t.Fatalf("%v", err)
		}
		for _, o := range []any{h, crane, lamp, boat} {
			if state := s.State(o); state != "persistent" {
				t.Errorf("%T is %s", o, state)
			}
		}
		if boat.Home == nil || *boat.Home != "port" {
			t.Errorf("home %v", boat.Home)
		}
		s.Delete(crane, h) // together they can go
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM harbors"); n != 1 || boat.Home != nil {
			t.Errorf("%d harbors, home %v", n, boat.Home)
		}
	})
	t.Run("and_it_is_taken_back_by_a_savepoint", func(t *testing.T) {
		s, h := setup(t)
		boat, buoy, lamp := &Boat{Home: port}, &Buoy{Harbor: "port"}, &Lamp{Harbor: "port"}
		s.Add(boat, buoy, lamp)
		must(t, s.Commit(ctx))
		must(t, retort.LoadRelated(ctx, s, []*Harbor{h}, &harbors.C.Boats))
		wantErr(t, s.Savepoint(ctx, func(ctx context.Context) error {
			s.Delete(h)
			must(t, s.Flush(ctx))
			return errNo
		}), errNo)
		rows := val(h.Boats.All())(t)
		if boat.Home == nil || buoy.Harbor != "port" || len(rows) != 1 || rows[0] != boat {
			t.Errorf("home %v, buoy of %s, %d boats", boat.Home, buoy.Harbor, len(rows))
		}
		wantState(t, s, lamp, "persistent")
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM boats JOIN harbors ON home = harbors.name"); n != 1 {
			t.Errorf("%d boats at home", n)
		}
	})
}
