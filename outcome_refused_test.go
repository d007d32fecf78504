package retort_test

import (
	"errors"
	"testing"
	"time"

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
}
