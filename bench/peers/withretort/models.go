// Package withretort does the workloads with Retort, as its README shows it.
package withretort

import (
	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/bench/peers"
)

// User is a row of users.
type User struct {
	retort.UUIDKey
	retort.Timestamps
	Email   string             `json:"email"`
	Name    string             `json:"name"`
	Status  string             `json:"status"`
	Age     int32              `json:"age"`
	Segment int32              `json:"segment"`
	Note    *string            `json:"note"`
	Profile peers.Profile      `json:"profile"`
	Orders  retort.Many[Order] `json:"orders,omitzero"`
}

// Order is a row of orders.
type Order struct {
	retort.UUIDKey
	retort.Timestamps
	UserID   uuid.UUID `json:"user_id"`
	Item     string    `json:"item"`
	Quantity int32     `json:"quantity"`
	Price    int64     `json:"price"`
}

// Event is a row of events.
type Event struct {
	retort.UUIDKey
	retort.Timestamps
	Kind   string        `json:"kind"`
	Amount int64         `json:"amount"`
	Body   peers.Profile `json:"body"`
}

var (
	users  = retort.NewTable[User]("users")
	orders = retort.NewTable[Order]("orders")
	events = retort.NewTable[Event]("events")
)

// Base lists the tables.
func Base() *retort.Base { return retort.NewBase(users, orders, events) }

// Define declares what the fields cannot say.
func (User) Define(d *retort.Definition[User]) {
	d.Column(&d.C.Profile).Type("jsonb")
	d.Unique(&d.C.Email)
	d.Index(&d.C.Status, &d.C.CreatedAt)
	d.Index(&d.C.Segment)
	retort.HasMany(d, &d.C.Orders, orders, func(o *Order) *uuid.UUID { return &o.UserID })
}

// Define declares what the fields cannot say.
func (Order) Define(d *retort.Definition[Order]) {
	d.References(&d.C.UserID, &users.C.ID)
	d.Index(&d.C.UserID)
}

// Define declares what the fields cannot say.
func (Event) Define(d *retort.Definition[Event]) { d.Column(&d.C.Body).Type("jsonb") }
