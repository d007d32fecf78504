package retort_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

func TestDBTX(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("opens_the_transaction_at_the_first_call_and_sees_pending_changes", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		q := s.DBTX()
		if n := b.Engine.Stats().InUse; n != 0 {
			t.Errorf("%d connections in use before the first call", n)
		}
		a := newAuthor("ann")
		s.Add(a)
		var id uuid.UUID
		must(t, q.QueryRow(ctx, "SELECT id FROM authors").Scan(&id))
		if id != a.ID {
			t.Errorf("got %v", id)
		}
		a.Name = "changed"
		var name string
		must(t, q.QueryRow(ctx, "SELECT name FROM authors").Scan(&name))
		if name != "changed" {
			t.Errorf("a change made since was not written: %q", name)
		}
		must(t, s.Rollback(ctx))
		wantErr(t, q.QueryRow(ctx, "SELECT id FROM authors").Scan(&id), pgx.ErrNoRows)
		must(t, s.Commit(ctx))
		b.idle(t)
	})

	t.Run("the_observer_is_told", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		q := s.DBTX()
		_ = val(q.Exec(ctx, "INSERT INTO counters VALUES ('a', 1), ('b', 2)"))(t)
		_, err := q.Exec(ctx, "SELECT nonsense")
		wantErr(t, err, nil)
		must(t, s.Close(ctx))
		var seen []string
		for _, f := range b.seen.take() {
			for i, sql := range f.Statements {
				if f.Rows[i] == 2 {
					sql += " 2"
				}
				if f.Err != nil {
					sql += " failed"
				}
				seen = append(seen, sql)
			}
		}
		if got := strings.Join(seen, "|"); got != "INSERT INTO counters VALUES ('a', 1), ('b', 2) 2|SELECT nonsense failed" {
			t.Errorf("got %s", got)
		}
	})

	t.Run("a_read-only_session_cannot_write", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t, retort.TxOptions{ReadOnly: true})
		_, err := s.DBTX().Exec(ctx, "INSERT INTO counters VALUES ('a', 1)")
		if pgerr.KindOf(err) != pgerr.ReadOnly {
			t.Errorf("got %v", err)
		}
	})

	t.Run("a_serialization_failure_repeats_the_work", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.Exec(t, "INSERT INTO counters VALUES ('a', 0)")
		runs := 0
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{Isolation: retort.RepeatableRead}, func(ctx context.Context, s *retort.Session) (int, error) {
			q := s.DBTX()
			if err := q.QueryRow(ctx, "SELECT value FROM counters").Scan(new(int)); err != nil {
				return 0, err
			}
			if runs++; runs == 1 {
				b.Exec(t, "UPDATE counters SET value = value + 10")
			}
			_, err := q.Exec(ctx, "UPDATE counters SET value = value + 1")
			return 0, err
		})
		must(t, err)
		if n := b.QueryInt(t, "SELECT value FROM counters"); n != 11 || runs != 2 {
			t.Errorf("value %d after %d runs, want 11 after 2", n, runs)
		}
	})
}
