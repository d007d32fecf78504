package retort_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

// Payment has a key of the program's, and what the database makes beside.
type Payment struct {
	retort.UUIDKey
	retort.Timestamps
	retort.Version
	Amount int64
}

// Receipt has a key of the database's.
type Receipt struct {
	retort.BigintKey
	Text string
}

var (
	Payments = retort.NewTable[Payment]("payments")
	Receipts = retort.NewTable[Receipt]("receipts")
)

func keepsOutcomes(c *retort.Config) { c.Outcomes = outcomes }

// newTill is an engine with outcome rows, and a warm connection.
func newTill(t *testing.T, change ...func(*retort.Config)) bench {
	t.Helper()
	seen := &recorder{}
	kit := retorttest.New(t, till, append([]func(*retort.Config){keepsOutcomes, func(c *retort.Config) { c.Observer = seen }}, change...)...)
	b := bench{kit, seen}
	must(t, b.Engine.Ping(t.Context()))
	return b
}

// cutPlace is where the connection of a COMMIT is cut.
type cutPlace struct {
	name string
	arm  func(p *proxy.Proxy) *proxy.Rule
}

// cutPlaces are told apart by what is stored then: with certainty, maybe (the pool
// asks the server to cancel, which may come in time), and never.
var cutPlaces = []cutPlace{
	{"before its reply", func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(proxy.CommitReply) }},
	{"behind it, all answers lost", func(p *proxy.Proxy) *proxy.Rule { return p.CutAfter(proxy.Sent(" COMMIT")) }},
	{"before it arrives", func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(proxy.Runs(" COMMIT")) }},
}

// truth fails the test unless err, of a Commit of p, says what is true. It returns
// that.
func (place cutPlace) truth(tb testing.TB, d *retorttest.Database, p *Payment, err error) (stored bool) {
	tb.Helper()
	stored = d.QueryInt(tb, "SELECT count(*) FROM payments WHERE id = $1", p.ID) == 1
	if place.name == cutPlaces[0].name && !stored || place.name == cutPlaces[2].name && stored {
		tb.Fatalf("cut %s, stored %t: the cut is elsewhere", place.name, stored)
	}
	_, not := errors.AsType[*retort.NotCommittedError](err)
	if stored && err != nil || !stored && !not || errors.Is(err, retort.ErrCommitUnknown) {
		tb.Errorf("cut %s, stored %t, and Commit says %v", place.name, stored, err)
	}
	return stored
}

// payWays are units of work that store one payment.
var payWays = []struct {
	name string
	do   func(ctx context.Context, s *retort.Session, p *Payment) error
}{
	{"all in one flight", func(_ context.Context, s *retort.Session, p *Payment) error { s.Add(p); return nil }},
	{"COMMIT alone", func(ctx context.Context, s *retort.Session, p *Payment) error { s.Add(p); return s.Flush(ctx) }},
	{"a savepoint", func(ctx context.Context, s *retort.Session, p *Payment) error {
		return s.Savepoint(ctx, func(context.Context) error { s.Add(p); return nil })
	}},
	{"a nested unit", func(ctx context.Context, s *retort.Session, p *Payment) error {
		_, err := retort.RunIn(ctx, s, func(_ context.Context, s *retort.Session) (int, error) { s.Add(p); return 0, nil })
		return err
	}},
	{"raw SQL before", func(ctx context.Context, s *retort.Session, p *Payment) error {
		if _, err := s.Exec(ctx, "SELECT 1"); err != nil {
			return err
		}
		s.Add(p)
		return nil
	}},
}

