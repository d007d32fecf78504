package retort

import (
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/retort-go/retort/schema"
)

// UUIDKey gives a model the key column id uuid, a UUIDv7 made by the client at
// [Session.Add]. Version 7 sorts by time, which keeps indexes dense; ids that
// reach untrusted holders and must not tell their time want [UUIDv4Key].
type UUIDKey struct {
	ID uuid.UUID `json:"id"`
}

// Define declares the key.
func (UUIDKey) Define(d *Definition[UUIDKey]) {
	d.PrimaryKey(&d.C.ID)
	d.Column(&d.C.ID).MadeBy(UUIDv7)
}

// UUIDv4Key gives a model the key column id uuid, a random UUIDv4 made by the
// client at [Session.Add].
type UUIDv4Key struct {
	ID uuid.UUID `json:"id"`
}

// Define declares the key.
func (UUIDv4Key) Define(d *Definition[UUIDv4Key]) {
	d.PrimaryKey(&d.C.ID)
	d.Column(&d.C.ID).MadeBy(UUIDv4)
}

// BigintKey gives a model the key column id bigint, numbered by the database.
// The object has it once its INSERT is back.
type BigintKey struct {
	ID int64 `json:"id"`
}

// Define declares the key.
func (BigintKey) Define(d *Definition[BigintKey]) {
	d.PrimaryKey(&d.C.ID)
	d.Column(&d.C.ID).Identity(schema.IdentityByDefault)
}

// Timestamps gives a model created_at and updated_at, timestamptz in UTC, made
// by the database: at INSERT by the columns' default, at every UPDATE that
// Retort sends by its text. Both come back into the object. Writers outside
// Retort have to set updated_at themselves, or a trigger of yours does.
type Timestamps struct {
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Define declares the columns.
func (Timestamps) Define(d *Definition[Timestamps]) {
	d.Column(&d.C.CreatedAt).ServerMade("now()")
	d.Column(&d.C.UpdatedAt).ServerMade("now()").OnUpdate("now()")
}

// AppTimestamps gives a model created_at and updated_at, timestamptz in UTC, made
// by the program's clock, Config.Clock: for databases whose columns have no
// defaults. The fields are set once the flight that wrote them has succeeded; all
// rows of one flush have the same time. A CreatedAt or UpdatedAt that is set
// before the INSERT is kept. Marking a row as deleted ([SoftDelete]) does not
// count as an update.
type AppTimestamps struct {
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Define declares the columns.
func (AppTimestamps) Define(d *Definition[AppTimestamps]) {
	d.Column(&d.C.CreatedAt).ClockOnInsert()
	d.Column(&d.C.UpdatedAt).ClockOnWrite()
}

// Version gives a model the column version bigint, 1 at INSERT and one more at
// every UPDATE. An UPDATE or DELETE of a row that another transaction changed
// meanwhile fails with [ErrStale], inside the statement itself.
type Version struct {
	Version int64 `json:"version"`
}

// Define declares the column.
func (Version) Define(d *Definition[Version]) {
	d.Version(&d.C.Version)
}

// SoftDelete gives a model deleted_at, a timestamptz that is NULL while the row
// lives. [Session.Delete] sets it in place of deleting the row, and every query
// leaves such rows out, Get and relations included, unless [Query.WithDeleted]
// asks for them. Setting the field back to nil brings a row back.
//
//   - Shape: foreign keys do not notice: children stay, ON DELETE does nothing.
//     Unique values stay taken, unless the model says otherwise:
//     d.Unique(&d.C.Email).Where("deleted_at IS NULL"). Raw SQL sees all rows.
//   - Errors: [ErrStale] for a row that is marked already.
type SoftDelete struct {
	DeletedAt *time.Time `json:"deleted_at"`
}

// Define declares the column.
func (SoftDelete) Define(d *Definition[SoftDelete]) {
	d.SoftDelete(&d.C.DeletedAt)
}

// KeyMaker makes a primary key on the client.
type KeyMaker func() ([16]byte, error)

// UUIDv7 makes keys that sort by time.
func UUIDv7() ([16]byte, error) {
	id, err := uuid.NewV7()
	return id, err
}

// UUIDv4 makes random keys.
func UUIDv4() ([16]byte, error) {
	id, err := uuid.NewV4()
	return id, err
}
