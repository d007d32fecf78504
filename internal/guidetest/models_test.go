package guidetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

type Room struct {
	retort.UUIDKey
	Name     string
	Bookings retort.Many[Booking]
}

func (Room) Define(d *retort.Definition[Room]) {
	retort.HasMany(d, &d.C.Bookings, Bookings, func(b *Booking) *uuid.UUID { return &b.RoomID })
}

type Booking struct {
	retort.UUIDKey
	retort.AppTimestamps
	retort.SoftDelete
	RoomID uuid.UUID
	Title  string
	From   time.Time
	Until  time.Time
	Hours  float64
	Note   *string
}

func (Booking) Define(d *retort.Definition[Booking]) {
	d.Comment("Who has which room")
	d.Column(&d.C.Title).Type("varchar(200)").Comment("as the guest wrote it")
	d.Column(&d.C.Hours).Generated(`extract(epoch FROM until - "from") / 3600`)
	d.References(&d.C.RoomID, &Rooms.C.ID).OnDelete(schema.Cascade)
	d.Check("order", `"from" < until`)
	d.Unique(&d.C.RoomID, &d.C.From).Where("deleted_at IS NULL")
	d.Index().Expression("lower(title)").Then(&d.C.From).Desc(&d.C.From)
}

var Bookings = retort.NewTable[Booking]("bookings", retort.InNamespace("calendar"))

// Plate is a car's: what the table of the guide to models lists.
type Plate struct {
	retort.Version
	Country string
	Number  int64
	Since   time.Time
	Seen    time.Time
	Moved   time.Time
	Toll    string `db:"paid"`
	Fines   int64
	Twice   int64
	Owner   string
}

func (Plate) Define(d *retort.Definition[Plate]) {
	d.Comment("What stands in front")
	d.RenamedFrom("old")
	d.PrimaryKey(&d.C.Country, &d.C.Number)
	d.Column(&d.C.Toll).Type("numeric(10,2)")
	d.Column(&d.C.Fines).Default("0").Name("open_fines")
	d.Column(&d.C.Since).ServerMade("now()")
	d.Column(&d.C.Moved).OnUpdate("now()")
	d.Column(&d.C.Seen).ClockOnWrite()
	d.Column(&d.C.Twice).Generated("open_fines * 2")
	d.Column(&d.C.Number).RenamedFrom("old")
	d.Column(&d.C.Owner).NullAsZero().Collation("C").Comment("who pays")
	d.Index(&d.C.Country, &d.C.Since)
	d.Exclude().With(&d.C.Country, "=").Using("gist").Where("open_fines > 1000000")
}

// Ticket is numbered by the database, from 1000 in steps of 10.
type Ticket struct {
	ID   int64
	What string
}

func (Ticket) Define(d *retort.Definition[Ticket]) {
	d.PrimaryKey(&d.C.ID)
	d.Column(&d.C.ID).Identity(schema.IdentityAlways).Sequence(1000, 10)
}

var (
	Rooms   = retort.NewTable[Room]("rooms")
	Plates  = retort.NewTable[Plate]("plates")
	Tickets = retort.NewTable[Ticket]("tickets")
	House   = retort.NewBase(Rooms, Bookings, Tickets, touch)
	Street  = retort.NewBase(retort.Extension("btree_gist"), Plates)
)

var touch = retort.Function("touch", "", "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$").InNamespace("calendar")

func TestModels(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, House, func(cfg *retort.Config) {
		cfg.Clock = func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
	})
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	room := retorttest.Make[Room](t, k)
	from := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	b := &Booking{RoomID: room.ID, Title: "Choir", From: from, Until: from.Add(90 * time.Minute)}
	s.Add(b)
	must(t, s.Commit(ctx))
	if b.Hours != 1.5 || b.CreatedAt.Year() != 2026 || b.CreatedAt.Month() != 1 {
		t.Errorf("%+v", b)
	}
	s.Add(&Booking{RoomID: room.ID, Title: "Late", From: from, Until: from})
	if c := pgerr.Constraint(s.Commit(ctx)); c == nil || c.Constraint != "ck_bookings_order" {
		t.Errorf("%v", c)
	}
	must(t, s.Rollback(ctx))
	rooms, err := Rooms.With(&Rooms.C.Bookings).All(ctx, s)
	must(t, err)
	if list, err := rooms[0].Bookings.All(); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	numbers := []int64{}
	for _, what := range []string{"first", "second"} {
		ticket := &Ticket{What: what}
		s.Add(ticket)
		must(t, s.Flush(ctx))
		numbers = append(numbers, ticket.ID)
	}
	if numbers[0] != 1000 || numbers[1] != 1010 {
		t.Errorf("%v", numbers)
	}
	if n := k.QueryInt(t, "SELECT count(*) FROM pg_proc WHERE proname = 'touch' AND pronamespace = 'calendar'::regnamespace"); n != 1 {
		t.Errorf("%d functions", n)
	}
}

func TestModels_every_word_of_the_table(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, Street)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	p := &Plate{Country: "PT", Number: 7, Toll: "12.50", Fines: 3}
	s.Add(p)
	must(t, s.Commit(ctx))
	moved := p.Moved
	p.Fines = 4
	must(t, s.Commit(ctx))
	if p.Toll != "12.50" || p.Twice != 8 || p.Since.IsZero() || p.Seen.IsZero() || !p.Moved.After(moved) || p.Version.Version != 2 {
		t.Errorf("%+v", p)
	}
	k.Exec(t, "ALTER TABLE plates ALTER owner DROP NOT NULL")
	k.Exec(t, "UPDATE plates SET owner = NULL")
	again, err := Plates.Get(ctx, k.Engine.Session(), retort.Key{"PT", int64(7)})
	if err != nil || again.Owner != "" {
		t.Errorf("%v, %v", again, err)
	}
	must(t, k.Engine.Verify(ctx))
	sql, err := Street.SQL()
	must(t, err)
	for _, word := range []string{`"paid" numeric(10,2)`, `"open_fines" bigint`, `COLLATE "C"`, "'who pays'", "EXCLUDE", `("country", "since")`} {
		if !strings.Contains(sql, word) {
			t.Errorf("%s is not in\n%s", word, sql)
		}
	}
}

func TestModels_names_of_others(t *testing.T) {
	t.Parallel()
	sql, err := retort.NewBase(Coupons, retort.Naming(schema.RailsNaming())).SQL()
	must(t, err)
	for _, name := range []string{`"coupons_pkey"`, `"index_coupons_on_code"`} {
		if !strings.Contains(sql, name) {
			t.Errorf("%s is not in\n%s", name, sql)
		}
	}
}