func TestOutcomes_row(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	ctx := t.Context()
	count := func() int64 { return b.QueryInt(t, "SELECT count(*) FROM commit_outcomes WHERE committed") }
	for _, c := range []struct {
		name  string
		opts  retort.TxOptions
		trips int
		rows  int64
		do    func(ctx context.Context, s *retort.Session) error
	}{
		{"rides with the only flight", retort.TxOptions{}, 1, 1, func(_ context.Context, s *retort.Session) error {
			s.Add(&Payment{})
			return nil
		}},
		{"rides with a COMMIT of its own", retort.TxOptions{}, 2, 1, func(ctx context.Context, s *retort.Session) error {
			s.Add(&Payment{})
			return s.Flush(ctx)
		}},
		{"comes once for savepoints and nested units", retort.TxOptions{}, 3, 1, func(ctx context.Context, s *retort.Session) error {
			return s.Savepoint(ctx, func(ctx context.Context) error {
				_, err := retort.RunIn(ctx, s, func(_ context.Context, s *retort.Session) (int, error) { s.Add(&Payment{}); return 0, nil })
				return err
			})
		}},
		{"comes behind raw SQL", retort.TxOptions{}, 2, 1, func(ctx context.Context, s *retort.Session) error {
			_, err := s.Exec(ctx, "INSERT INTO receipts (text) VALUES ('x')")
			return err
		}},
		{"comes behind a bulk statement", retort.TxOptions{}, 2, 1, func(ctx context.Context, s *retort.Session) error {
			_, err := Receipts.Delete().Where(retort.Eq(&Receipts.C.ID, -1)).Exec(ctx, s)
			return err
		}},
		{"comes behind pgx", retort.TxOptions{}, 3, 1, func(ctx context.Context, s *retort.Session) error {
			_, err := s.DBTX().Exec(ctx, "DELETE FROM receipts WHERE id = -1")
			return err
		}},
		{"is left out by a read", retort.TxOptions{}, 1, 0, func(ctx context.Context, s *retort.Session) error {
			_, err := Payments.Query().Count(ctx, s)
			return err
		}},
		{"is left out by a lock without a change", retort.TxOptions{}, 2, 0, func(ctx context.Context, s *retort.Session) error {
			_, err := Payments.Query().ForUpdate().All(ctx, s)
			return err
		}},
		{"is left out by a snapshot", retort.TxOptions{Isolation: retort.RepeatableRead}, 2, 0, func(ctx context.Context, s *retort.Session) error {
			_, err := Payments.Query().Count(ctx, s)
			return err
		}},
		{"is left out by a read-only unit", retort.TxOptions{ReadOnly: true, Isolation: retort.Serializable}, 2, 0, func(ctx context.Context, s *retort.Session) error {
			_, err := s.Exec(ctx, "SELECT 1")
			return err
		}},
		{"is left out by nothing", retort.TxOptions{}, 0, 0, func(context.Context, *retort.Session) error { return nil }},
		{"is left out on demand", retort.TxOptions{SkipOutcome: true}, 1, 0, func(_ context.Context, s *retort.Session) error {
			s.Add(&Payment{})
			return nil
		}},
	} {
		before := count()
		trips := b.RoundTrips(func() {
			_, err := retort.Run(ctx, b.Engine, c.opts, func(ctx context.Context, s *retort.Session) (int, error) { return 0, c.do(ctx, s) })
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		})
		if got := count() - before; trips != c.trips || got != c.rows {
			t.Errorf("%s: %d round trips, %d rows; want %d and %d", c.name, trips, got, c.trips, c.rows)
		}
		b.idle(t)
	}
}

func TestOutcomes_SQL(t *testing.T) {
	t.Parallel()
	b := newTill(t, func(c *retort.Config) { c.Deadlines = retort.DeadlinesOff })
	s := b.session(t)
	s.Add(&Receipt{Text: "x"})
	b.Proxy.CutBefore(proxy.CommitReply)
	must(t, s.Commit(t.Context()))
	var texts []string
	for _, f := range b.seen.take() {
		texts = append(texts, f.Begin, f.Settings)
		texts = append(texts, f.Statements...)
		texts = append(texts, f.End)
	}
	golden(t, "outcomes.sql", strings.Join(texts, "\n"))
}

