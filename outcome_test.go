package retort_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

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
