package rolling_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/manifest"
	"github.com/retort-go/retort/migrate/rolling"
	"github.com/retort-go/retort/retorttest"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "manifest")
	if err != nil {
		panic(err)
	}
	_ = os.Setenv("RETORT_MANIFEST", dir)
	retorttest.Main(m, func() error { return os.RemoveAll(dir) })
}

// Status is an enum of release 41.
type Status string

// Customer and Order are the models of release 41.
type (
	Customer struct {
		retort.BigintKey
		Email   string
		Name    *string
		Status  Status
		Country string
		Orders  retort.Many[Order]
	}
	Order struct {
		retort.UUIDKey
		CustomerID int64
		Note       string
		Pieces     int32
	}
)

// Define declares what the fields cannot.
func (Customer) Define(d *retort.Definition[Customer]) {
	d.Unique(&d.C.Email)
	d.Column(&d.C.Country).ServerMade("'DE'")
	retort.HasMany(d, &d.C.Orders, orders, func(o *Order) *int64 { return &o.CustomerID })
}

// Define declares the foreign key.
func (Order) Define(d *retort.Definition[Order]) {
	d.References(&d.C.CustomerID, &customers.C.ID)
	d.Column(&d.C.Note).Type("varchar(40)")
}

var (
	customers = retort.NewTable[Customer]("customers")
	orders    = retort.NewTable[Order]("orders")
	release41 = retort.NewBase(customers, orders, retort.NewEnum("status", Status("new"), Status("old")))
)

// sends is what release 41 does with its database.
func sends(t *testing.T, k *retorttest.Kit) {
	t.Helper()
	run := func(fn func(ctx context.Context, s *retort.Session) error) {
		ctx := retort.WithLabels(t.Context(), retort.Labels{Route: "POST /orders"})
		if _, err := retort.Run(ctx, k.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
			return 0, fn(ctx, s)
		}); err != nil {
			t.Error(err)
		}
	}
	c := &Customer{Email: "ada@example.org", Status: "new"}
	run(func(_ context.Context, s *retort.Session) error {
		s.Add(c)
		return nil
	})
	run(func(_ context.Context, s *retort.Session) error {
		s.Add(&Order{CustomerID: c.ID, Note: "one", Pieces: 1})
		return nil
	})
	run(func(ctx context.Context, s *retort.Session) error {
		found, err := customers.Where(retort.Eq(&customers.C.Email, "ada@example.org")).With(&customers.C.Orders).One(ctx, s)
		if err != nil {
			return err
		}
		found.Status = "old"
		return nil
	})
	run(func(ctx context.Context, s *retort.Session) error {
		_, err := retort.SQL[int64]("SELECT sum(pieces) FROM orders WHERE note <> $1", "gone").One(ctx, s)
		return err
	})
	run(func(ctx context.Context, s *retort.Session) error {
		_, err := orders.CopyIn(ctx, s, slices.Values([]*Order{{CustomerID: c.ID, Note: "copied", Pieces: 2}}))
		return err
	})
	run(func(ctx context.Context, s *retort.Session) error {
		_, err := orders.Delete().Where(retort.Eq(&orders.C.Pieces, 7)).Exec(ctx, s)
		return err
	})
}

// collected is the manifest of release 41, as its tests leave it.
func collected(t *testing.T) *manifest.Manifest {
	t.Helper()
	if !t.Run("release_41", func(t *testing.T) { sends(t, retorttest.New(t, release41)) }) {
		t.FailNow()
	}
	m, err := manifest.ReadDir(os.Getenv("RETORT_MANIFEST"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", file, diff)
	}
}

func TestCheck(t *testing.T) {
	m := collected(t)
	var text bytes.Buffer
	if err := m.Write(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "release41.manifest.json", text.String())

	for _, change := range []struct {
		name, sql   string
		breaks, may int
	}{
		{"nothing", "SELECT 1", 0, 0},
		{"dropped_column", "ALTER TABLE orders DROP COLUMN note", 4, 0},
		{"renamed_column", "ALTER TABLE customers RENAME COLUMN name TO full_name", 2, 0},
		{"new_not_null", "ALTER TABLE orders ADD COLUMN weight int NOT NULL", 2, 0},
		{"new_not_null_with_a_default", "ALTER TABLE orders ADD COLUMN weight int NOT NULL DEFAULT 1", 0, 0},
		{"nullable_becomes_not_null", "UPDATE customers SET name = 'x'; ALTER TABLE customers ALTER COLUMN name SET NOT NULL", 0, 1},
		{"not_null_becomes_nullable", "ALTER TABLE orders ALTER COLUMN pieces DROP NOT NULL", 0, 1},
		{"dropped_table", "DROP TABLE orders", 5, 0},
		{"type_change", "ALTER TABLE orders ALTER COLUMN pieces TYPE bigint", 2, 0},
		{"type_that_holds_less", "ALTER TABLE orders ALTER COLUMN note TYPE varchar(10)", 0, 2},
		{"type_that_holds_more", "ALTER TABLE orders ALTER COLUMN note TYPE text", 0, 0},
		{"new_enum_value", "ALTER TYPE status ADD VALUE 'gone'", 0, 0},
		{"enum_value_gone", "ALTER TYPE status RENAME VALUE 'old' TO 'aged'", 3, 0},
		{"added_nullable_column", "ALTER TABLE orders ADD COLUMN weight int", 0, 0},
		{"dropped_default", "ALTER TABLE customers ALTER COLUMN country DROP DEFAULT", 1, 0},
		{"new_unique_constraint", "ALTER TABLE orders ADD CONSTRAINT once UNIQUE (customer_id, note)", 0, 2},
		{"renamed_constraint", "ALTER TABLE customers RENAME CONSTRAINT uq_customers_email TO one_email", 0, 0},
		{"new_check", "ALTER TABLE orders ADD CONSTRAINT positive CHECK (pieces > 0) NOT VALID", 0, 2},
		{"table_becomes_a_view", "ALTER TABLE customers RENAME TO people; CREATE VIEW customers AS SELECT * FROM people", 0, 2},
	} {
		t.Run(change.name, func(t *testing.T) {
			t.Parallel()
			db := retorttest.NewDatabase(t, retorttest.Template{})
			create, err := release41.SQL()
			if err != nil {
				t.Fatal(err)
			}
			db.Exec(t, create)
			db.Exec(t, change.sql)
			eng, err := retort.Open(retort.Config{URL: db.URL(), Base: retort.NewBase()})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = eng.Close(context.Background()) })
			report, err := rolling.Check(t.Context(), eng, m)
			if err != nil {
				t.Fatal(err)
			}
			may := map[string]bool{}
			var lines strings.Builder
			for _, f := range report.Findings {
				fmt.Fprintf(&lines, "%s: %s [%s %s]\n", f.Level, f.Reason, f.Statement.Label, strings.Join(f.Statement.From, " "))
				if f.Level == rolling.MayBreak {
					may[f.Statement.SQL] = true
				}
			}
			if report.Broken() != change.breaks || len(may) != change.may {
				t.Errorf("%d break and %d may, want %d and %d:\n%s", report.Broken(), len(may), change.breaks, change.may, report)
			}
			if len(report.Findings) > 0 {
				golden(t, change.name+".txt", lines.String())
			}
			if n := db.QueryInt(t, "SELECT count(*) FROM pg_class c WHERE c.relname = 'orders' AND c.reltuples > 0"); n != 0 {
				t.Errorf("the check left %d rows", n)
			}
		})
	}
}