// TestOutcomes_lost_reply says the truth wherever the connection is cut.
func TestOutcomes_lost_reply(t *testing.T) {
	t.Parallel()
	for _, way := range payWays {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			b := newTill(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 1, 0 })
			ctx := t.Context()
			for _, place := range cutPlaces {
				for _, warm := range []bool{false, true} {
					if warm {
						commit(t, b.Engine, &Payment{})
					}
					name := fmt.Sprintf("%s, warm %t", place.name, warm)
					var after, rolledBack int
					s := b.session(t)
					s.Hook(retort.Hooks{
						AfterCommit:   func(context.Context, *retort.Changes) error { after++; return nil },
						AfterRollback: func(context.Context, *retort.Changes, error) { rolledBack++ },
					})
					s.AfterCommit(func(context.Context) error { after++; return nil })
					p := &Payment{Amount: 7}
					must(t, way.do(ctx, s, p))
					rule := place.arm(b.Proxy)
					err := s.Commit(ctx)
					if rule.Times(0).Fired() != 1 {
						t.Fatalf("%s: nothing was cut", name)
					}
					if place.truth(t, b.Database, p, err) {
						if after != 2 || rolledBack != 0 {
							t.Errorf("%s: stored, %d and %d hooks", name, after, rolledBack)
						}
						wantState(t, s, p, "persistent")
						if p.CreatedAt.IsZero() || p.UpdatedAt.IsZero() || p.Version.Version != 1 {
							t.Errorf("%s: what the database made is missing: %+v", name, p)
						}
						p.Amount++ // and the session goes on
						must(t, s.Commit(ctx))
						if p.Version.Version != 2 {
							t.Errorf("%s: version %d behind the second commit", name, p.Version.Version)
						}
						continue
					}
					if !pgerr.Transient(err) || after != 0 {
						t.Errorf("%s: not stored, and Commit says %v, %d hooks", name, err, after)
					}
					must(t, s.Rollback(ctx))
					if rolledBack != 1 {
						t.Errorf("%s: %d calls of AfterRollback", name, rolledBack)
					}
					wantState(t, s, p, "transient")
					if !p.CreatedAt.IsZero() {
						t.Errorf("%s: %+v has what was taken back", name, p)
					}
				}
			}
			b.idle(t)
		})
	}
	t.Run("is unknown without outcomes", func(t *testing.T) { // the control
		t.Parallel()
		b := newTill(t, func(c *retort.Config) { c.Outcomes = nil })
		for _, place := range cutPlaces {
			for _, opts := range []retort.TxOptions{{}, {SkipOutcome: true}} {
				s := b.session(t, opts)
				s.Add(&Payment{})
				rule := place.arm(b.Proxy)
				wantErr(t, s.Commit(t.Context()), retort.ErrCommitUnknown)
				rule.Times(0)
			}
		}
	})
}

// TestOutcomes_Run repeats what is proven to be rolled back, and nothing else.
func TestOutcomes_Run(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	ctx := t.Context()
	for _, place := range cutPlaces {
		runs, after := 0, 0
		rule := place.arm(b.Proxy)
		p, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (*Payment, error) {
			runs++
			p := &Payment{Amount: 5}
			s.Add(p)
			s.AfterCommit(func(context.Context) error { after++; return nil })
			return p, nil
		})
		must(t, err)
		wrong := place.name == cutPlaces[0].name && runs != 1 || place.name == cutPlaces[2].name && runs != 2
		if rule.Times(0); wrong || after != 1 || p.CreatedAt.IsZero() {
			t.Errorf("%s: %d runs, %d calls behind COMMIT, %+v", place.name, runs, after, p)
		}
		n := b.QueryInt(t, "DELETE FROM payments WHERE amount = 5 RETURNING (SELECT count(*) FROM payments WHERE amount = 5)")
		if n != 1 {
			t.Errorf("%s: %d rows", place.name, n)
		}
	}
	t.Run("not_what_is_not_repeatable", func(t *testing.T) {
		runs := 0
		call := retort.InSession(b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session, _ *int) (*int, error) {
			runs++
			s.Add(&Payment{})
			return nil, nil
		})
		b.Proxy.CutBefore(proxy.Runs(" COMMIT"))
		_, err := call(ctx, nil)
		if _, ok := errors.AsType[*retort.NotCommittedError](err); !ok || runs != 1 {
			t.Errorf("%d runs, %v", runs, err)
		}
	})
	t.Run("within_its_attempts", func(t *testing.T) {
		b := newTill(t)
		b.Proxy.CutBefore(proxy.Runs("into \"payments\"")).Times(-1)
		runs := 0
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{MaxAttempts: 3}, func(_ context.Context, s *retort.Session) (any, error) {
			runs++
			s.Add(&Payment{})
			return nil, nil
		})
		if _, ok := errors.AsType[*retort.NotCommittedError](err); !ok || runs != 3 {
			t.Errorf("%d runs, %v", runs, err)
		}
	})
}

