package chaos

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/history"
)

// statements are what a transaction may do.
type statements struct {
	exec func(sql string, args ...any) error
	text func(sql string, args ...any) (string, error)
}

// scribe runs transactions; attempt may be called several times.
type scribe struct {
	run func(ctx context.Context, attempt func(*statements) error) (history.Status, error)
	end func()
}

type openScribe func(ctx context.Context, url string) (*scribe, error)

func retortScribe(level retort.Isolation) openScribe {
	return func(_ context.Context, url string) (*scribe, error) {
		eng, err := retort.Open(retort.Config{URL: url, PoolSize: historyWorkers, RetryBudget: -1})
		if err != nil {
			return nil, err
		}
		return &scribe{
			run: func(ctx context.Context, attempt func(*statements) error) (history.Status, error) {
				_, err := retort.Run(ctx, eng, retort.TxOptions{Isolation: level}, func(ctx context.Context, s *retort.Session) (int, error) {
					return 0, attempt(&statements{
						exec: func(sql string, args ...any) error { _, err := s.Exec(ctx, sql, args...); return err },
						text: func(sql string, args ...any) (string, error) {
							return retort.SQL[string](sql, args...).ReadOnly().One(ctx, s)
						},
					})
				})
				switch {
				case err == nil:
					return history.Committed, nil
				case errors.Is(err, retort.ErrCommitUnknown):
					return history.Unknown, err
				default:
					return history.Aborted, err
				}
			},
			end: func() { closeEngine(eng) },
		}, nil
	}
}

// pgxpoolScribe takes an error of Commit without an SQLSTATE for unknown, as those
// do who know.
func pgxpoolScribe(ctx context.Context, url string) (*scribe, error) {
	pool, err := newPool(ctx, url, historyWorkers)
	if err != nil {
		return nil, err
	}
	return &scribe{
		run: func(ctx context.Context, attempt func(*statements) error) (history.Status, error) {
			tx, err := pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable})
			if err != nil {
				return history.Aborted, err
			}
			defer func() { _ = tx.Rollback(ctx) }()
			err = attempt(&statements{
				exec: func(sql string, args ...any) error { _, err := tx.Exec(ctx, sql, args...); return err },
				text: func(sql string, args ...any) (text string, err error) {
					err = tx.QueryRow(ctx, sql, args...).Scan(&text)
					return text, err
				},
			})
			if err != nil {
				return history.Aborted, err
			}
			err = tx.Commit(ctx)
			switch {
			case err == nil:
				return history.Committed, nil
			case strings.Contains(err.Error(), "SQLSTATE"):
				return history.Aborted, err
			default:
				return history.Unknown, err
			}
		},
		end: pool.Close,
	}, nil
}
