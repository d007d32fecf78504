package beside_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/beside/tickets"
)

// work is done by all four in one session.
func (h house) work(ctx context.Context, s *retort.Session) error {
	s.Add(&Ticket{Title: "by Retort"})

	q := tickets.New(s.DBTX())
	id := uuid.Must(uuid.NewV7())
	if _, err := q.CreateTicket(ctx, tickets.Ticket{ID: pgtype.UUID{Bytes: id, Valid: true}, Title: "by sqlc"}); err != nil {
		return err
	}
	copied := []tickets.Ticket{{ID: pgtype.UUID{Bytes: uuid.Must(uuid.NewV7()), Valid: true}, Title: "by COPY"}}
	if _, err := q.CopyTickets(ctx, copied); err != nil {
		return err
	}

	db := inSession(ctx, h.gorm, s)
	if err := db.Create(&gormTicket{ID: uuid.Must(uuid.NewV7()).String(), Title: "by GORM"}).Error; err != nil {
		return err
	}
	var seen []gormTicket
	if err := db.Order("title").Find(&seen).Error; err != nil {
		return err
	}
	if len(seen) != 4 {
		return errors.New("GORM does not see what the others wrote")
	}

	tx, err := s.Pgx(ctx)
	if err != nil {
		return err
	}
	if _, err := h.river.InsertTx(ctx, tx, pastry{Title: "by River"}, nil); err != nil {
		return err
	}
	rows, err := q.ListTickets(ctx)
	if err == nil && len(rows) != 4 {
		err = errors.New("sqlc's code does not see what the others wrote")
	}
	return err
}

func TestOneTransaction(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	run := func(eng *retort.Engine, end error) error {
		_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
			if err := h.work(ctx, s); err != nil {
				return 0, err
			}
			if got := h.counts(t); got != [2]int64{} {
				t.Errorf("others see %v before COMMIT", got)
			}
			return 0, end
		})
		return err
	}
	lent, err := retort.Open(retort.Config{Base: base, Lender: retort.LendFrom(h.pool.Acquire)})
	must(t, err)
	defer func() { must(t, lent.Close(context.WithoutCancel(ctx))) }()

	for name, eng := range map[string]*retort.Engine{"on_Retort's_pool": h.Engine, "on_a_pgxpool": lent} {
		t.Run(name+"_it_is_rolled_back_together", func(t *testing.T) {
			if err := run(eng, errNo); !errors.Is(err, errNo) {
				t.Fatal(err)
			}
			if got := h.counts(t); got != [2]int64{} {
				t.Errorf("tickets and jobs are %v after a rollback", got)
			}
		})
		t.Run(name+"_it_is_committed_together", func(t *testing.T) {
			must(t, run(eng, nil))
			if got := h.counts(t); got != [2]int64{4, 1} {
				t.Errorf("tickets and jobs are %v, want 4 and 1", got)
			}
			h.Exec(t, "DELETE FROM tickets")
			h.Exec(t, "DELETE FROM river_job")
		})
	}
	if n := h.pool.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections of the pgxpool were kept", n)
	}
}

// The same the other way round: Retort inside a transaction of pgxpool's.
func TestJoinAPoolsTransaction(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	for _, end := range []func(pgx.Tx) error{
		func(tx pgx.Tx) error { return tx.Rollback(ctx) },
		func(tx pgx.Tx) error { return tx.Commit(ctx) },
	} {
		if got := h.counts(t); got != [2]int64{} {
			t.Errorf("tickets and jobs are %v before", got)
		}
		tx, err := h.pool.Begin(ctx)
		must(t, err)
		s, err := h.Engine.Join(tx)
		must(t, err)
		must(t, h.work(ctx, s))
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
		must(t, end(tx))
		if _, err := h.Engine.Join(tx); err == nil {
			t.Error("a transaction that is over was joined")
		}
	}
	if got := h.counts(t); got != [2]int64{4, 1} {
		t.Errorf("tickets and jobs are %v, want 4 and 1", got)
	}
}

func TestGORM(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()

	t.Run("on_its_own_uses_the_engine's_pool", func(t *testing.T) {
		must(t, h.gorm.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			return tx.Create(&gormTicket{ID: uuid.Must(uuid.NewV7()).String(), Title: "kept"}).Error
		}))
		err := h.gorm.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			_ = tx.Create(&gormTicket{ID: uuid.Must(uuid.NewV7()).String(), Title: "undone"}).Error
			return errNo
		})
		if !errors.Is(err, errNo) {
			t.Error(err)
		}
		var one gormTicket
		must(t, h.gorm.First(&one, "title = ?", "kept").Error)
		if got := h.counts(t)[0]; got != 1 {
			t.Errorf("%d tickets", got)
		}
		h.Exec(t, "DELETE FROM tickets")
	})

	t.Run("its_transactions_in_a_session_are_savepoints", func(t *testing.T) {
		_, err := retort.Run(ctx, h.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
			db := inSession(ctx, h.gorm, s)
			if err := db.Create(&gormTicket{ID: uuid.Must(uuid.NewV7()).String(), Title: "kept"}).Error; err != nil {
				return 0, err
			}
			err := db.Transaction(func(tx *gorm.DB) error {
				// A failed statement, and a savepoint in the savepoint.
				_ = tx.Transaction(func(tx *gorm.DB) error {
					return tx.Create(&gormTicket{ID: uuid.Must(uuid.NewV7()).String(), Title: "kept"}).Error
				})
				_ = tx.Create(&gormTicket{ID: uuid.Must(uuid.NewV7()).String(), Title: "undone"}).Error
				return errNo
			})
			if !errors.Is(err, errNo) {
				return 0, err
			}
			s.Add(&Ticket{Title: "after"})
			return 0, nil
		})
		must(t, err)
		if got := h.counts(t)[0]; got != 2 {
			t.Errorf("%d tickets, want 2", got)
		}
	})
}
