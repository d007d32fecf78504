package pgxtuned

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/bench/peers"
)

const (
	insertOrders = "insert into orders (id, user_id, item, quantity, price)" +
		" select id, $2, item, quantity, price from unnest($1::uuid[], $3::text[], $4::int4[], $5::int8[]) as o (id, item, quantity, price)" +
		" returning id, created_at, updated_at"
	selectSegment = "select " + userColumns + " from users where segment = $1 order by created_at, id limit 20"
	selectOrders  = "select o.id, o.created_at, o.updated_at, o.user_id, o.item, o.quantity, o.price" +
		" from (select id from users where segment = $1 order by created_at, id limit 20) u" +
		" join orders o on o.user_id = u.id order by o.id"
	selectUsers = "select " + userColumns + " from users where id = any($1) order by id"
	updateUsers = "update users u set name = v.name, updated_at = now()" +
		" from unnest($1::uuid[], $2::text[]) as v (id, name) where u.id = v.id returning u.id, u.updated_at"
)

// Graph sends both statements in one batch, which is one transaction.
func (e *entrant) Graph(ctx context.Context, in peers.NewUser, orders []peers.NewOrder) (any, error) {
	u, err := newUser(in)
	if err != nil {
		return nil, err
	}
	n := len(orders)
	u.Orders = make([]*peers.Order, n)
	ids, items := make([][16]byte, n), make([]string, n)
	quantities, prices := make([]int32, n), make([]int64, n)
	for i, o := range orders {
		if ids[i], err = uuid.NewV7(); err != nil {
			return nil, err
		}
		items[i], quantities[i], prices[i] = o.Item, o.Quantity, o.Price
		u.Orders[i] = &peers.Order{ID: ids[i], UserID: u.ID, Item: o.Item, Quantity: o.Quantity, Price: o.Price}
	}
	batch := &pgx.Batch{}
	batch.Queue(insertUser, userArgs(u)...)
	batch.Queue(insertOrders, ids, [16]byte(u.ID), items, quantities, prices)
	results := e.pool.SendBatch(ctx, batch)
	defer func() { _ = results.Close() }() // the second time, where all went well
	if err := results.QueryRow().Scan(&u.CreatedAt, &u.UpdatedAt); err != nil {
		return nil, err
	}
	if err := scanOrderTimes(results, u.Orders); err != nil {
		return nil, err
	}
	return u, results.Close()
}

// scanOrderTimes matches rows by key: RETURNING promises no order, though it
// mostly is the one of the input.
func scanOrderTimes(results pgx.BatchResults, orders []*peers.Order) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	row, found := 0, 0
	for ; rows.Next(); row++ {
		var key uuid.UUID
		var created, updated time.Time
		if err := rows.Scan((*[16]byte)(&key), &created, &updated); err != nil {
			return err
		}
		for k := range orders {
			if o := orders[(row+k)%len(orders)]; o.ID == key {
				o.CreatedAt, o.UpdatedAt = created, updated
				found++
				break
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if found != len(orders) {
		return missing("insert", found, len(orders))
	}
	return nil
}

// Load sends both queries in one batch.
func (e *entrant) Load(ctx context.Context, segment int32) (any, error) {
	batch := &pgx.Batch{}
	batch.Queue(selectSegment, segment)
	batch.Queue(selectOrders, segment)
	results := e.pool.SendBatch(ctx, batch)
	defer func() { _ = results.Close() }() // the second time, where all went well
	out, err := scanUsers(results.Query())
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID]*peers.User, len(out))
	for _, u := range out {
		u.Orders = make([]*peers.Order, 0, peers.PerGroup)
		byID[u.ID] = u
	}
	rows, err := results.Query()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		o := &peers.Order{}
		err := rows.Scan((*[16]byte)(&o.ID), &o.CreatedAt, &o.UpdatedAt, (*[16]byte)(&o.UserID), &o.Item, &o.Quantity, &o.Price)
		if err != nil {
			rows.Close()
			return nil, err
		}
		// Each query has a snapshot of its own: the user may be younger than the first.
		if u := byID[o.UserID]; u != nil {
			u.Orders = append(u.Orders, o)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return out, results.Close()
}

// Bulk copies.
func (e *entrant) Bulk(ctx context.Context, events []peers.NewEvent) (any, error) {
	row := make([]any, 4)
	n, err := e.pool.CopyFrom(ctx, pgx.Identifier{"events"}, []string{"id", "kind", "amount", "body"},
		pgx.CopyFromSlice(len(events), func(i int) ([]any, error) {
			id, err := uuid.NewV7()
			if err != nil {
				return nil, err
			}
			body, err := json.Marshal(&events[i].Body)
			row[0], row[1], row[2], row[3] = [16]byte(id), events[i].Kind, events[i].Amount, body
			return row, err
		}))
	return &peers.Inserted{Inserted: int(n)}, err
}

func (e *entrant) ChangeTogether(ctx context.Context, ids []uuid.UUID, name string) (any, error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	users, err := scanUsers(conn.Query(ctx, selectUsers, keys(ids)))
	if err != nil {
		return nil, err
	}
	return rename(ctx, conn.Conn(), users, name)
}

func (e *entrant) ChangeEach(ctx context.Context, ids []uuid.UUID, name string) (any, error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	users := make([]*peers.User, len(ids))
	for i, id := range ids {
		if users[i], err = scanUser(conn.QueryRow(ctx, selectUser, [16]byte(id))); err != nil {
			return nil, err
		}
	}
	return rename(ctx, conn.Conn(), users, name)
}

// rename updates all users in one statement.
func rename(ctx context.Context, conn *pgx.Conn, users []*peers.User, name string) ([]*peers.User, error) {
	ids, names := make([][16]byte, len(users)), make([]string, len(users))
	for i, u := range users {
		u.Name = name
		ids[i], names[i] = u.ID, name
	}
	rows, err := conn.Query(ctx, updateUsers, ids, names)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	row, found := 0, 0
	for ; rows.Next(); row++ {
		var key uuid.UUID
		var updated time.Time
		if err := rows.Scan((*[16]byte)(&key), &updated); err != nil {
			return nil, err
		}
		for k := range users {
			if u := users[(row+k)%len(users)]; u.ID == key {
				u.UpdatedAt = updated
				found++
				break
			}
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if found != len(users) {
		return nil, missing("update", found, len(users))
	}
	return users, nil
}

func keys(ids []uuid.UUID) [][16]byte {
	out := make([][16]byte, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}