// TestOutcomes_results brings back what the database had made, as far as anybody
// can know it.
func TestOutcomes_results(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	// lose takes all answers away, once one is there: none comes before n rows are
	// stored, and a cut any earlier might roll them back.
	lose := func(b bench, count string, n int64) {
		var done atomic.Bool // the fence meets the rule, too
		b.Proxy.CutBefore(func(m proxy.Message) bool {
			if m.Frontend || m.Type != '1' && m.Type != '2' || !done.CompareAndSwap(false, true) {
				return false
			}
			waitFor(t, "the rows", func() bool { return b.QueryInt(t, count) == n })
			return true
		})
	}

	t.Run("of_many_rows", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		s := b.session(t)
		const n = 1200 // more than one round trip reads again
		old := make([]*Payment, n)
		for i := range old {
			old[i] = &Payment{Amount: int64(i)}
			s.Add(old[i])
		}
		lose(b, "SELECT count(*) FROM payments", n)
		must(t, s.Commit(ctx))
		for i, p := range old {
			if p.Version.Version != 1 || p.CreatedAt.IsZero() || p.Amount != int64(i) {
				t.Fatalf("payment %d: %+v", i, p)
			}
			p.Amount += 10_000
		}
		s.Delete(old[0])
		lose(b, "SELECT count(*) FROM payments WHERE version = 2", n-1)
		must(t, s.Commit(ctx))
		wantState(t, s, old[0], "detached")
		for _, p := range old[1:] {
			if p.Version.Version != 2 || p.Amount < 10_000 {
				t.Fatalf("%+v", p)
			}
		}
		if n := b.QueryInt(t, "SELECT sum(version) FROM payments"); n != 2*1199 {
			t.Errorf("the versions' sum is %d", n)
		}
	})
	t.Run("as_somebody_else_has_changed_it_since", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		b.Exec(t, "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE payments SET amount = 99, version = 7 WHERE NOT new.committed OR new.at > clock_timestamp() - interval ''1 day''; RETURN new; END'")
		b.Exec(t, "CREATE TRIGGER later BEFORE UPDATE ON commit_outcomes FOR EACH ROW EXECUTE FUNCTION later()") // the fence is the somebody
		s := b.session(t)
		p := &Payment{Amount: 1}
		s.Add(p)
		lose(b, "SELECT count(*) FROM payments", 1)
		must(t, s.Commit(ctx))
		if p.Amount != 99 || p.Version.Version != 7 {
			t.Errorf("half a row: %+v", p)
		}
	})
	t.Run("but_not_keys_of_the_database", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		for n := 1; n <= 2; n++ { // one row, and several
			s := b.session(t)
			after := 0
			s.AfterCommit(func(context.Context) error { after++; return nil })
			rs := make([]any, n)
			for i := range rs {
				rs[i] = &Receipt{}
			}
			s.Add(rs...)
			lose(b, "SELECT count(*) FROM receipts", int64(n*(n+1)/2))
			err := s.Commit(ctx)
			if _, ok := errors.AsType[*retort.CommittedError](err); !ok || errors.Is(err, retort.ErrCommitUnknown) || after != 1 {
				t.Errorf("%d rows: %v, %d calls behind COMMIT", n, err, after)
			}
			wantState(t, s, rs[0], "detached")
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM receipts"); n != 3 {
			t.Errorf("%d rows", n)
		}
		s := b.session(t)
		r := &Receipt{}
		s.Add(r)
		b.Proxy.CutBefore(proxy.CommitReply) // they had come before the cut
		must(t, s.Commit(ctx))
		if r.ID == 0 {
			t.Error("the key is missing")
		}
	})
	t.Run("nor_rows_that_are_gone", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		b.Exec(t, "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM payments; RETURN new; END'")
		b.Exec(t, "CREATE TRIGGER gone BEFORE UPDATE ON commit_outcomes FOR EACH ROW EXECUTE FUNCTION gone()")
		s := b.session(t)
		s.Add(&Payment{})
		lose(b, "SELECT count(*) FROM payments", 1)
		err := s.Commit(ctx)
		if _, ok := errors.AsType[*retort.CommittedError](err); !ok {
			t.Errorf("got %v", err)
		}
		wantErr(t, err, nil, "payments", "not there any more")
	})
}

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

