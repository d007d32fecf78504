package retorttest_test

import (
	"context"
	"errors"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
)

// Item is what the kit's own tests sell.
type Item struct {
	retort.UUIDKey
	retort.Timestamps
	retort.Version
	Name  string
	Price int32
}

// Define declares what the fields cannot say.
func (Item) Define(d *retort.Definition[Item]) { d.Unique(&d.C.Name) }

var (
	Items = retort.NewTable[Item]("items")
	shop  = retort.NewBase(Items)
)

// Sale is the input of sell.
type Sale struct {
	ID    uuid.UUID
	Price int32
}

func create(_ context.Context, s *retort.Session, in *Item) (*Item, error) {
	item := &Item{Name: in.Name, Price: in.Price}
	s.Add(item)
	return item, nil
}

func sell(ctx context.Context, s *retort.Session, in *Sale) (*Item, error) {
	item, err := Items.Get(ctx, s, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Price < 0 {
		return nil, errors.New("a price below zero")
	}
	item.Price = in.Price
	return item, nil
}
