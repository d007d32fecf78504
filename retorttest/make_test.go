package retorttest_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// Mood is an enum.
type Mood string

// Owner is a parent with a key of the database's, and a parent of its own.
type Owner struct {
	retort.BigintKey
	Country string
	Name    string
}

// Define declares what the fields cannot say.
func (Owner) Define(d *retort.Definition[Owner]) {
	d.References(&d.C.Country, &Countries.C.Code)
	d.Unique(&d.C.Name)
}

// Country has a short key that the program gives.
type Country struct {
	Code string
}

// Define declares what the fields cannot say.
func (Country) Define(d *retort.Definition[Country]) {
	d.PrimaryKey(&d.C.Code)
	d.Column(&d.C.Code).Type("char(2)")
}

// Pet has a column of every kind that Make fills.
type Pet struct {
	retort.UUIDKey
	retort.AppTimestamps
	retort.Version
	retort.SoftDelete
	OwnerID  int64
	SitterID *int64
	Mood     Mood
	Name     string
	Tag      string
	Legs     int16
	Weight   float64
	Tame     bool
	Chip     uuid.UUID
	Photo    []byte
	Born     time.Time
	SeenAt   time.Time
	Toys     []string
	Extra    json.RawMessage
	Habits   map[string]any
	Address  netip.Addr
	Price    pgtype.Numeric
	Loud     string
	Remark   *string
	Nick     sql.NullString
}

// Define declares what the fields cannot say.
func (Pet) Define(d *retort.Definition[Pet]) {
	d.References(&d.C.OwnerID, &Owners.C.ID)
	d.References(&d.C.SitterID, &Owners.C.ID)
	d.Column(&d.C.Tag).Type("varchar(3)")
	d.Column(&d.C.Born).Type("date")
	d.Column(&d.C.Price).Type("numeric(10,2)")
	d.Column(&d.C.Loud).Generated("upper(name)")
	d.Unique(&d.C.Name)
	d.Unique(&d.C.Tag)
	d.Unique(&d.C.Born)
	d.Check("legs", "legs > 0 OR tame")
}

// Node needs a parent of its own kind.
type Node struct {
	retort.UUIDKey
	ParentID uuid.UUID
}

// Define declares what the fields cannot say.
func (Node) Define(d *retort.Definition[Node]) { d.References(&d.C.ParentID, &Nodes.C.ID) }

// Stay has a key of two columns that refers to another one.
type Stay struct {
	retort.UUIDKey
	Hotel string
	Room  int32
}

// Define declares what the fields cannot say.
func (Stay) Define(d *retort.Definition[Stay]) {
	d.ForeignKey([]any{&d.C.Hotel, &d.C.Room}, []any{&Rooms.C.Hotel, &Rooms.C.Number}).OnDelete(schema.Cascade)
}

// Room is known by two columns.
type Room struct {
	retort.UUIDKey
	Hotel  string
	Number int32
}

// Define declares what the fields cannot say.
func (Room) Define(d *retort.Definition[Room]) { d.Unique(&d.C.Hotel, &d.C.Number) }

// Report is a table that the models only read.
type Report struct {
	retort.BigintKey
}

var (
	Moods     = retort.NewEnum("mood", Mood("happy"), Mood("sad"))
	Countries = retort.NewTable[Country]("countries")
	Owners    = retort.NewTable[Owner]("owners")
	Pets      = retort.NewTable[Pet]("pets")
	Nodes     = retort.NewTable[Node]("nodes")
	Rooms     = retort.NewTable[Room]("rooms")
	Stays     = retort.NewTable[Stay]("stays")
	Reports   = retort.NewTable[Report]("reports", retort.ReadOnly)
	zoo       = retort.NewBase(Moods, Pets, Owners, Countries, Nodes, Stays, Rooms, Reports)
)

