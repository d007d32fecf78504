package peers

import (
	"context"

	"github.com/gofrs/uuid/v5"
)

// Config says where the database is and how many connections an entrant may
// have.
type Config struct {
	URL  string
	Pool int
}

// Opener opens an entrant.
type Opener func(ctx context.Context, cfg Config) (Entrant, error)

// Entrant does the workloads in the manner of one library. Each call is one
// request: its changes are committed when it returns. The answers are encoded
// as JSON; see the entrants' own models for their form.
//
//   - Concurrency: safe for many goroutines.
//   - Cleanup: Close.
type Entrant interface {
	// Read reads a user by key (W1).
	Read(ctx context.Context, id uuid.UUID) (any, error)

	// List reads the 20 newest users of a status and of an age or older (W2).
	List(ctx context.Context, f Filter) (any, error)

	// Insert inserts a user and answers with what the server made of it (W3).
	Insert(ctx context.Context, in NewUser) (any, error)

	// Change reads a user, gives it a name and commits (W4).
	Change(ctx context.Context, id uuid.UUID, name string) (any, error)

	// Graph inserts a user with its orders (W5).
	Graph(ctx context.Context, in NewUser, orders []NewOrder) (any, error)

	// Load reads the users of a segment with their orders, users by age of their
	// rows, orders by key (W6).
	Load(ctx context.Context, segment int32) (any, error)

	// Bulk inserts many events (W7).
	Bulk(ctx context.Context, events []NewEvent) (any, error)

	// ChangeTogether reads users by their keys, asked for together where the
	// library can, and gives each a name; ids are sorted (W8).
	ChangeTogether(ctx context.Context, ids []uuid.UUID, name string) (any, error)

	// ChangeEach reads users by their keys, one after the other, and gives each a
	// name; ids are sorted (W8, one by one).
	ChangeEach(ctx context.Context, ids []uuid.UUID, name string) (any, error)

	// Close ends its connections.
	Close()
}

// Filter is what [Entrant].List asks for.
type Filter struct {
	Status string
	MinAge int32
}

// Profile is the document in a user's jsonb column.
type Profile struct {
	Language   string   `json:"language"`
	Newsletter bool     `json:"newsletter"`
	Tags       []string `json:"tags"`
}

// NewUser is a user to be inserted; its key is made by the entrant.
type NewUser struct {
	Email, Name, Status string
	Age, Segment        int32
	Note                *string
	Profile             Profile
}

// NewOrder is an order to be inserted.
type NewOrder struct {
	Item     string
	Quantity int32
	Price    int64
}

// NewEvent is an event to be inserted.
type NewEvent struct {
	Kind   string
	Amount int64
	Body   Profile
}

// Inserted is the answer of [Entrant].Bulk.
type Inserted struct {
	Inserted int `json:"inserted"`
}
