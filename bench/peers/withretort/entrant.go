package withretort

import (
	"context"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/bench/peers"
)

// entrant holds the handlers, each wrapped into a session per request.
type entrant struct {
	eng *retort.Engine

	read     func(context.Context, *uuid.UUID) (*User, error)
	list     func(context.Context, *peers.Filter) (*[]*User, error)
	insert   func(context.Context, *peers.NewUser) (*User, error)
	change   func(context.Context, *renaming) (*User, error)
	graph    func(context.Context, *newGraph) (*withOrders, error)
	load     func(context.Context, *int32) (*[]withOrders, error)
	bulk     func(context.Context, *[]peers.NewEvent) (*peers.Inserted, error)
	together func(context.Context, *renaming) (*[]*User, error)
	each     func(context.Context, *renaming) (*[]*User, error)
}

// renaming is the input of the handlers that change names.
type renaming struct {
	ids  []uuid.UUID
	name string
}

type newGraph struct {
	user   peers.NewUser
	orders []peers.NewOrder
}

// withOrders is the answer for a user and its orders.
type withOrders struct {
	*User
	Orders []*Order `json:"orders"`
}

// Open opens an engine with the defaults that are for reliability.
func Open(_ context.Context, cfg peers.Config) (peers.Entrant, error) {
	return open(retort.Config{
		Base: Base(), URL: cfg.URL, PoolSize: cfg.Pool, PrePing: true, Recycle: 30 * time.Minute,
	}, retort.TxOptions{})
}

func open(cfg retort.Config, opts retort.TxOptions) (peers.Entrant, error) {
	eng, err := retort.Open(cfg)
	if err != nil {
		return nil, err
	}
	return &entrant{
		eng:      eng,
		read:     retort.InSession(eng, opts, read),
		list:     retort.InSession(eng, opts, list),
		insert:   retort.InSession(eng, opts, insert),
		change:   retort.InSession(eng, opts, change),
		graph:    retort.InSession(eng, opts, graph),
		load:     retort.InSession(eng, opts, load),
		bulk:     retort.InSession(eng, opts, bulk),
		together: retort.InSession(eng, opts, changeTogether),
		each:     retort.InSession(eng, opts, changeEach),
	}, nil
}

func (e *entrant) Read(ctx context.Context, id uuid.UUID) (any, error) { return e.read(ctx, &id) }

func (e *entrant) List(ctx context.Context, f peers.Filter) (any, error) { return e.list(ctx, &f) }

func (e *entrant) Insert(ctx context.Context, in peers.NewUser) (any, error) {
	return e.insert(ctx, &in)
}

func (e *entrant) Change(ctx context.Context, id uuid.UUID, name string) (any, error) {
	return e.change(ctx, &renaming{[]uuid.UUID{id}, name})
}

func (e *entrant) Graph(ctx context.Context, in peers.NewUser, orders []peers.NewOrder) (any, error) {
	return e.graph(ctx, &newGraph{in, orders})
}

func (e *entrant) Load(ctx context.Context, segment int32) (any, error) {
	return e.load(ctx, &segment)
}

func (e *entrant) Bulk(ctx context.Context, events []peers.NewEvent) (any, error) {
	return e.bulk(ctx, &events)
}

func (e *entrant) ChangeTogether(ctx context.Context, ids []uuid.UUID, name string) (any, error) {
	return e.together(ctx, &renaming{ids, name})
}

func (e *entrant) ChangeEach(ctx context.Context, ids []uuid.UUID, name string) (any, error) {
	return e.each(ctx, &renaming{ids, name})
}

func (e *entrant) Close() { _ = e.eng.Close(context.Background()) }
