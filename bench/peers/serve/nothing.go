package serve

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort/bench/peers"
)

// nothing is the entrant that does nothing: what is left is the making of the
// inputs, which no entrant is to be charged for.
type nothing struct{}

var _ peers.Entrant = nothing{}

func (nothing) Read(context.Context, uuid.UUID) (any, error)           { return nil, nil }
func (nothing) List(context.Context, peers.Filter) (any, error)        { return nil, nil }
func (nothing) Insert(context.Context, peers.NewUser) (any, error)     { return nil, nil }
func (nothing) Change(context.Context, uuid.UUID, string) (any, error) { return nil, nil }
func (nothing) Graph(context.Context, peers.NewUser, []peers.NewOrder) (any, error) {
	return nil, nil
}
func (nothing) Load(context.Context, int32) (any, error)            { return nil, nil }
func (nothing) Bulk(context.Context, []peers.NewEvent) (any, error) { return nil, nil }
func (nothing) ChangeTogether(context.Context, []uuid.UUID, string) (any, error) {
	return nil, nil
}

func (nothing) ChangeEach(context.Context, []uuid.UUID, string) (any, error) {
	return nil, nil
}
func (nothing) Close() {}
