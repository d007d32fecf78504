// Package withbun does the workloads with bun on pgx, in the simple protocol
// that bun's documentation asks for, since it writes values into its texts.
package withbun

import (
	"context"
	"database/sql"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/retort-go/retort/bench/peers"
)

// User is a row of users; the server makes its times.
type User struct {
	ID        uuid.UUID     `json:"id" bun:"id,pk,type:uuid"`
	CreatedAt time.Time     `json:"created_at" bun:",nullzero,default:now()"`
	UpdatedAt time.Time     `json:"updated_at" bun:",nullzero,default:now()"`
	Email     string        `json:"email"`
	Name      string        `json:"name"`
	Status    string        `json:"status"`
	Age       int32         `json:"age"`
	Segment   int32         `json:"segment"`
	Note      *string       `json:"note"`
	Profile   peers.Profile `json:"profile" bun:"type:jsonb"`
	Orders    []*Order      `json:"orders,omitempty" bun:"rel:has-many,join:id=user_id"`
}

// Order is a row of orders.
type Order struct {
	ID        uuid.UUID `json:"id" bun:"id,pk,type:uuid"`
	CreatedAt time.Time `json:"created_at" bun:",nullzero,default:now()"`
	UpdatedAt time.Time `json:"updated_at" bun:",nullzero,default:now()"`
	UserID    uuid.UUID `json:"user_id" bun:",type:uuid"`
	Item      string    `json:"item"`
	Quantity  int32     `json:"quantity"`
	Price     int64     `json:"price"`
}

// Event is a row of events. Nobody asks for its times.
type Event struct {
	ID     uuid.UUID `bun:"id,pk,type:uuid"`
	Kind   string
	Amount int64
	Body   peers.Profile `bun:"type:jsonb"`
}

type entrant struct{ db *bun.DB }

// Open opens a pool of database/sql.
func Open(_ context.Context, cfg peers.Config) (peers.Entrant, error) {
	c, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return nil, err
	}
	c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	pool := stdlib.OpenDB(*c)
	pool.SetMaxOpenConns(cfg.Pool)
	pool.SetMaxIdleConns(cfg.Pool)
	return &entrant{bun.NewDB(pool, pgdialect.New())}, nil
}

func (e *entrant) Close() { _ = e.db.Close() }

func (e *entrant) inTx(ctx context.Context, do func(ctx context.Context, tx bun.Tx) error) error {
	return e.db.RunInTx(ctx, &sql.TxOptions{}, do)
}

func (e *entrant) Read(ctx context.Context, id uuid.UUID) (any, error) {
	u := &User{}
	return u, e.db.NewSelect().Model(u).Where("id = ?", id).Scan(ctx)
}

func (e *entrant) List(ctx context.Context, f peers.Filter) (any, error) {
	var users []*User
	return &users, e.db.NewSelect().Model(&users).Where("status = ? AND age >= ?", f.Status, f.MinAge).
		Order("created_at DESC", "id DESC").Limit(20).Scan(ctx)
}

func (e *entrant) Insert(ctx context.Context, in peers.NewUser) (any, error) {
	u, err := newUser(in)
	if err != nil {
		return nil, err
	}
	_, err = e.db.NewInsert().Model(u).Returning("created_at, updated_at").Exec(ctx)
	return u, err
}

func (e *entrant) Change(ctx context.Context, id uuid.UUID, name string) (any, error) {
	u := &User{}
	return u, e.inTx(ctx, func(ctx context.Context, tx bun.Tx) error { return readAndRename(ctx, tx, u, id, name) })
}

func readAndRename(ctx context.Context, tx bun.Tx, u *User, id uuid.UUID, name string) error {
	if err := tx.NewSelect().Model(u).Where("id = ?", id).Scan(ctx); err != nil {
		return err
	}
	u.Name = name
	_, err := tx.NewUpdate().Model(u).Column("name").Set("updated_at = now()").WherePK().Returning("updated_at").Exec(ctx)
	return err
}

func (e *entrant) Graph(ctx context.Context, in peers.NewUser, orders []peers.NewOrder) (any, error) {
	u, err := newUser(in)
	if err != nil {
		return nil, err
	}
	for _, o := range orders {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		u.Orders = append(u.Orders, &Order{ID: id, UserID: u.ID, Item: o.Item, Quantity: o.Quantity, Price: o.Price})
	}
	return u, e.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(u).Returning("created_at, updated_at").Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewInsert().Model(&u.Orders).Returning("created_at, updated_at").Exec(ctx)
		return err
	})
}

func (e *entrant) Load(ctx context.Context, segment int32) (any, error) {
	var users []*User
	return &users, e.db.NewSelect().Model(&users).
		Relation("Orders", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("id") }).
		Where("segment = ?", segment).Order("created_at", "id").Limit(20).Scan(ctx)
}

func (e *entrant) Bulk(ctx context.Context, events []peers.NewEvent) (any, error) {
	rows := make([]*Event, len(events))
	for i, ev := range events {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		rows[i] = &Event{ID: id, Kind: ev.Kind, Amount: ev.Amount, Body: ev.Body}
	}
	_, err := e.db.NewInsert().Model(&rows).Exec(ctx)
	return &peers.Inserted{Inserted: len(rows)}, err
}

// ChangeTogether uses bun's bulk update.
func (e *entrant) ChangeTogether(ctx context.Context, ids []uuid.UUID, name string) (any, error) {
	var users []*User
	return &users, e.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := tx.NewSelect().Model(&users).Where("id IN (?)", bun.List(ids)).Order("id").Scan(ctx); err != nil {
			return err
		}
		now := time.Now()
		for _, u := range users {
			u.Name, u.UpdatedAt = name, now
		}
		_, err := tx.NewUpdate().Model(&users).Column("name", "updated_at").Bulk().Exec(ctx)
		return err
	})
}

func (e *entrant) ChangeEach(ctx context.Context, ids []uuid.UUID, name string) (any, error) {
	users := make([]*User, len(ids))
	return users, e.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		for i, id := range ids {
			users[i] = &User{}
			if err := readAndRename(ctx, tx, users[i], id, name); err != nil {
				return err
			}
		}
		return nil
	})
}

func newUser(in peers.NewUser) (*User, error) {
	id, err := uuid.NewV7()
	return &User{
		ID: id, Email: in.Email, Name: in.Name, Status: in.Status, Age: in.Age, Segment: in.Segment,
		Note: in.Note, Profile: in.Profile,
	}, err
}
