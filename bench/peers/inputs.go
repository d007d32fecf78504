package peers

import (
	_ "embed" // for the schema
	"encoding/binary"
	"fmt"

	"github.com/gofrs/uuid/v5"
)

// Schema is the SQL text that makes the tables and the rows that everybody
// begins with.
//
//go:embed schema.sql
var Schema string

// How many rows there are, as schema.sql makes them.
const (
	Users    = 1920
	Segments = 96
	PerGroup = 20     // users of a segment, orders of a user
	BulkSize = 10_000 // rows of W7

	// Clients is how many requests may run at once without meeting in a row:
	// requests whose numbers differ modulo Clients touch different users.
	Clients = 32
)

// UserID is the key of the user with that number.
func UserID(number int) uuid.UUID {
	id := uuid.UUID{6: 0x70, 8: 0x80}
	binary.BigEndian.PutUint32(id[12:], uint32(number))
	return id
}

// segmentIDs are the keys of a segment's users, sorted.
func segmentIDs(segment int) []uuid.UUID {
	ids := make([]uuid.UUID, 0, PerGroup)
	for n := segment; n < Users; n += Segments {
		ids = append(ids, UserID(n))
	}
	return ids
}

func filter(n int) Filter {
	return Filter{Status: []string{"open", "active", "paused", "closed", "banned"}[n%5], MinAge: int32(20 + n%3)}
}

func newName(n int) string { return fmt.Sprintf("Changed by request %d", n) }

func newUser(n int) NewUser {
	note := fmt.Sprintf("A note about request %d, as long as notes are.", n)
	return NewUser{
		Email: fmt.Sprintf("new-%d@example.org", n), Name: fmt.Sprintf("New user %d", n), Status: "new",
		Age: int32(18 + n%50), Segment: -1, Note: &note, Profile: profile(n),
	}
}

func profile(n int) Profile {
	return Profile{
		Language: []string{"en", "de", "fr"}[n%3], Newsletter: n%2 == 0,
		Tags: []string{fmt.Sprintf("tag-%d", n%7), fmt.Sprintf("tag-%d", n%11)},
	}
}

func newOrders(n int) []NewOrder {
	orders := make([]NewOrder, PerGroup)
	for k := range orders {
		orders[k] = NewOrder{Item: fmt.Sprintf("Item %d", k), Quantity: int32(1 + k%5), Price: int64(100 + (n+k)%900)}
	}
	return orders
}

func newEvents(many int) []NewEvent {
	kinds := []string{"viewed", "ordered", "paid", "sent"}
	events := make([]NewEvent, many)
	for k := range events {
		events[k] = NewEvent{Kind: kinds[k%4], Amount: int64(k), Body: profile(k)}
	}
	return events
}