func TestMake(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, zoo)
	t.Run("fills_what_an_INSERT_must_write_and_makes_the_parents", func(t *testing.T) {
		t.Parallel()
		pet := retorttest.Make[Pet](t, k)
		if pet.ID.IsNil() || pet.CreatedAt.IsZero() || pet.Version.Version != 1 || pet.Mood != "happy" || pet.Name == "" ||
			pet.Loud != strings.ToUpper(pet.Name) || pet.SitterID != nil || pet.Remark != nil || pet.DeletedAt != nil || pet.Nick.Valid {
			t.Errorf("%+v", pet)
		}
		got := k.Rows(t, "SELECT length(c.code), o.id > 0 FROM pets p JOIN owners o ON o.id = p.owner_id JOIN countries c ON c.code = o.country WHERE p.id = $1", pet.ID)
		if len(got) != 1 || !strings.HasSuffix(got[0], "| t") {
			t.Errorf("parents %q", got)
		}
	})
	t.Run("keeps_what_a_change_sets_and_makes_no_parent_for_it", func(t *testing.T) {
		t.Parallel()
		owner := retorttest.MakeFrom(t, k, Owner{Name: "Ada"})
		country := retorttest.Make(t, k, func(c *Country) { c.Code = "zz" })
		second := retorttest.MakeFrom(t, k, Owner{Country: country.Code})
		pet := retorttest.MakeFrom(t, k, Pet{Name: "Rex", Mood: "sad", Tame: true}, func(p *Pet) {
			p.OwnerID, p.SitterID, p.Legs = owner.ID, &second.ID, 0
		})
		if pet.Name != "Rex" || pet.Mood != "sad" || pet.Legs != 0 || pet.OwnerID != owner.ID || owner.Name != "Ada" || second.Country != "zz" {
			t.Errorf("%+v", pet)
		}
		if n := k.QueryInt(t, "SELECT count(*) FROM pets WHERE owner_id = $1 AND sitter_id = $2", owner.ID, second.ID); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("makes_many_that_differ_from_many_goroutines", func(t *testing.T) {
		t.Parallel()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 15 {
					retorttest.Make(t, k, func(p *Pet) { p.Tame = true })
				}
			})
		}
		wg.Wait()
	})
	t.Run("copies_a_key_of_two_columns", func(t *testing.T) {
		t.Parallel()
		stay := retorttest.Make[Stay](t, k)
		if n := k.QueryInt(t, "SELECT count(*) FROM rooms WHERE hotel = $1 AND number = $2", stay.Hotel, stay.Room); n != 1 {
			t.Errorf("%d rooms", n)
		}
	})
	t.Run("is_neither_counted_nor_hit_by_faults", func(t *testing.T) {
		t.Parallel()
		own := retorttest.New(t, shop, retorttest.Twice)
		fault := own.Fail(retorttest.OnCommit, "40001")
		own.WantTrips(t, 0, func() { retorttest.Make[Item](t, own) })
		if fault.Fired() != 0 {
			t.Error("the fault fired")
		}
	})
}

// What Make cannot do it says, with the fields to set.
func TestMake_says_what_to_set(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, zoo)
	retorttest.Make(t, k, func(p *Pet) { p.Name = "taken" })
	type stranger struct{ retort.UUIDKey }
	tests := []struct {
		name string
		make func(tb testing.TB)
		want string
	}{
		{
			"of_a_check", func(tb testing.TB) { tb.Helper(); retorttest.Make(tb, k, func(p *Pet) { p.Legs = -1 }) },
			`the constraint "ck_pets_legs" (legs > 0 OR tame) refuses the row, and Make cannot know what it wants; set Legs, Tame in a change function`,
		},
		{
			"of_a_unique_value", func(tb testing.TB) { tb.Helper(); retorttest.MakeFrom(tb, k, Pet{Name: "taken"}) },
			`the constraint "uq_pets_name" refuses the row, and Make cannot know what it wants; set Name in a change function`,
		},
		{
			"of_a_parent_of_its_own_kind", func(tb testing.TB) { tb.Helper(); retorttest.Make[Node](tb, k) },
			`its parent retorttest_test.Node, made for want of ParentID: retorttest_test.Node needs a parent that needs a retorttest_test.Node itself; insert one with Kit.Exec and set the foreign key`,
		},
		{
			"of_a_read_only_table", func(tb testing.TB) { tb.Helper(); retorttest.Make[Report](tb, k) },
			`table "reports" is read-only for the models; insert the row with Kit.Exec`,
		},
		{
			"of_a_struct_that_is_no_model", func(tb testing.TB) { tb.Helper(); retorttest.Make[stranger](tb, k) },
			`retorttest_test.stranger is no model of this kit's Base; list its table in NewBase`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			said := fatal(t, tt.make)
			if len(said) != 1 || !strings.Contains(said[0], tt.want) || !strings.HasPrefix(said[0], "retorttest: Make ") {
				t.Errorf("it said %q", said)
			}
		})
	}
	node := uuid.Must(uuid.NewV4())
	if made := retorttest.Make(t, k, func(n *Node) { n.ID, n.ParentID = node, node }); made.ParentID != node {
		t.Error(fmt.Sprint(made))
	}
}
