package retort_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

// slowCommits has every COMMIT behind a payment take a moment, also when it is
// cancelled, and fail where the amount is negative.
func slowCommits(t *testing.T, b bench) {
	t.Helper()
	b.Exec(t, `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN BEGIN PERFORM pg_sleep(0.3); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(0.3); END; IF new.amount < 0 THEN RAISE ''no''; END IF; RETURN new; END'`)
	b.Exec(t, "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON payments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()")
}

func TestOutcomes_fence(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("waits_for_a_COMMIT_that_is_under_way", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		slowCommits(t, b)
		for try := 1; ; try++ {
			s := b.session(t)
			p := &Payment{Amount: 1 - 2*int64(try%2)}
			s.Add(p)
			b.Proxy.CutAfter(proxy.Sent(" COMMIT"))
			stored := cutPlaces[1].truth(t, b.Database, p, s.Commit(ctx))
			if stored && p.Amount < 0 {
				t.Error("a payment that its trigger refuses is stored")
			}
			if stored || try == 20 && !t.Failed() {
				if !stored {
					t.Error("no COMMIT was waited for: this test proves nothing")
				}
				break
			}
		}
		b.idle(t)
	})
	t.Run("keeps_a_late_transaction_from_committing", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		s := b.session(t)
		s.Add(&Payment{})
		b.Proxy.CutBefore(proxy.Runs("into \"payments\""))
		err := s.Commit(ctx)
		var not *retort.NotCommittedError
		if !errors.As(err, &not) {
			t.Fatalf("got %v", err)
		}
		// What lay in some buffer arrives after all.
		_, err = b.Conn(t).Exec(ctx, `INSERT INTO "commit_outcomes" ("id", "committed") VALUES ($1, true)`, not.Outcome)
		if pgerr.Code(err) != "23505" {
			t.Errorf("the old transaction goes on: %v", err)
		}
	})
	t.Run("may_lose_its_own_answers", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		for _, place := range cutPlaces {
			s := b.session(t)
			p := &Payment{}
			s.Add(p)
			cut := place.arm(b.Proxy)
			fence := b.Proxy.CutBefore(func(m proxy.Message) bool { return cut.Fired() > 0 && proxy.CommitReply(m) }).Times(4)
			place.truth(t, b.Database, p, s.Commit(ctx))
			cut.Times(0)
			fence.Times(0)
		}
	})
	t.Run("takes_no_outcome_of_its_own_for_the_other", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		if n := b.QueryInt(t, "SELECT count(*) FROM commit_outcomes"); n != 0 {
			t.Fatalf("%d rows", n)
		}
		s := b.session(t)
		s.Add(&Payment{})
		cut := b.Proxy.CutBefore(proxy.Runs("into \"payments\""))
		// The fence is stored, and nobody hears of it, twice.
		b.Proxy.CutBefore(func(m proxy.Message) bool { return cut.Fired() > 0 && proxy.CommitReply(m) }).Times(2)
		err := s.Commit(ctx)
		if _, ok := errors.AsType[*retort.NotCommittedError](err); !ok {
			t.Errorf("got %v", err)
		}
		if got := b.Rows(t, "SELECT committed::text FROM commit_outcomes"); !cmp.Equal(got, []string{"false"}) {
			t.Errorf("rows: %v", got)
		}
	})
	t.Run("works_at_every_isolation_level_and_with_timeouts", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		b.Exec(t, "ALTER DATABASE "+b.Name()+" SET default_transaction_isolation = 'serializable'")
		for _, level := range []retort.Isolation{retort.DefaultIsolation, retort.RepeatableRead, retort.Serializable} {
			for _, place := range cutPlaces {
				s := b.session(t, retort.TxOptions{Isolation: level, StatementTimeout: time.Second, LockTimeout: time.Second})
				p := &Payment{}
				s.Add(p)
				place.arm(b.Proxy)
				place.truth(t, b.Database, p, s.Commit(ctx))
			}
		}
	})
	t.Run("is_sound_without_prepared_statements", func(t *testing.T) {
		t.Parallel()
		b := newTill(t, func(c *retort.Config) { c.Pooler = true })
		for _, place := range cutPlaces {
			s := b.session(t)
			p := &Payment{}
			s.Add(p)
			place.arm(b.Proxy)
			place.truth(t, b.Database, p, s.Commit(ctx))
		}
	})
}

// TestOutcomes_out_of_reach stays honest.
func TestOutcomes_out_of_reach(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	b := newTill(t, func(c *retort.Config) {
		c.CommitTimeout, c.Logger = 300*time.Millisecond, slog.New(slog.NewTextHandler(&log, nil))
	})
	ctx := t.Context()
	for _, broken := range []struct {
		name string
		set  func(on bool)
	}{
		{"no connection can be opened", b.Proxy.RefuseConnections},
		{"the network swallows everything", b.Proxy.BlackHole},
	} {
		waitFor(t, "the server", func() bool { return b.Engine.Ping(ctx) == nil }) // an attempt of before may fail late
		s := b.session(t)
		p := &Payment{}
		s.Add(p)
		must(t, s.Flush(ctx))
		b.Proxy.Before(proxy.Runs(" COMMIT"), func(proxy.Message) { broken.set(true) })
		if broken.name == "no connection can be opened" {
			b.Proxy.CutBefore(proxy.CommitReply)
		}
		err := s.Commit(ctx)
		broken.set(false)
		wantErr(t, err, retort.ErrCommitUnknown, "outcome 0")
		_, id, _ := strings.Cut(err.Error(), "outcome ")
		if id, _, _ = strings.Cut(id, " "); !strings.Contains(log.String(), "outcome="+id) {
			t.Errorf("%s: %s is not in the log: %s", broken.name, id, log.String())
		}
		wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
		wantState(t, s, p, "detached")
		must(t, s.Rollback(ctx))
		b.Proxy.ResetConnections()
	}
	b.idle(t)
}
