// Package pgxusual does the workloads with pgx as it is usually written: a
// transaction for each request and a statement for each row. Keys go to pgx as
// bytes, since it is slow with the UUID type of the bench, and that is not what
// is measured.
package pgxusual

import (
	"context"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort/bench/peers"
)

type entrant struct{ pool *pgxpool.Pool }

// Open opens a pool.
func Open(ctx context.Context, cfg peers.Config) (peers.Entrant, error) {
	c, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, err
	}
	c.MaxConns = int32(cfg.Pool)
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, err
	}
	return &entrant{pool}, nil
}

func (e *entrant) Close() { e.pool.Close() }

// inTx is the request's transaction.
func inTx[T any](ctx context.Context, e *entrant, do func(tx pgx.Tx) (T, error)) (any, error) {
	var out T
	err := pgx.BeginFunc(ctx, e.pool, func(tx pgx.Tx) error {
		var err error
		out, err = do(tx)
		return err
	})
	return out, err
}

const (
	userColumns = "id, created_at, updated_at, email, name, status, age, segment, note, profile"
	selectUser  = "select " + userColumns + " from users where id = $1"
	updateUser  = "update users set name = $2, updated_at = now() where id = $1 returning updated_at"
	insertUser  = "insert into users (id, email, name, status, age, segment, note, profile)" +
		" values ($1, $2, $3, $4, $5, $6, $7, $8) returning created_at, updated_at"
	insertOrder = "insert into orders (id, user_id, item, quantity, price)" +
		" values ($1, $2, $3, $4, $5) returning created_at, updated_at"
	insertEvent = "insert into events (id, kind, amount, body) values ($1, $2, $3, $4)"
)

func scanUser(row pgx.Row) (*peers.User, error) {
	u := &peers.User{}
	err := row.Scan((*[16]byte)(&u.ID), &u.CreatedAt, &u.UpdatedAt, &u.Email, &u.Name, &u.Status, &u.Age, &u.Segment, &u.Note, &u.Profile)
	return u, err
}

func collectUsers(ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]*peers.User, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*peers.User, error) { return scanUser(row) })
}

func (e *entrant) Read(ctx context.Context, id uuid.UUID) (any, error) {
	return inTx(ctx, e, func(tx pgx.Tx) (*peers.User, error) { return scanUser(tx.QueryRow(ctx, selectUser, [16]byte(id))) })
}

func (e *entrant) List(ctx context.Context, f peers.Filter) (any, error) {
	return inTx(ctx, e, func(tx pgx.Tx) ([]*peers.User, error) {
		return collectUsers(ctx, tx, "select "+userColumns+" from users where status = $1 and age >= $2"+
			" order by created_at desc, id desc limit 20", f.Status, f.MinAge)
	})
}

func (e *entrant) Insert(ctx context.Context, in peers.NewUser) (any, error) {
	return inTx(ctx, e, func(tx pgx.Tx) (*peers.User, error) { return add(ctx, tx, in) })
}

func add(ctx context.Context, tx pgx.Tx, in peers.NewUser) (*peers.User, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	u := &peers.User{
		ID: id, Email: in.Email, Name: in.Name, Status: in.Status, Age: in.Age, Segment: in.Segment,
		Note: in.Note, Profile: in.Profile,
	}
	err = tx.QueryRow(ctx, insertUser, [16]byte(u.ID), u.Email, u.Name, u.Status, u.Age, u.Segment, u.Note, u.Profile).
		Scan(&u.CreatedAt, &u.UpdatedAt)
	return u, err
}

func (e *entrant) Change(ctx context.Context, id uuid.UUID, name string) (any, error) {
	return inTx(ctx, e, func(tx pgx.Tx) (*peers.User, error) { return rename(ctx, tx, id, name) })
}

func rename(ctx context.Context, tx pgx.Tx, id uuid.UUID, name string) (*peers.User, error) {
	u, err := scanUser(tx.QueryRow(ctx, selectUser, [16]byte(id)))
	if err != nil {
		return nil, err
	}
	u.Name = name
	return u, tx.QueryRow(ctx, updateUser, [16]byte(u.ID), u.Name).Scan(&u.UpdatedAt)
}

