package peers_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/bench/peers/pgxtuned"
	"github.com/retort-go/retort/bench/peers/pgxusual"
	"github.com/retort-go/retort/bench/peers/serve"
	"github.com/retort-go/retort/bench/peers/withbun"
	"github.com/retort-go/retort/bench/peers/withent"
	"github.com/retort-go/retort/bench/peers/withgorm"
	"github.com/retort-go/retort/bench/peers/withretort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

func TestMain(m *testing.M) { retorttest.Main(m) }

func seeded(t testing.TB) *retorttest.Database {
	t.Helper()
	sum := sha256.Sum256([]byte(peers.Schema))
	return retorttest.NewDatabase(t, retorttest.Template{
		Key: "bench-peers-analyzed-" + hex.EncodeToString(sum[:8]),
		Fill: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer conn.Close(ctx)
			_, err = conn.PgConn().Exec(ctx, peers.Schema+"; ANALYZE").ReadAll()
			return err
		},
	})
}

// few is how many rows W7 inserts where they are only compared.
const few = 300

// candidate is an entrant inside this process, on a database of its own.
func candidate(t *testing.T, name string, open peers.Opener) peers.Candidate {
	t.Helper()
	db := seeded(t)
	e, err := open(t.Context(), peers.Config{URL: db.URL(), Pool: 2})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Cleanup(e.Close)
	handler := serve.Handler(e, peers.Workloads(few))
	return peers.Candidate{
		Name: name,
		Ask: func(ctx context.Context, workload string, number int) ([]byte, error) {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", fmt.Sprintf("/w/%s/%d", workload, number), nil))
			if w.Code != 200 {
				return nil, fmt.Errorf("%d: %s", w.Code, w.Body)
			}
			return w.Body.Bytes(), nil
		},
		Trace: func(context.Context) (string, error) { return db.QueryString(t, peers.Trace), nil },
	}
}

// liar is an entrant that gives one wrong answer and leaves one wrong row.
type liar struct{ peers.Entrant }

func (l liar) Read(ctx context.Context, id uuid.UUID) (any, error) {
	u, err := l.Entrant.Read(ctx, id)
	u.(*peers.User).Profile.Tags[1] += "!"
	return u, err
}

func (l liar) Bulk(ctx context.Context, events []peers.NewEvent) (any, error) {
	if _, err := l.Entrant.Bulk(ctx, events[1:]); err != nil {
		return nil, err
	}
	return &peers.Inserted{Inserted: len(events)}, nil
}

func TestEntrants(t *testing.T) {
	t.Parallel()
	t.Run("all answer alike and leave the same rows", func(t *testing.T) {
		t.Parallel()
		err := peers.Agree(t.Context(), []peers.Candidate{
			candidate(t, "pgx-tuned", pgxtuned.Open),
			candidate(t, "pgx-usual", pgxusual.Open),
			candidate(t, "retort", withretort.Open),
			candidate(t, "gorm", withgorm.Open),
			candidate(t, "bun", withbun.Open),
			candidate(t, "ent", withent.Open),
		}, peers.Workloads(few))
		if err != nil {
			t.Error(err)
		}
	})

	t.Run("one that lies is found", func(t *testing.T) {
		t.Parallel()
		tuned := candidate(t, "pgx-tuned", pgxtuned.Open)
		lying := candidate(t, "liar", func(ctx context.Context, cfg peers.Config) (peers.Entrant, error) {
			e, err := pgxtuned.Open(ctx, cfg)
			return liar{e}, err
		})
		err := peers.Agree(t.Context(), []peers.Candidate{tuned, lying}, peers.Workloads(few))
		if err == nil {
			t.Fatal("the comparison cannot fail")
		}
		for _, want := range []string{
			"W1: pgx-tuned and liar answer differently: .profile.tags[1]",
			"W7: pgx-tuned and liar leave different rows",
		} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is missing in\n%v", want, err)
			}
		}
		if strings.Contains(err.Error(), "W2") {
			t.Errorf("W2 was answered well, but\n%v", err)
		}
	})
}

// Retort keeps the promise of its round trips in every workload.
func TestRetort_needs_no_more_round_trips_than_promised(t *testing.T) {
	t.Parallel()
	p := proxy.Start(t, seeded(t).URL())
	e, err := withretort.Open(t.Context(), peers.Config{URL: p.URL(), Pool: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	for k, w := range peers.Workloads(peers.BulkSize) {
		for _, n := range []int{100 * k, 100*k + 1} { // cold and warm
			p.Reset()
			if _, err := w.Do(t.Context(), e, n); err != nil {
				t.Fatalf("%s: %v", w.Name, err)
			}
			if got := p.RoundTrips(); got > w.Trips {
				t.Errorf("%s (%s), request %d: %d round trips, promised %d: %.300q", w.Name, w.Title, n, got, w.Trips, p.Executions())
			}
		}
	}
}

// The models of the entrant Retort are the tables of the bench: CreateAll
// compares what is there.
func TestRetort_has_the_tables_of_the_bench(t *testing.T) {
	t.Parallel()
	eng, err := retort.Open(retort.Config{Base: withretort.Base(), URL: seeded(t).URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close(context.Background()) })
	if err := withretort.Base().CreateAll(t.Context(), eng); err != nil {
		t.Error(err)
	}
}
