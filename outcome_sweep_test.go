package retort_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

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
