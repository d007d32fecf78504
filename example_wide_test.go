package retort_test

import (
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/schema"
)

// Booking is a row of somebody's calendar. A deleted booking stays, and does not
// stand in the way of a new one.
type Booking struct {
	retort.UUIDKey
	retort.SoftDelete
	RoomID uuid.UUID
	Title  string
	From   time.Time
	Until  time.Time
	Hours  float64
}

func (Booking) Define(d *retort.Definition[Booking]) {
	d.Comment("Who has which room")
	d.Column(&d.C.Hours).Generated(`extract(epoch FROM until - "from") / 3600`)
	d.Index().Expression("lower(title)").Then(&d.C.From).Desc(&d.C.From).Nulls(&d.C.From, schema.NullsLast)
	d.Exclude().With(&d.C.RoomID, "=").WithExpression(`tstzrange("from", until)`, "&&").Where("deleted_at IS NULL")
}

func ExampleInNamespace() {
	bookings := retort.NewTable[Booking]("bookings", retort.InNamespace("calendar"))
	sql, err := retort.NewBase(bookings).SQL()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(sql)
	// Output:
	// CREATE SCHEMA "calendar";
	//
	// CREATE TABLE "calendar"."bookings" (
	//     "id" uuid NOT NULL,
	//     "deleted_at" timestamptz,
	//     "room_id" uuid NOT NULL,
	//     "title" text NOT NULL,
	//     "from" timestamptz NOT NULL,
	//     "until" timestamptz NOT NULL,
	//     "hours" double precision GENERATED ALWAYS AS (extract(epoch FROM until - "from") / 3600) STORED NOT NULL,
	//     CONSTRAINT "pk_bookings" PRIMARY KEY ("id"),
	//     CONSTRAINT "ex_bookings_room_id_tstzrange_from_until" EXCLUDE USING "gist" ("room_id" WITH =, (tstzrange("from", until)) WITH &&) WHERE (deleted_at IS NULL)
	// );
	//
	// COMMENT ON TABLE "calendar"."bookings" IS 'Who has which room';
	//
	// CREATE INDEX "ix_bookings_lower_title_from"
	//     ON "calendar"."bookings" ((lower(title)), "from" DESC NULLS LAST);
}
