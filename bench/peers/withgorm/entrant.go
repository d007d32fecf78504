// Package withgorm does the workloads with GORM on pgx, with its defaults:
// PrepareStmt off, which is its faster setting there, and a transaction around
// each write.
package withgorm

import (
	"context"
	"time"

	"github.com/gofrs/uuid/v5"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/retort-go/retort/bench/peers"
)

// User is a row of users; the server makes its times.
type User struct {
	ID        uuid.UUID     `json:"id" gorm:"type:uuid;primaryKey"`
	CreatedAt time.Time     `json:"created_at" gorm:"default:now();autoCreateTime:false"`
	UpdatedAt time.Time     `json:"updated_at" gorm:"default:now();autoUpdateTime:false"`
	Email     string        `json:"email"`
	Name      string        `json:"name"`
	Status    string        `json:"status"`
	Age       int32         `json:"age"`
	Segment   int32         `json:"segment"`
	Note      *string       `json:"note"`
	Profile   peers.Profile `json:"profile" gorm:"type:jsonb;serializer:json"`
	Orders    []*Order      `json:"orders,omitempty"`
}

// Order is a row of orders.
type Order struct {
	ID        uuid.UUID `json:"id" gorm:"type:uuid;primaryKey"`
	CreatedAt time.Time `json:"created_at" gorm:"default:now();autoCreateTime:false"`
	UpdatedAt time.Time `json:"updated_at" gorm:"default:now();autoUpdateTime:false"`
	UserID    uuid.UUID `json:"user_id" gorm:"type:uuid"`
	Item      string    `json:"item"`
	Quantity  int32     `json:"quantity"`
	Price     int64     `json:"price"`
}

// Event is a row of events. Nobody asks for its times.
type Event struct {
	ID     uuid.UUID `gorm:"type:uuid;primaryKey"`
	Kind   string
	Amount int64
	Body   peers.Profile `gorm:"type:jsonb;serializer:json"`
}

type entrant struct{ db *gorm.DB }

// Open opens GORM's pool.
func Open(_ context.Context, cfg peers.Config) (peers.Entrant, error) {
	db, err := gorm.Open(postgres.Open(cfg.URL), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		return nil, err
	}
	pool, err := db.DB()
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(cfg.Pool)
	pool.SetMaxIdleConns(cfg.Pool)
	return &entrant{db}, nil
}

func (e *entrant) Close() {
	if pool, err := e.db.DB(); err == nil {
		_ = pool.Close()
	}
}

func (e *entrant) Read(ctx context.Context, id uuid.UUID) (any, error) {
	u := &User{}
	return u, e.db.WithContext(ctx).Take(u, "id = ?", id).Error
}

func (e *entrant) List(ctx context.Context, f peers.Filter) (any, error) {
	var users []*User
	return &users, e.db.WithContext(ctx).Where("status = ? AND age >= ?", f.Status, f.MinAge).
		Order("created_at DESC, id DESC").Limit(20).Find(&users).Error
}

func (e *entrant) Insert(ctx context.Context, in peers.NewUser) (any, error) {
	u, err := newUser(in)
	if err != nil {
		return nil, err
	}
	return u, e.db.WithContext(ctx).Create(u).Error
}

func (e *entrant) Change(ctx context.Context, id uuid.UUID, name string) (any, error) {
	u := &User{}
	return u, e.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Take(u, "id = ?", id).Error; err != nil {
			return err
		}
		return rename(tx, u, name)
	})
}

func rename(tx *gorm.DB, u *User, name string) error {
	return tx.Model(u).Clauses(clause.Returning{Columns: []clause.Column{{Name: "name"}, {Name: "updated_at"}}}).
		Updates(map[string]any{"name": name, "updated_at": gorm.Expr("now()")}).Error
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
		u.Orders = append(u.Orders, &Order{ID: id, Item: o.Item, Quantity: o.Quantity, Price: o.Price})
	}
	return u, e.db.WithContext(ctx).Create(u).Error
}

func (e *entrant) Load(ctx context.Context, segment int32) (any, error) {
	var users []*User
	return &users, e.db.WithContext(ctx).
		Preload("Orders", func(tx *gorm.DB) *gorm.DB { return tx.Order("id") }).
		Where("segment = ?", segment).Order("created_at, id").Limit(20).Find(&users).Error
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
	return &peers.Inserted{Inserted: len(rows)}, e.db.WithContext(ctx).CreateInBatches(rows, 1000).Error
}

func (e *entrant) ChangeTogether(ctx context.Context, ids []uuid.UUID, name string) (any, error) {
	var users []*User
	return &users, e.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Order("id").Find(&users, "id IN ?", ids).Error; err != nil {
			return err
		}
		for _, u := range users {
			if err := rename(tx, u, name); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *entrant) ChangeEach(ctx context.Context, ids []uuid.UUID, name string) (any, error) {
	users := make([]*User, len(ids))
	return users, e.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for i, id := range ids {
			users[i] = &User{}
			if err := tx.Take(users[i], "id = ?", id).Error; err != nil {
				return err
			}
			if err := rename(tx, users[i], name); err != nil {
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
