// Package tickets is code as sqlc generates it for pgx/v5, from
//
//	-- name: CreateTicket :one
//	INSERT INTO tickets (id, title) VALUES ($1, $2) RETURNING id, title;
//	-- name: ListTickets :many
//	SELECT id, title FROM tickets ORDER BY title;
//	-- name: CopyTickets :copyfrom
//	INSERT INTO tickets (id, title) VALUES ($1, $2);
package tickets

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// DBTX is what the queries run on.
type DBTX interface {
	Exec(context.Context, string, ...interface{}) (pgconn.CommandTag, error)
	Query(context.Context, string, ...interface{}) (pgx.Rows, error)
	QueryRow(context.Context, string, ...interface{}) pgx.Row
	CopyFrom(ctx context.Context, tableName pgx.Identifier, columnNames []string, rowSrc pgx.CopyFromSource) (int64, error)
}

// New makes the queries.
func New(db DBTX) *Queries { return &Queries{db: db} }

// Queries are the statements above.
type Queries struct{ db DBTX }

// Ticket is a row.
type Ticket struct {
	ID    pgtype.UUID
	Title string
}

const createTicket = `-- name: CreateTicket :one
INSERT INTO tickets (id, title) VALUES ($1, $2) RETURNING id, title
`

// CreateTicket inserts one.
func (q *Queries) CreateTicket(ctx context.Context, arg Ticket) (Ticket, error) {
	row := q.db.QueryRow(ctx, createTicket, arg.ID, arg.Title)
	var i Ticket
	err := row.Scan(&i.ID, &i.Title)
	return i, err
}

const listTickets = `-- name: ListTickets :many
SELECT id, title FROM tickets ORDER BY title
`

// ListTickets reads all.
func (q *Queries) ListTickets(ctx context.Context) ([]Ticket, error) {
	rows, err := q.db.Query(ctx, listTickets)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var items []Ticket
	for rows.Next() {
		var i Ticket
		if err := rows.Scan(&i.ID, &i.Title); err != nil {
			return nil, err
		}
		items = append(items, i)
	}
	return items, rows.Err()
}

// CopyTickets inserts many.
func (q *Queries) CopyTickets(ctx context.Context, arg []Ticket) (int64, error) {
	return q.db.CopyFrom(ctx, pgx.Identifier{"tickets"}, []string{"id", "title"},
		pgx.CopyFromSlice(len(arg), func(i int) ([]any, error) { return []any{arg[i].ID, arg[i].Title}, nil }))
}
