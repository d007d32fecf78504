package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
)

// belief is what a writer knows after a commit.
type belief int

const (
	stored belief = iota
	absent
	unknown
)

// writer stores one entry; the other function ends it.
type (
	writer     func(context.Context, uuid.UUID) belief
	openWriter func(ctx context.Context, url string) (writer, func(), error)
)

func openRetortWriter(ctx context.Context, url string) (writer, func(), error) {
	eng, err := retort.Open(retort.Config{URL: url, Base: entriesBase(), PoolSize: writers})
	if err != nil {
		return nil, nil, err
	}
	write := func(ctx context.Context, id uuid.UUID) belief {
		_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (*Entry, error) {
			e := &Entry{}
			e.ID = id
			s.Add(e)
			return e, nil
		})
		switch {
		case err == nil:
			return stored
		case errors.Is(err, retort.ErrCommitUnknown):
			return unknown
		default:
			return absent
		}
	}
	return write, func() { _ = eng.Close(context.WithoutCancel(ctx)) }, nil
}

// openPgxpoolWriter believes what an error of Commit seems to say.
func openPgxpoolWriter(ctx context.Context, url string) (writer, func(), error) {
	pool, err := newPool(ctx, url, writers)
	if err != nil {
		return nil, nil, err
	}
	return pgxpoolWriter(pool), pool.Close, nil
}

func pgxpoolWriter(pool *pgxpool.Pool) writer {
	return func(ctx context.Context, id uuid.UUID) belief {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO entries (id) VALUES ($1)", id)
			return err
		})
		if err != nil {
			return absent
		}
		return stored
	}
}

func entriesBase() *retort.Base { return retort.NewBase(retort.NewTable[Entry]("entries")) }

// ledger is what writers were told of their entries.
type ledger struct {
	stored, absent []uuid.UUID
	unknown        int
}

func (l *ledger) add(more *ledger) {
	l.stored = append(l.stored, more.stored...)
	l.absent = append(l.absent, more.absent...)
	l.unknown += more.unknown
}

// keep writes until told to stop.
func (l *ledger) keep(ctx context.Context, write writer, acks *atomic.Int64, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		id := uuid.Must(uuid.NewV7())
		within, cancel := context.WithTimeout(ctx, 10*time.Second)
		what := write(within, id)
		cancel()
		switch what {
		case stored:
			l.stored = append(l.stored, id)
			acks.Add(1)
			continue
		case unknown:
			l.unknown++
		default:
			l.absent = append(l.absent, id)
		}
		_ = pause(ctx, 2*time.Millisecond) // the server is away
	}
}

// check compares the ledger with the table.
func (l *ledger) check(ctx context.Context, url string) (found Side, denied int, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return found, 0, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT id::text FROM entries")
	if err != nil {
		return found, 0, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return found, 0, err
	}
	there := make(map[string]bool, len(ids))
	for _, id := range ids {
		there[id] = true
	}
	found.Of = len(l.stored)
	for _, id := range l.stored {
		if !there[id.String()] {
			found.Bad++
		}
	}
	for _, id := range l.absent {
		if there[id.String()] {
			denied++
		}
	}
	found.Note = fmt.Sprintf("%d attempts failed, %d of them stored; %d reported unknown", len(l.absent), denied, l.unknown)
	return found, denied, nil
}
