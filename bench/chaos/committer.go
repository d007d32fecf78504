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

func effectsBase() *retort.Base { return effectsAnd(retort.NewOutcomes("outcomes")) }

func effectsAnd(outcomes *retort.Outcomes) *retort.Base {
	return retort.NewBase(retort.NewTable[Effect]("effects"), outcomes.Table)
}

// openUnsureCommitter keeps no outcome rows, openRetortCommitter does.
func openUnsureCommitter(ctx context.Context, url string) (*committer, error) {
	return newRetortCommitter(ctx, retort.Config{URL: url, Base: effectsBase(), PoolSize: 1})
}

func openRetortCommitter(ctx context.Context, url string) (*committer, error) {
	outcomes := retort.NewOutcomes("outcomes")
	return newRetortCommitter(ctx, retort.Config{URL: url, Base: effectsAnd(outcomes), PoolSize: 1, Outcomes: outcomes})
}

func newRetortCommitter(ctx context.Context, cfg retort.Config) (*committer, error) {
	eng, err := retort.Open(cfg)
	if err != nil {
		return nil, err
	}
	add := func(s *retort.Session, try string) { s.Add(&Effect{Try: try}) }
	return &committer{
		writes: []effect{
			onceEffect(eng, func(_ context.Context, s *retort.Session, try string) error { // COMMIT flies with the rest
				add(s, try)
				return nil
			}),
			onceEffect(eng, func(ctx context.Context, s *retort.Session, try string) error { // COMMIT flies alone
				add(s, try)
				return s.Flush(ctx)
			}),
		},
		judge: func(err error) belief {
			_, committed := errors.AsType[*retort.CommittedError](err)
			switch {
			case err == nil, committed: // the key that the database made was lost
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

// onceEffect is a unit of work that is not repeated, so that its first verdict
// shows.
func onceEffect(eng *retort.Engine, do func(ctx context.Context, s *retort.Session, try string) error) effect {
	call := retort.InSession(eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session, try *string) (*struct{}, error) {
		return nil, do(ctx, s, *try)
	})
	return func(ctx context.Context, try string) error {
		_, err := call(ctx, &try)
		return err
	}
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
