package retort_test

import (
	"context"
	stdsql "database/sql"
	"errors"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

const payByHand = "INSERT INTO payments (id, version, amount) VALUES ($1, 1, 7)"

// paidByHand begins a transaction of database/sql's that stores a payment.
func paidByHand(tb testing.TB, db *stdsql.DB, opts *stdsql.TxOptions) (*stdsql.Tx, *Payment) {
	tb.Helper()
	p := &Payment{}
	p.ID = uuid.Must(uuid.NewV7())
	tx, err := db.BeginTx(context.Background(), opts)
	must(tb, err)
	_, err = tx.Exec(payByHand, p.ID)
	must(tb, err)
	return tx, p
}

// TestOutcomes_Connector holds transactions of database/sql's to the same.
func TestOutcomes_Connector(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	open := func(t *testing.T, change ...func(*retort.Config)) (bench, *stdsql.DB) {
		b := newTill(t, change...)
		db := stdsql.OpenDB(b.Engine.Connector())
		t.Cleanup(func() { _ = db.Close() })
		return b, db
	}
	alone := func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 1, 0 }

	t.Run("says_the_truth_wherever_the_connection_is_cut", func(t *testing.T) {
		t.Parallel()
		b, db := open(t, alone)
		for _, level := range []stdsql.IsolationLevel{stdsql.LevelDefault, stdsql.LevelRepeatableRead, stdsql.LevelSerializable} {
			for _, place := range cutPlaces {
				tx, p := paidByHand(t, db, &stdsql.TxOptions{Isolation: level})
				rule := place.arm(b.Proxy)
				err := tx.Commit()
				if rule.Times(0).Fired() != 1 {
					t.Fatalf("%s: nothing was cut", place.name)
				}
				if !place.truth(t, b.Database, p, err) && !pgerr.Transient(err) {
					t.Errorf("%s: %v is not worth another try", place.name, err)
				}
				if err := tx.Rollback(); !errors.Is(err, stdsql.ErrTxDone) {
					t.Errorf("%s: %v", place.name, err)
				}
				b.idle(t)
			}
		}
	})
	t.Run("leaves_a_row_behind_what_can_have_written", func(t *testing.T) {
		t.Parallel()
		b, db := open(t)
		exec := func(sql string) func(*stdsql.Tx) error {
			return func(tx *stdsql.Tx) error { _, err := tx.Exec(sql); return err }
		}
		for _, c := range []struct {
			name  string
			opts  stdsql.TxOptions
			trips int
			rows  int64
			do    func(tx *stdsql.Tx) error
		}{
			{"a change", stdsql.TxOptions{}, 3, 1, exec("DELETE FROM receipts")},
			{"a query, which may call what changes", stdsql.TxOptions{}, 3, 1, func(tx *stdsql.Tx) error {
				var n int
				return tx.QueryRow("SELECT 1").Scan(&n)
			}},
			{"nothing", stdsql.TxOptions{}, 2, 0, func(*stdsql.Tx) error { return nil }},
			{"a read-only transaction", stdsql.TxOptions{ReadOnly: true}, 3, 0, exec("SELECT 1")},
		} {
			before := b.QueryInt(t, "SELECT count(*) FROM commit_outcomes WHERE committed")
			trips := b.RoundTrips(func() {
				tx := val(db.BeginTx(ctx, &c.opts))(t)
				must(t, c.do(tx))
				must(t, tx.Commit())
			})
			if got := b.QueryInt(t, "SELECT count(*) FROM commit_outcomes WHERE committed") - before; got != c.rows || trips > c.trips+1 { // pgx prepares what is new
				t.Errorf("%s: %d rows, %d round trips; want %d and %d", c.name, got, trips, c.rows, c.trips)
			}
		}
		tx := val(db.BeginTx(ctx, nil))(t)
		must(t, exec("DELETE FROM receipts")(tx))
		must(t, tx.Rollback())
		tx = val(db.BeginTx(ctx, nil))(t)
		if err := exec("SELECT 1/0")(tx); pgerr.Code(err) != "22012" {
			t.Errorf("got %v", err)
		}
		var failed *retort.OutcomeError
		if err := tx.Commit(); err == nil || errors.As(err, &failed) {
			t.Errorf("COMMIT of what has failed: %v", err)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM commit_outcomes"); n != 2 {
			t.Errorf("%d rows", n)
		}
		b.idle(t)
	})
	t.Run("stays_unknown_where_the_database_is_away", func(t *testing.T) {
		t.Parallel()
		b, db := open(t, alone, func(c *retort.Config) { c.CommitTimeout = 300 * time.Millisecond })
		tx, p := paidByHand(t, db, nil)
		b.Proxy.Before(proxy.CommitReply, func(proxy.Message) { b.Proxy.RefuseConnections(true) })
		b.Proxy.CutBefore(proxy.CommitReply)
		err := tx.Commit()
		b.Proxy.RefuseConnections(false)
		wantErr(t, err, retort.ErrCommitUnknown, "outcome 0")
		if n := b.QueryInt(t, "SELECT count(*) FROM payments WHERE id = $1", p.ID); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("ends_the_connection_of_its_sql_Conn", func(t *testing.T) {
		t.Parallel()
		b, db := open(t, alone)
		conn := val(db.Conn(ctx))(t)
		tx := val(conn.BeginTx(ctx, nil))(t)
		_ = val(tx.Exec(payByHand, uuid.Must(uuid.NewV7())))(t)
		b.Proxy.CutBefore(proxy.CommitReply)
		must(t, tx.Commit())
		_, err := conn.ExecContext(ctx, "SELECT 1")
		wantErr(t, err, nil, "lost with the answer to COMMIT", "another one")
		_, err = conn.QueryContext(ctx, "SELECT 1") //nolint:rowserrcheck,sqlclosecheck // there are none
		wantErr(t, err, nil, "another one")
		_, err = conn.BeginTx(ctx, nil)
		wantErr(t, err, nil, "another one")
		wantErr(t, conn.PingContext(ctx), nil, "another one")
		must(t, conn.Close())
		b.idle(t)
	})
	t.Run("names_a_table_that_is_missing", func(t *testing.T) {
		t.Parallel()
		b, db := open(t)
		b.Exec(t, "DROP TABLE commit_outcomes")
		tx, _ := paidByHand(t, db, nil)
		err := tx.Commit()
		var failed *retort.OutcomeError
		if !errors.As(err, &failed) || failed.Table != "commit_outcomes" || pgerr.Code(err) != "42P01" {
			t.Errorf("got %v", err)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM payments"); n != 0 {
			t.Errorf("%d rows", n)
		}
		b.idle(t)
	})
}

// TestOutcomes_namespace asks the one table, whatever a transaction has made of the
// plain name.
func TestOutcomes_namespace(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const another = `CREATE SCHEMA tenant; CREATE TABLE tenant.commit_outcomes (LIKE commit_outcomes INCLUDING ALL)`
	ways := []struct {
		name, sql string
		opts      retort.TxOptions
	}{
		{name: "a setting of the transaction", opts: retort.TxOptions{Settings: map[string]string{"search_path": "tenant, public"}}},
		{name: "SET LOCAL", sql: "SET LOCAL search_path = tenant, public"},
		{name: "SET for the connection", sql: "SET search_path = tenant, public"},
		{name: "a temporary table", sql: "CREATE TEMPORARY TABLE commit_outcomes (id uuid PRIMARY KEY, committed boolean, at timestamptz DEFAULT now())"},
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			b := newTill(t)
			b.Exec(t, another)
			for _, place := range cutPlaces {
				s := b.session(t, way.opts)
				if way.sql != "" {
					_, err := s.Exec(ctx, way.sql)
					must(t, err)
				}
				p := &Payment{Amount: 7}
				s.Add(p)
				place.arm(b.Proxy)
				place.truth(t, b.Database, p, s.Commit(ctx))
			}
			if way.sql == "" {
				return
			}
			db := stdsql.OpenDB(b.Engine.Connector())
			defer db.Close()
			for _, place := range cutPlaces {
				tx, p := paidByHand(t, db, nil)
				_ = val(tx.Exec(way.sql))(t)
				place.arm(b.Proxy)
				place.truth(t, b.Database, p, tx.Commit())
			}
		})
	}
	t.Run("also when the table comes after the engine", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		b.Exec(t, another+"; DROP TABLE public.commit_outcomes")
		opts := retort.TxOptions{Settings: map[string]string{"search_path": "tenant, public"}}
		s := b.session(t, opts)
		s.Add(&Payment{})
		var failed *retort.OutcomeError
		if err := s.Commit(ctx); !errors.As(err, &failed) {
			t.Fatalf("without the table: %v", err)
		}
		// Nobody can say whether the tenant's table is the one that a fence would ask.
		s = b.session(t, opts)
		s.Add(&Payment{})
		b.Proxy.CutBefore(proxy.CommitReply)
		wantErr(t, s.Commit(ctx), retort.ErrCommitUnknown)
		must(t, till.CreateAll(ctx, b.Engine))
		for _, place := range cutPlaces {
			s := b.session(t, opts)
			p := &Payment{}
			s.Add(p)
			place.arm(b.Proxy)
			place.truth(t, b.Database, p, s.Commit(ctx))
		}
	})
}
