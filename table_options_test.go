package retort_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// Entries of an audit live in a namespace of their own, beside a table of the
// same name; what they refer to is somebody else's.
type (
	AuditEntry struct {
		retort.UUIDKey
		Who       string
		AccountID int64
		ParentID  *uuid.UUID
		Lines     retort.Many[AuditLine]
	}
	AuditLine struct {
		retort.UUIDKey
		EntryID uuid.UUID
		Text    string
	}
	Entry struct {
		retort.UUIDKey
		Who string
	}
	Account struct {
		ID   int64
		Name string
	}
	Standing struct {
		ID   int64
		Name string
	}
)

var (
	auditEntries = retort.NewTable[AuditEntry]("entries", retort.InNamespace("audit"))
	auditLines   = retort.NewTable[AuditLine]("lines", retort.InNamespace("audit"))
	plainEntries = retort.NewTable[Entry]("entries")
	accounts     = retort.NewTable[Account]("accounts", retort.InNamespace("crm"), retort.Unmanaged)
	standings    = retort.NewTable[Standing]("standings", retort.Unmanaged, retort.ReadOnly)
)

func (AuditEntry) Define(d *retort.Definition[AuditEntry]) {
	d.References(&d.C.AccountID, &accounts.C.ID)
	d.References(&d.C.ParentID, &auditEntries.C.ID)
	retort.HasMany(d, &d.C.Lines, auditLines, func(l *AuditLine) *uuid.UUID { return &l.EntryID })
}

func (AuditLine) Define(d *retort.Definition[AuditLine]) {
	d.References(&d.C.EntryID, &auditEntries.C.ID).OnDelete(schema.Cascade)
}

func (Account) Define(d *retort.Definition[Account]) {
	d.PrimaryKey(&d.C.ID)
	d.Index(&d.C.Name) // which nobody creates
}

func (Standing) Define(d *retort.Definition[Standing]) { d.PrimaryKey(&d.C.ID) }

func auditBase() *retort.Base {
	return retort.NewBase(auditLines, auditEntries, plainEntries, accounts, standings,
		retort.Function("keep", "", "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"),
		retort.Trigger("lines_keep", "audit.lines", "CREATE TRIGGER lines_keep BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION keep()"))
}

func TestTableOptions(t *testing.T) {
	t.Parallel()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	db.Exec(t, "CREATE SCHEMA crm")
	db.Exec(t, "CREATE TABLE crm.accounts (id bigint PRIMARY KEY, name text NOT NULL, more text)")
	db.Exec(t, "CREATE VIEW standings AS SELECT id, name FROM crm.accounts")
	base := auditBase()
	eng, err := retort.Open(retort.Config{Base: base, URL: db.URL()})
	must(t, err)
	t.Cleanup(func() { must(t, eng.Close(context.Background())) })
	ctx := t.Context()

	for range 2 {
		must(t, base.CreateAll(ctx, eng))
	}
	got := db.Rows(t, `SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('public', 'audit', 'crm') AND c.relkind IN ('r', 'i') ORDER BY 1`)
	want := []string{
		"audit.entries", "audit.lines", "audit.pk_entries", "audit.pk_lines",
		"crm.accounts", "crm.accounts_pkey", "public.entries", "public.pk_entries",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	t.Run("rows_of_a_namespace_are_written_and_read_there", func(t *testing.T) {
		s := eng.Session()
		defer s.Close(ctx)
		account := &Account{ID: 7, Name: "Ada"}
		parent := &AuditEntry{Who: "parent", AccountID: 7}
		entry := &AuditEntry{Who: "ada", AccountID: 7}
		plain := &Entry{Who: "plain"}
		s.Add(entry)
		entry.ParentID = new(uuid.UUID)
		s.Add(parent, plain, account)
		*entry.ParentID = parent.ID
		s.Add(&AuditLine{EntryID: entry.ID, Text: "x"}, &AuditLine{EntryID: entry.ID, Text: "y"})
		must(t, s.Commit(ctx))

		other := eng.Session()
		defer other.Close(ctx)
		rows, err := auditEntries.With(&auditEntries.C.Lines).Where(retort.Eq(&auditEntries.C.Who, "ada")).All(ctx, other)
		must(t, err)
		if len(rows) != 1 || texts(t, rows[0]) != 2 {
			t.Fatalf("%d rows", len(rows))
		}
		rows[0].Who = "ada again"
		must(t, other.Flush(ctx))
		// Within a transaction the relation is read in another form.
		again, err := auditEntries.With(&auditEntries.C.Lines).OrderBy(retort.Asc(&auditEntries.C.Who)).Limit(1).One(ctx, other)
		must(t, err)
		if again != rows[0] || texts(t, again) != 2 {
			t.Errorf("got %+v", again)
		}
		n, err := plainEntries.Query().Count(ctx, other)
		must(t, err)
		if n != 1 {
			t.Errorf("%d plain entries", n)
		}
		got, err := auditEntries.Get(ctx, other, entry.ID)
		must(t, err)
		other.Delete(got)
		must(t, other.Commit(ctx))
		if n := db.QueryInt(t, "SELECT count(*) FROM audit.entries"); n != 1 {
			t.Errorf("%d entries are left", n)
		}
	})

	t.Run("a_stale_row_names_its_namespace", func(t *testing.T) {
		s := eng.Session()
		defer s.Close(ctx)
		entry, err := auditEntries.Query().One(ctx, s)
		must(t, err)
		db.Exec(t, "DELETE FROM audit.entries")
		entry.Who = "gone"
		err = s.Commit(ctx)
		if stale, ok := errors.AsType[*retort.StaleError](err); !ok || stale.Table != "audit.entries" {
			t.Errorf("error %v", err)
		}
	})

	t.Run("a_read_only_table_is_read_and_not_written", func(t *testing.T) {
		s := eng.Session()
		defer s.Close(ctx)
		row, err := standings.Get(ctx, s, int64(7))
		must(t, err)
		if row.Name != "Ada" {
			t.Errorf("the view says %q", row.Name)
		}
		row.Name = "x"
		wantErr(t, s.Flush(ctx), retort.ErrReadOnlyTable, "UPDATE of retort_test.Standing", `"standings"`)
		row.Name = "Ada"
		s.Delete(row)
		wantErr(t, s.Commit(ctx), retort.ErrReadOnlyTable, "DELETE")
		must(t, s.Rollback(ctx))
		s.Add(&Standing{ID: 1})
		wantErr(t, s.Commit(ctx), retort.ErrReadOnlyTable, "INSERT")
	})
}

// texts counts the lines of an entry.
func texts(t *testing.T, e *AuditEntry) int {
	t.Helper()
	lines, err := e.Lines.All()
	must(t, err)
	return len(lines)
}

func TestUnmanagedTablesHaveNoTriggers(t *testing.T) {
	t.Parallel()
	wantProblems(t, baseError(t, accounts, retort.Trigger("x", "crm.accounts", "CREATE TRIGGER x AFTER INSERT ON {table} EXECUTE FUNCTION f()")),
		[]string{"trigger x of table crm.accounts", "unmanaged"})
}
