// Package withent does the workloads with ent on pgx.
package withent

import (
	"context"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/bench/peers/withent/ent"
	"github.com/retort-go/retort/bench/peers/withent/ent/order"
	"github.com/retort-go/retort/bench/peers/withent/ent/user"
)

// withOrders is the answer for a user and its orders, without ent's edges.
type withOrders struct {
	*ent.User
	Orders []*ent.Order `json:"orders"`
	Edges  *struct{}    `json:"edges,omitempty"`
}

type entrant struct{ client *ent.Client }

// Open opens a pool of database/sql.
func Open(_ context.Context, cfg peers.Config) (peers.Entrant, error) {
	c, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return nil, err
	}
	pool := stdlib.OpenDB(*c)
	pool.SetMaxOpenConns(cfg.Pool)
	pool.SetMaxIdleConns(cfg.Pool)
	return &entrant{ent.NewClient(ent.Driver(entsql.OpenDB(dialect.Postgres, pool)))}, nil
}

func (e *entrant) Close() { _ = e.client.Close() }

func (e *entrant) inTx(ctx context.Context, do func(tx *ent.Tx) error) error {
	tx, err := e.client.Tx(ctx)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // do's error is the one that tells why
		return err
	}
	return tx.Commit()
}

func (e *entrant) Read(ctx context.Context, id uuid.UUID) (any, error) {
	return e.client.User.Get(ctx, id)
}

func (e *entrant) List(ctx context.Context, f peers.Filter) (any, error) {
	return e.client.User.Query().Where(user.Status(f.Status), user.AgeGTE(f.MinAge)).
		Order(ent.Desc(user.FieldCreatedAt), ent.Desc(user.FieldID)).Limit(20).All(ctx)
}

func (e *entrant) Insert(ctx context.Context, in peers.NewUser) (any, error) {
	return create(e.client.User, in).Save(ctx)
}

func (e *entrant) Change(ctx context.Context, id uuid.UUID, name string) (any, error) {
	var u *ent.User
	err := e.inTx(ctx, func(tx *ent.Tx) error {
		var err error
		if u, err = tx.User.Get(ctx, id); err == nil {
			u, err = u.Update().SetName(name).Save(ctx)
		}
		return err
	})
	return u, err
}

func (e *entrant) Graph(ctx context.Context, in peers.NewUser, orders []peers.NewOrder) (any, error) {
	out := &withOrders{}
	err := e.inTx(ctx, func(tx *ent.Tx) error {
		var err error
		if out.User, err = create(tx.User, in).Save(ctx); err != nil {
			return err
		}
		creates := make([]*ent.OrderCreate, len(orders))
		for i, o := range orders {
			creates[i] = tx.Order.Create().SetUserID(out.User.ID).SetItem(o.Item).SetQuantity(o.Quantity).SetPrice(o.Price)
		}
		out.Orders, err = tx.Order.CreateBulk(creates...).Save(ctx)
		return err
	})
	return out, err
}

func (e *entrant) Load(ctx context.Context, segment int32) (any, error) {
	users, err := e.client.User.Query().Where(user.Segment(segment)).
		WithOrders(func(q *ent.OrderQuery) { q.Order(ent.Asc(order.FieldID)) }).
		Order(ent.Asc(user.FieldCreatedAt), ent.Asc(user.FieldID)).Limit(20).All(ctx)
	out := make([]withOrders, len(users))
	for i, u := range users {
		out[i] = withOrders{User: u, Orders: u.Edges.Orders}
	}
	return out, err
}

// Bulk inserts 1,000 rows with each statement: PostgreSQL takes 65,535
// parameters.
func (e *entrant) Bulk(ctx context.Context, events []peers.NewEvent) (any, error) {
	err := e.inTx(ctx, func(tx *ent.Tx) error {
		for rest := events; len(rest) > 0; rest = rest[min(1000, len(rest)):] {
			part := rest[:min(1000, len(rest))]
			creates := make([]*ent.EventCreate, len(part))
			for i, ev := range part {
				creates[i] = tx.Event.Create().SetKind(ev.Kind).SetAmount(ev.Amount).SetBody(ev.Body)
			}
			if err := tx.Event.CreateBulk(creates...).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return &peers.Inserted{Inserted: len(events)}, err
}

func (e *entrant) ChangeTogether(ctx context.Context, ids []uuid.UUID, name string) (any, error) {
	var users []*ent.User
	err := e.inTx(ctx, func(tx *ent.Tx) error {
		var err error
		if users, err = tx.User.Query().Where(user.IDIn(ids...)).Order(ent.Asc(user.FieldID)).All(ctx); err != nil {
			return err
		}
		for i, u := range users {
			if users[i], err = u.Update().SetName(name).Save(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return users, err
}

func (e *entrant) ChangeEach(ctx context.Context, ids []uuid.UUID, name string) (any, error) {
	users := make([]*ent.User, len(ids))
	err := e.inTx(ctx, func(tx *ent.Tx) error {
		for i, id := range ids {
			u, err := tx.User.Get(ctx, id)
			if err != nil {
				return err
			}
			if users[i], err = u.Update().SetName(name).Save(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return users, err
}

func create(c *ent.UserClient, in peers.NewUser) *ent.UserCreate {
	return c.Create().SetEmail(in.Email).SetName(in.Name).SetStatus(in.Status).SetAge(in.Age).
		SetSegment(in.Segment).SetNillableNote(in.Note).SetProfile(in.Profile)
}