// TestOutcomes_table says what is missing, early and late.
func TestOutcomes_table(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("must_be_in_the_base", func(t *testing.T) {
		t.Parallel()
		_, err := retort.Open(retort.Config{Base: retort.NewBase(Payments), Outcomes: outcomes, URL: "postgres://localhost/x"})
		wantErr(t, err, nil, "Config.Outcomes", "commit_outcomes", "NewBase")
		_, err = retort.Open(retort.Config{Base: till, Outcomes: &retort.Outcomes{}, URL: "postgres://localhost/x"})
		wantErr(t, err, nil, "Config.Outcomes", "NewOutcomes")
	})
	t.Run("that_is_missing_is_named", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		must(t, b.Engine.Verify(ctx))
		b.Exec(t, "DROP TABLE commit_outcomes")
		var differs *retort.VerifyError
		if err := b.Engine.Verify(ctx); !errors.As(err, &differs) || !strings.Contains(err.Error(), "commit_outcomes") {
			t.Errorf("Verify: %v", err)
		}
		s := b.session(t)
		s.Add(&Payment{})
		err := s.Commit(ctx)
		var failed *retort.OutcomeError
		if !errors.As(err, &failed) || failed.Table != "commit_outcomes" || pgerr.Code(err) != "42P01" {
			t.Fatalf("Commit: %v", err)
		}
		wantErr(t, err, nil, "nothing was committed", "docs/errors.md#outcome-table")
		if n := b.QueryInt(t, "SELECT count(*) FROM payments"); n != 0 {
			t.Errorf("%d rows", n)
		}
		must(t, s.Rollback(ctx))
		must(t, till.CreateAll(ctx, b.Engine)) // has no row to write
		commit(t, b.Engine, &Payment{})
	})
	t.Run("can_be_in_a_namespace_with_any_name", func(t *testing.T) {
		t.Parallel()
		odd := retort.NewOutcomes(`Aus"gänge`, retort.InNamespace(`be trieb`))
		b := retorttest.New(t, retort.NewBase(Payments, odd.Table), func(c *retort.Config) { c.Outcomes = odd })
		must(t, b.Engine.Ping(ctx))
		for _, place := range cutPlaces {
			place.arm(b.Proxy)
			s := b.Engine.Session()
			p := &Payment{}
			s.Add(p)
			place.truth(t, b.Database, p, s.Commit(ctx))
			must(t, s.Close(ctx))
		}
	})
	t.Run("needs_rights", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		b.Exec(t, "CREATE ROLE "+b.Name()+"_app")
		t.Cleanup(func() { b.Exec(t, "DROP OWNED BY "+b.Name()+"_app; DROP ROLE "+b.Name()+"_app") })
		b.Exec(t, "GRANT ALL ON payments TO "+b.Name()+"_app")
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{Role: b.Name() + "_app"}, func(_ context.Context, s *retort.Session) (any, error) {
			s.Add(&Payment{})
			return nil, nil
		})
		var failed *retort.OutcomeError
		if !errors.As(err, &failed) || pgerr.Code(err) != "42501" {
			t.Errorf("got %v", err)
		}
	})
}

func TestOutcomes_Sweep(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	ctx := t.Context()
	b.Exec(t, "INSERT INTO commit_outcomes (id, committed, at) SELECT gen_random_uuid(), n % 2 = 0, now() - n * interval '1 minute' FROM generate_series(1, 2500) n")
	for _, age := range []time.Duration{-1, 0, time.Minute, time.Hour - 1} {
		if n, err := outcomes.Sweep(ctx, b.Engine, age); err == nil || n != 0 {
			t.Errorf("age %s: %d, %v", age, n, err)
		}
	}
	n, err := outcomes.Sweep(ctx, b.Engine, 2*time.Hour)
	must(t, err)
	if left := b.QueryInt(t, "SELECT count(*) FROM commit_outcomes"); n+left != 2500 || left < 119 || left > 121 {
		t.Errorf("%d swept, %d left", n, left)
	}
	n, err = outcomes.Sweep(ctx, b.Engine, 2*time.Hour)
	if must(t, err); n > 1 {
		t.Errorf("%d swept again", n)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	ctx := t.Context()
	at := &Payments.C.CreatedAt
	for _, age := range []time.Duration{-time.Hour, 0} {
		if _, err := retort.Sweep(ctx, b.Engine, Payments, at, age); err == nil {
			t.Errorf("age %s is taken", age)
		}
	}
	if _, err := retort.Sweep[Payment](ctx, b.Engine, nil, at, time.Hour); err == nil {
		t.Error("no table is taken")
	}
	n, err := retort.Sweep(ctx, b.Engine, Payments, at, time.Hour)
	if must(t, err); n != 0 {
		t.Errorf("%d of none", n)
	}
	b.Exec(t, "INSERT INTO payments (id, version, amount, created_at) SELECT gen_random_uuid(), 1, n, '2000-01-01' FROM generate_series(1, 3000) n") // one time
	b.Exec(t, "INSERT INTO payments (id, version, amount) SELECT gen_random_uuid(), 1, n FROM generate_series(1, 10) n")
	b.seen.take()
	n, err = retort.Sweep(ctx, b.Engine, Payments, at, time.Hour)
	if must(t, err); n != 3000 {
		t.Errorf("%d swept", n)
	}
	if left := b.QueryInt(t, "SELECT count(*) FROM payments"); left != 10 {
		t.Errorf("%d left", left)
	}
	if n := b.QueryInt(t, "SELECT count(*) FROM commit_outcomes"); n != 0 {
		t.Errorf("%d outcome rows", n)
	}
}
