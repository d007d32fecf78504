package peers

import (
	"time"

	"github.com/gofrs/uuid/v5"
)

// User is a row of users for the entrants that have no models of their own.
type User struct {
	ID        uuid.UUID `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Status    string    `json:"status"`
	Age       int32     `json:"age"`
	Segment   int32     `json:"segment"`
	Note      *string   `json:"note"`
	Profile   Profile   `json:"profile"`
	Orders    []*Order  `json:"orders,omitempty"`
}

// Order is a row of orders for them.
type Order struct {
	ID        uuid.UUID `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	UserID    uuid.UUID `json:"user_id"`
	Item      string    `json:"item"`
	Quantity  int32     `json:"quantity"`
	Price     int64     `json:"price"`
}