func (e *entrant) Graph(ctx context.Context, in peers.NewUser, orders []peers.NewOrder) (any, error) {
	return inTx(ctx, e, func(tx pgx.Tx) (*peers.User, error) {
		u, err := add(ctx, tx, in)
		if err != nil {
			return nil, err
		}
		for _, o := range orders {
			id, err := uuid.NewV7()
			if err != nil {
				return nil, err
			}
			row := &peers.Order{ID: id, UserID: u.ID, Item: o.Item, Quantity: o.Quantity, Price: o.Price}
			err = tx.QueryRow(ctx, insertOrder, [16]byte(row.ID), [16]byte(row.UserID), row.Item, row.Quantity, row.Price).
				Scan(&row.CreatedAt, &row.UpdatedAt)
			if err != nil {
				return nil, err
			}
			u.Orders = append(u.Orders, row)
		}
		return u, nil
	})
}

func (e *entrant) Load(ctx context.Context, segment int32) (any, error) {
	return inTx(ctx, e, func(tx pgx.Tx) ([]*peers.User, error) {
		users, err := collectUsers(ctx, tx, "select "+userColumns+" from users where segment = $1 order by created_at, id limit 20", segment)
		if err != nil {
			return nil, err
		}
		ids := make([][16]byte, len(users))
		byID := make(map[uuid.UUID]*peers.User, len(users))
		for i, u := range users {
			ids[i], byID[u.ID] = u.ID, u
		}
		rows, err := tx.Query(ctx, "select id, created_at, updated_at, user_id, item, quantity, price"+
			" from orders where user_id = any($1) order by id", ids)
		if err != nil {
			return nil, err
		}
		orders, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*peers.Order, error) {
			o := &peers.Order{}
			return o, row.Scan((*[16]byte)(&o.ID), &o.CreatedAt, &o.UpdatedAt, (*[16]byte)(&o.UserID), &o.Item, &o.Quantity, &o.Price)
		})
		for _, o := range orders {
			byID[o.UserID].Orders = append(byID[o.UserID].Orders, o)
		}
		return users, err
	})
}

// Bulk sends its rows as one batch: at this size nobody sends them alone.
func (e *entrant) Bulk(ctx context.Context, events []peers.NewEvent) (any, error) {
	return inTx(ctx, e, func(tx pgx.Tx) (*peers.Inserted, error) {
		batch := &pgx.Batch{}
		for _, ev := range events {
			id, err := uuid.NewV7()
			if err != nil {
				return nil, err
			}
			batch.Queue(insertEvent, [16]byte(id), ev.Kind, ev.Amount, ev.Body)
		}
		return &peers.Inserted{Inserted: len(events)}, tx.SendBatch(ctx, batch).Close()
	})
}

func (e *entrant) ChangeTogether(ctx context.Context, ids []uuid.UUID, name string) (any, error) {
	return inTx(ctx, e, func(tx pgx.Tx) ([]*peers.User, error) {
		users, err := collectUsers(ctx, tx, "select "+userColumns+" from users where id = any($1) order by id", keys(ids))
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			u.Name = name
			if err := tx.QueryRow(ctx, updateUser, [16]byte(u.ID), u.Name).Scan(&u.UpdatedAt); err != nil {
				return nil, err
			}
		}
		return users, nil
	})
}

func (e *entrant) ChangeEach(ctx context.Context, ids []uuid.UUID, name string) (any, error) {
	return inTx(ctx, e, func(tx pgx.Tx) ([]*peers.User, error) {
		users := make([]*peers.User, len(ids))
		for i, id := range ids {
			var err error
			if users[i], err = rename(ctx, tx, id, name); err != nil {
				return nil, err
			}
		}
		return users, nil
	})
}

func keys(ids []uuid.UUID) [][16]byte {
	out := make([][16]byte, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}
