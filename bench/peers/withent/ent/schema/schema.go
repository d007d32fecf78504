// Package schema declares the tables for ent.
package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort/bench/peers"
)

// base is what all tables have. ent does not read back what a database makes,
// so times are made by the client, as its documentation does it.
type base struct{ mixin.Schema }

// Fields are the key and the times.
func (base) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(newID).StructTag(`json:"id"`),
		field.Time("created_at").Default(time.Now).Immutable().StructTag(`json:"created_at"`),
		field.Time("updated_at").Default(time.Now).UpdateDefault(time.Now).StructTag(`json:"updated_at"`),
	}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// User is a row of users.
type User struct{ ent.Schema }

// Mixin adds the key and the times.
func (User) Mixin() []ent.Mixin { return []ent.Mixin{base{}} }

// Fields are its columns.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("email").Unique(),
		field.String("name"),
		field.String("status"),
		field.Int32("age"),
		field.Int32("segment").StructTag(`json:"segment"`),
		field.String("note").Optional().Nillable(),
		field.JSON("profile", peers.Profile{}),
	}
}

// Edges are its orders.
func (User) Edges() []ent.Edge { return []ent.Edge{edge.To("orders", Order.Type)} }

// Order is a row of orders.
type Order struct{ ent.Schema }

// Mixin adds the key and the times.
func (Order) Mixin() []ent.Mixin { return []ent.Mixin{base{}} }

// Fields are its columns.
func (Order) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}),
		field.String("item"),
		field.Int32("quantity"),
		field.Int64("price"),
	}
}

// Edges are its user.
func (Order) Edges() []ent.Edge {
	return []ent.Edge{edge.From("user", User.Type).Ref("orders").Field("user_id").Unique().Required()}
}

// Event is a row of events.
type Event struct{ ent.Schema }

// Annotations name the table.
func (Event) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Table: "events"}}
}

// Fields are its columns. Nobody asks for its times.
func (Event) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(newID),
		field.String("kind"),
		field.Int64("amount"),
		field.JSON("body", peers.Profile{}),
	}
}
