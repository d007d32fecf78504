package retort_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

// TestOutcomes_refused are rows that prove nothing, since they were not written.
func TestOutcomes_refused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	t.Run("by_a_trigger_prove_no_rollback", func(t *testing.T) {
		t.Parallel()
		b := newTill(t, func(c *retort.Config) { c.CommitTimeout = 500 * time.Millisecond })
		b.Exec(t, `CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`)
		b.Exec(t, `CREATE TRIGGER swallow BEFORE INSERT ON commit_outcomes FOR EACH ROW EXECUTE FUNCTION swallow()`)
		s := b.session(t)
		s.Add(&Payment{})
		b.Proxy.CutBefore(proxy.CommitReply)
		wantErr(t, s.Commit(ctx), retort.ErrCommitUnknown)
		if n := b.QueryInt(t, "SELECT count(*) FROM payments"); n != 1 {
			t.Errorf("%d rows: this test needs a COMMIT that took effect", n)
		}
	})
	t.Run("by_a_read-only_transaction_are_named", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		s := b.session(t)
		_, err := s.Exec(ctx, "SET TRANSACTION READ ONLY")
		must(t, err)
		err = s.Commit(ctx)
		if _, ok := errors.AsType[*retort.OutcomeError](err); !ok || pgerr.Code(err) != "25006" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("by_a_missing_table_are_named_on_the_only_connection", func(t *testing.T) {
		t.Parallel()
		b := newTill(t, func(c *retort.Config) { c.PoolSize, c.PoolTimeout = 1, 5*time.Second })
		b.Exec(t, "DROP TABLE commit_outcomes")
		for range 2 { // the second one does not know where the table is
			s := b.session(t)
			s.Add(&Payment{})
			must(t, s.Flush(ctx))
			err := s.Commit(ctx)
			if _, ok := errors.AsType[*retort.OutcomeError](err); !ok {
				t.Errorf("got %v", err)
			}
			must(t, s.Rollback(ctx))
		}
	})
	for when, trigger := range map[string]string{
		"in_their_statement": "TRIGGER ask BEFORE INSERT ON payments",
		"at_COMMIT":          "CONSTRAINT TRIGGER ask AFTER INSERT ON payments DEFERRABLE INITIALLY DEFERRED",
	} {
		t.Run("are_not_blamed_for_what_others_lack_"+when, func(t *testing.T) {
			t.Parallel()
			b := newTill(t)
			b.Exec(t, `CREATE FUNCTION ask() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM nowhere; RETURN new; END $$`)
			b.Exec(t, "CREATE "+trigger+" FOR EACH ROW EXECUTE FUNCTION ask()")
			s := b.session(t)
			s.Add(&Payment{})
			err := s.Commit(ctx)
			if _, blamed := errors.AsType[*retort.OutcomeError](err); blamed || pgerr.Code(err) != "42P01" {
				t.Errorf("got %v", err)
			}
			must(t, s.Rollback(ctx))
		})
	}
}

// TestOutcomes_late believes no answer that comes when the row may have been swept,
// to a process that was halted in between.
func TestOutcomes_late(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := newTill(t)
	commit(t, b.Engine, &Payment{})
	id, err := uuid.FromString(b.QueryString(t, "SELECT id FROM commit_outcomes"))
	must(t, err)
	for _, c := range []struct {
		id        uuid.UUID
		late      time.Duration
		committed bool
		trusted   bool
	}{
		{id, 0, true, true},
		{id, 29 * time.Minute, true, true},
		{id, 31 * time.Minute, false, false},
		{uuid.Must(uuid.NewV7()), time.Second, false, true},
		{uuid.Must(uuid.NewV7()), 24 * time.Hour, false, false},
	} {
		committed, err := retort.OutcomeOf(ctx, b.Engine, c.id, time.Now().Add(-c.late))
		if committed != c.committed || (err == nil) != c.trusted || err != nil && !strings.Contains(err.Error(), "may have been swept") {
			t.Errorf("%s later: committed %t, %v", c.late, committed, err)
		}
	}
}
