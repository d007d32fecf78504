package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// setup gives an engine and a pgxpool on the same database, without a proxy
// between, and one user.
func setup(b *testing.B) (*retort.Engine, *pgxpool.Pool, *User) {
	b.Helper()
	ctx := context.Background()
	db := retorttest.NewDatabase(b, retorttest.Template{})
	eng, err := retort.Open(retort.Config{Base: base, URL: db.URL(), PrePing: true})
	check(b, err)
	b.Cleanup(func() { _ = eng.Close(ctx) })
	check(b, base.CreateAll(ctx, eng))
	pgxPool, err := pgxpool.New(ctx, db.URL())
	check(b, err)
	b.Cleanup(pgxPool.Close)
	u := &User{Email: "a@x", Name: "Ann", Age: 40}
	s := eng.Session()
	s.Add(u)
	check(b, s.Commit(ctx))
	return eng, pgxPool, u
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

const selectUser = "select id, created_at, updated_at, email, name, age from users where id = $1"

func scanUser(row pgx.Row) (*User, error) {
	u := &User{}
	return u, row.Scan(&u.ID, &u.CreatedAt, &u.UpdatedAt, &u.Email, &u.Name, &u.Age)
}

// BenchmarkReadByKey reads one row by key, in a session of its own.
func BenchmarkReadByKey(b *testing.B) {
	ctx := context.Background()
	eng, pgxPool, u := setup(b)
	b.Run("retort", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s := eng.Session()
			_, err := users.Get(ctx, s, u.ID)
			check(b, err)
			check(b, s.Close(ctx))
		}
	})
	b.Run("pgx-usual", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			check(b, pgx.BeginFunc(ctx, pgxPool, func(tx pgx.Tx) error {
				_, err := scanUser(tx.QueryRow(ctx, selectUser, u.ID))
				return err
			}))
		}
	})
	b.Run("pgx-tuned", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := scanUser(pgxPool.QueryRow(ctx, selectUser, u.ID))
			check(b, err)
		}
	})
}

const insertUser = "insert into users (id, email, name, age) values ($1, $2, $3, $4) returning created_at, updated_at"

var serial atomic.Int64

func newUser() *User {
	return &User{Email: fmt.Sprint(serial.Add(1)), Name: "Ann", Age: 40}
}

// BenchmarkInsert writes one row in a transaction and reads its server-made
// values back.
func BenchmarkInsert(b *testing.B) {
	ctx := context.Background()
	eng, pgxPool, _ := setup(b)
	b.Run("retort", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s := eng.Session()
			s.Add(newUser())
			check(b, s.Commit(ctx))
			check(b, s.Close(ctx))
		}
	})
	b.Run("pgx-usual", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			check(b, pgx.BeginFunc(ctx, pgxPool, func(tx pgx.Tx) error {
				u := newUser()
				u.ID = uuid.Must(uuid.NewV7())
				return tx.QueryRow(ctx, insertUser, u.ID, u.Email, u.Name, u.Age).Scan(&u.CreatedAt, &u.UpdatedAt)
			}))
		}
	})
	b.Run("pgx-tuned", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			u := newUser()
			u.ID = uuid.Must(uuid.NewV7())
			check(b, pgxPool.QueryRow(ctx, insertUser, u.ID, u.Email, u.Name, u.Age).Scan(&u.CreatedAt, &u.UpdatedAt))
		}
	})
}

// BenchmarkGraph writes 21 rows in one transaction.
func BenchmarkGraph(b *testing.B) {
	ctx := context.Background()
	eng, pgxPool, _ := setup(b)
	b.Run("retort", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s := eng.Session()
			for range 21 {
				s.Add(newUser())
			}
			check(b, s.Commit(ctx))
			check(b, s.Close(ctx))
		}
	})
	b.Run("pgx-usual", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			check(b, pgx.BeginFunc(ctx, pgxPool, func(tx pgx.Tx) error {
				for range 21 {
					u := newUser()
					u.ID = uuid.Must(uuid.NewV7())
					if err := tx.QueryRow(ctx, insertUser, u.ID, u.Email, u.Name, u.Age).Scan(&u.CreatedAt, &u.UpdatedAt); err != nil {
						return err
					}
				}
				return nil
			}))
		}
	})
	b.Run("pgx-tuned", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			batch := &pgx.Batch{}
			for range 21 {
				u := newUser()
				u.ID = uuid.Must(uuid.NewV7())
				batch.Queue(insertUser, u.ID, u.Email, u.Name, u.Age).QueryRow(func(row pgx.Row) error {
					return row.Scan(&u.CreatedAt, &u.UpdatedAt)
				})
			}
			check(b, pgxPool.SendBatch(ctx, batch).Close())
		}
	})
}
