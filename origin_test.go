package retort_test

import (
	"bytes"
	"context"
	stdsql "database/sql"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Every text that the server is given says where it comes from: what Retort
// builds, BEGIN and its like, and SQL of the user's own through every door.
func TestEveryStatementCarriesItsOrigin(t *testing.T) {
	t.Parallel()
	for name, pooler := range map[string]bool{"by_name": false, "behind_a_pooler": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := retorttest.New(t, library, func(c *retort.Config) { c.Pooler = pooler })
			walkEveryDoor(t, k)
			seen := map[string]bool{}
			for _, text := range k.Proxy.Statements() {
				origin, ok := originOf(text)
				if !ok {
					t.Errorf("no origin: %s", text)
				}
				seen[origin] = true
			}
			want := strings.Fields("create_all explain flight.begin flight.commit flight.rollback pgx query.all raw session.flush " +
				"session.get session.read session.savepoint session.settings snapshot sql table.copy types verify")
			if !pooler {
				want = append(want, "flight.reset")
			}
			for _, origin := range want {
				if !seen[origin] {
					t.Errorf("the walk never came past %s, only past %v", origin, slices.Sorted(maps.Keys(seen)))
				}
			}

			// The control: a bare client is seen to be bare.
			k.Proxy.Reset()
			conn, err := pgx.Connect(t.Context(), k.Proxy.URL())
			must(t, err)
			_, err = conn.Exec(t.Context(), "SELECT 1")
			must(t, err)
			must(t, conn.Close(t.Context()))
			if texts := k.Proxy.Statements(); len(texts) != 1 || !slices.ContainsFunc(texts, func(s string) bool { _, ok := originOf(s); return !ok }) {
				t.Errorf("a bare SELECT counts as labeled: %q", texts)
			}
		})
	}
}

func originOf(text string) (string, bool) {
	_, rest, ok := strings.Cut(text, "/* retort:")
	origin, _, closed := strings.Cut(rest, " */")
	return origin, ok && closed
}

// walkEveryDoor makes every part of Retort send something.
func walkEveryDoor(t *testing.T, k *retorttest.Kit) {
	t.Helper()
	ctx := t.Context()
	must(t, library.CreateAll(ctx, k.Engine))
	must(t, k.Engine.Verify(ctx))
	if _, err := k.Engine.Snapshot(ctx, "SELECT 1::text"); err != nil {
		t.Error(err)
	}
	walkObjects(ctx, t, k.Engine)
	walkDoorsOfPgx(ctx, t, k.Engine)
}

func walkObjects(ctx context.Context, t *testing.T, eng *retort.Engine) {
	t.Helper()
	a, b := Authors.C, Books.C
	austen := newAuthor("austen")
	commit(t, eng, austen)
	commit(t, eng, newBook(austen, "emma"))
	_, err := retort.Run(ctx, eng, retort.TxOptions{Isolation: retort.Serializable, Settings: map[string]string{"app.tenant": "7"}},
		func(ctx context.Context, s *retort.Session) (int, error) {
			loaded, err := Authors.Where(retort.Eq(&a.Name, "austen")).With(&a.Books).All(ctx, s)
			if err != nil {
				return 0, err
			}
			loaded[0].Name = "Austen"
			if err := s.Savepoint(ctx, func(ctx context.Context) error {
				loaded[0].Name = "A."
				return errors.Join(s.Flush(ctx), errBack)
			}); !errors.Is(err, errBack) {
				return 0, err
			}
			err = s.Savepoint(ctx, s.Flush)
			return len(loaded), err
		})
	must(t, err)

	s := eng.Session()
	defer s.Close(ctx)
	_, err = Authors.Get(ctx, s, austen.ID)
	must(t, err)
	_, err = Authors.With(&a.Books).All(ctx, s)
	must(t, err)
	_, err = Books.Query().Count(ctx, s)
	must(t, err)
	_, err = retort.Explain(ctx, s, Books.Where(retort.Eq(&b.Title, "emma")))
	must(t, err)
	var out bytes.Buffer
	_, err = retort.Values(Books.Query(), retort.Col(&b.Title)).CopyTo(ctx, s, &out, retort.CopyCSV)
	must(t, err)
	_, err = Counters.CopyIn(ctx, s, slices.Values([]*Counter{{Name: "copied"}}))
	must(t, err)
	_, err = s.Exec(ctx, "SELECT 1 -- ends in a comment")
	must(t, err)
	must(t, s.Rollback(ctx))
}

var errBack = errors.New("back")

func walkDoorsOfPgx(ctx context.Context, t *testing.T, eng *retort.Engine) {
	t.Helper()
	s := eng.Session()
	defer s.Close(ctx)
	tx, err := s.Pgx(ctx)
	must(t, err)
	var n int
	must(t, tx.QueryRow(ctx, "SELECT $1::int4", 3).Scan(&n))
	_, err = tx.Prepare(ctx, "of_mine", "SELECT $1::int4 + 1")
	must(t, err)
	must(t, tx.QueryRow(ctx, "of_mine", 3).Scan(&n))
	if n != 4 {
		t.Errorf("a statement prepared by name gave %d", n)
	}
	inner, err := tx.Begin(ctx)
	must(t, err)
	batch := &pgx.Batch{}
	batch.Queue("SELECT 1 + 1").QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	for range 2 { // a batch may be sent again
		must(t, inner.SendBatch(ctx, batch).Close())
	}
	if batch.QueuedQueries[0].SQL != "SELECT 1 + 1" || n != 2 {
		t.Errorf("the batch is now %q and gave %d", batch.QueuedQueries[0].SQL, n)
	}
	must(t, inner.Rollback(ctx))
	_, err = s.DBTX().Exec(ctx, "SELECT 1; SELECT 2")
	must(t, err)
	must(t, s.SQLDB().QueryRowContext(ctx, "SELECT 5 /* mine */").Scan(&n))

	db := stdsql.OpenDB(eng.Connector())
	defer db.Close()
	must(t, db.QueryRowContext(ctx, "SELECT $1::int8", 6).Scan(&n))
	if n != 6 {
		t.Errorf("database/sql gave %d", n)
	}
}
