package chaos

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
)

// committer writes effects, in one or several ways.
type committer struct {
	writes []effect
	judge  func(error) belief // of what a write returned; nil where nobody asks
	end    func()

	// lendsDead: its pool lends a connection, now and then, that it finds closed
	// only when it is used. Such a write is made again.
	lendsDead bool
}

// effect runs one statement that leaves a row.
type effect func(ctx context.Context, try string) error

func effectsBase() *retort.Base { return retort.NewBase(retort.NewTable[Effect]("effects")) }

func openRetortCommitter(ctx context.Context, url string) (*committer, error) {
	eng, err := retort.Open(retort.Config{URL: url, Base: effectsBase(), PoolSize: 1})
	if err != nil {
		return nil, err
	}
	add := func(s *retort.Session, try string) { s.Add(&Effect{Try: try}) }
	return &committer{
		writes: []effect{
			sessionEffect(eng, func(_ context.Context, s *retort.Session, try string) error { // COMMIT flies with the rest
				add(s, try)
				return nil
			}),
			sessionEffect(eng, func(ctx context.Context, s *retort.Session, try string) error { // COMMIT flies alone
				add(s, try)
				return s.Flush(ctx)
			}),
		},
		judge: func(err error) belief {
			switch {
			case err == nil:
				return stored
			case errors.Is(err, retort.ErrCommitUnknown):
				return unknown
			default:
				return absent
			}
		},
		end: func() { _ = eng.Close(context.WithoutCancel(ctx)) },
	}, nil
}

// sessionEffect is a unit of work.
func sessionEffect(eng *retort.Engine, do func(ctx context.Context, s *retort.Session, try string) error) effect {
	return func(ctx context.Context, try string) error {
		_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (struct{}, error) {
			return struct{}{}, do(ctx, s, try)
		})
		return err
	}
}

func openPgxpoolCommitter(ctx context.Context, url string) (*committer, error) {
	pool, err := newPool(ctx, url, 1)
	if err != nil {
		return nil, err
	}
	return &committer{
		writes: []effect{func(ctx context.Context, try string) error {
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO effects (try) VALUES ($1)", try)
				return err
			})
		}},
		judge: func(err error) belief {
			if err == nil {
				return stored
			}
			return absent
		},
		end:       pool.Close,
		lendsDead: true,
	}, nil
}
