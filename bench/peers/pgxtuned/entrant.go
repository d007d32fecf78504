// Package pgxtuned does the workloads with pgx as a careful expert tunes it by
// hand: no transaction where one statement is all, everything that can travel
// together in one batch, one statement for many rows, COPY, and keys as bytes,
// which pgx encodes quickest.
package pgxtuned

import (
	"context"
	"fmt"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort/bench/peers"
)

type entrant struct{ pool *pgxpool.Pool }

// Open opens a pool; pgx's default prepares each statement once for each
// connection.
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

const (
	userColumns = "id, created_at, updated_at, email, name, status, age, segment, note, profile"
	selectUser  = "select " + userColumns + " from users where id = $1"
	updateUser  = "update users set name = $2, updated_at = now() where id = $1 returning updated_at"
	insertUser  = "insert into users (id, email, name, status, age, segment, note, profile)" +
		" values ($1, $2, $3, $4, $5, $6, $7, $8) returning created_at, updated_at"
)

func scanUser(row pgx.Row) (*peers.User, error) {
	u := &peers.User{}
	err := row.Scan((*[16]byte)(&u.ID), &u.CreatedAt, &u.UpdatedAt, &u.Email, &u.Name, &u.Status, &u.Age, &u.Segment, &u.Note, &u.Profile)
	return u, err
}

// scanUsers reads all rows.
func scanUsers(rows pgx.Rows, err error) ([]*peers.User, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make([]*peers.User, 0, 20)
	for rows.Next() {
		u, err := scanUser(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

func (e *entrant) Read(ctx context.Context, id uuid.UUID) (any, error) {
	return scanUser(e.pool.QueryRow(ctx, selectUser, [16]byte(id)))
}

func (e *entrant) List(ctx context.Context, f peers.Filter) (any, error) {
	return scanUsers(e.pool.Query(ctx, "select "+userColumns+" from users where status = $1 and age >= $2"+
		" order by created_at desc, id desc limit 20", f.Status, f.MinAge))
}

func (e *entrant) Insert(ctx context.Context, in peers.NewUser) (any, error) {
	u, err := newUser(in)
	if err != nil {
		return nil, err
	}
	err = e.pool.QueryRow(ctx, insertUser, userArgs(u)...).Scan(&u.CreatedAt, &u.UpdatedAt)
	return u, err
}

func (e *entrant) Change(ctx context.Context, id uuid.UUID, name string) (any, error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	u, err := scanUser(conn.QueryRow(ctx, selectUser, [16]byte(id)))
	if err != nil {
		return nil, err
	}
	u.Name = name
	err = conn.QueryRow(ctx, updateUser, [16]byte(id), name).Scan(&u.UpdatedAt)
	return u, err
}

func newUser(in peers.NewUser) (*peers.User, error) {
	id, err := uuid.NewV7()
	return &peers.User{
		ID: id, Email: in.Email, Name: in.Name, Status: in.Status, Age: in.Age, Segment: in.Segment,
		Note: in.Note, Profile: in.Profile,
	}, err
}

func userArgs(u *peers.User) []any {
	return []any{[16]byte(u.ID), u.Email, u.Name, u.Status, u.Age, u.Segment, u.Note, &u.Profile}
}

// missing says that the server told of fewer rows than were sent.
func missing(what string, got, want int) error {
	return fmt.Errorf("pgxtuned: %s: %d rows came back, not %d", what, got, want)
}
