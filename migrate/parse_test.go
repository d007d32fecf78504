package migrate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/retort-go/retort/migrate"
)

const dueDate = `-- revision: 4f1d20c97a3e
-- parents: 91b0c6d2f7aa, 0001
-- depends: other.1
-- message: add due date
-- created: 2026-11-23T08:00:00Z
-- Reviewed by the team.

-- +up

-- lock: SHARE UPDATE EXCLUSIVE on requests
ALTER TABLE requests ADD COLUMN due_at timestamptz; -- lint:ignore x: y

-- +outside
CREATE INDEX CONCURRENTLY ix_due ON requests (due_at);

-- +outside repeatable
VACUUM ANALYZE requests;

-- +batched SELECT count(*) FROM requests WHERE due_at IS NULL
UPDATE requests SET due_at = now() WHERE id IN (SELECT id FROM requests WHERE due_at IS NULL LIMIT 1000);

-- +alone
ALTER TABLE requests VALIDATE CONSTRAINT ck;

-- +call

-- +down

ALTER TABLE requests DROP COLUMN due_at;
`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := migrate.Parse("migrations/4f1d20c97a3e_add_due_date.sql", dueDate)
	if err != nil {
		t.Fatal(err)
	}
	want := &migrate.Revision{
		ID: "4f1d20c97a3e", Parents: []string{"91b0c6d2f7aa", "0001"}, Depends: []string{"other.1"}, Message: "add due date",
		Created: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), File: "migrations/4f1d20c97a3e_add_due_date.sql",
		Up: []migrate.Step{
			{SQL: "ALTER TABLE requests ADD COLUMN due_at timestamptz", Mode: migrate.Together, Line: 11},
			{SQL: "CREATE INDEX CONCURRENTLY ix_due ON requests (due_at)", Mode: migrate.Outside, Line: 14},
			{SQL: "VACUUM ANALYZE requests", Mode: migrate.Outside, Repeatable: true, Line: 17},
			{
				SQL:  "UPDATE requests SET due_at = now() WHERE id IN (SELECT id FROM requests WHERE due_at IS NULL LIMIT 1000)",
				Mode: migrate.Batched, Count: "SELECT count(*) FROM requests WHERE due_at IS NULL", Line: 20,
			},
			{SQL: "ALTER TABLE requests VALIDATE CONSTRAINT ck", Mode: migrate.Alone, Line: 23},
			{Mode: migrate.Call, Line: 25},
		},
		Down: []migrate.Step{{SQL: "ALTER TABLE requests DROP COLUMN due_at", Mode: migrate.Together, Line: 29}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(migrate.Step{}, "Comments")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	comments := got.Up[0].Comments
	if len(comments) != 2 || comments[0].Line != 10 || comments[1].Text != "-- lint:ignore x: y" {
		t.Errorf("the first step has the comments %+v", comments)
	}

	t.Run("reads_the_line_ends_of_other_systems", func(t *testing.T) {
		t.Parallel()
		other, err := migrate.Parse(got.File, "\ufeff"+strings.ReplaceAll(dueDate, "\n", "\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, other); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})

	t.Run("knows_a_base_and_what_has_no_way_back", func(t *testing.T) {
		t.Parallel()
		r, err := migrate.Parse("a.sql", "-- revision: a\n-- parents:\n-- +up\n")
		if err != nil || !r.Irreversible || r.Parents != nil || r.Up != nil {
			t.Errorf("got %+v, %v", r, err)
		}
		r, err = migrate.Parse("a.sql", "-- revision: a\n-- parents:\n-- +up\n-- +down\n")
		if err != nil || r.Irreversible {
			t.Errorf("with an empty section down: %+v, %v", r, err)
		}
	})
}

func TestParse_refuses(t *testing.T) {
	t.Parallel()
	const head = "-- revision: a\n-- parents:\n-- +up\n"
	for name, test := range map[string]struct {
		text string
		line int
		want string
	}{
		"an_empty_file":                 {"", 0, "no line -- revision:"},
		"a_binary_file":                 {"\x7fELF\x00\x00", 1, "NUL byte"},
		"an_image":                      {"\x89PNG\r\n\xff", 1, "UTF-8"},
		"half_a_header":                 {"-- revision: a\n-- par", 0, "no line -- parents:"},
		"half_a_file":                   {head + "CREATE TABLE t (a int, b te", 4, "parenthesis"},
		"no_section":                    {"-- revision: a\n-- parents:\n", 0, "no section -- +up"},
		"a_bad_id":                      {"-- revision: a-1\n-- parents:\n-- +up\n", 1, "letters, digits"},
		"a_reserved_id":                 {"-- revision: head\n-- parents:\n-- +up\n", 1, "targets"},
		"itself_as_parent":              {"-- revision: a\n-- parents: a\n-- +up\n", 2, "itself"},
		"a_parent_twice":                {"-- revision: a\n-- parents: b b\n-- +up\n", 2, "twice"},
		"a_field_twice":                 {"-- revision: a\n-- revision: a\n-- parents:\n-- +up\n", 2, "twice"},
		"a_section_twice":               {head + "-- +up\n", 4, "twice"},
		"down_before_up":                {"-- revision: a\n-- parents:\n-- +down\n-- +up\n", 3, "before"},
		"a_time_that_is_none":           {"-- revision: a\n-- created: yesterday\n-- parents:\n-- +up\n", 2, "time"},
		"a_statement_in_the_header":     {"-- revision: a\n-- parents:\nSELECT 1;\n-- +up\n", 3, "before the section"},
		"an_unknown_directive":          {head + "-- +outsied\nSELECT 1;", 4, "no directive"},
		"a_directive_of_nothing":        {head + "-- +alone\n", 4, "no statement behind it"},
		"two_directives":                {head + "-- +alone\n-- +outside\nVACUUM;", 4, "no statement behind it"},
		"a_directive_in_a_statement":    {head + "DROP TABLE a\n-- +down\nCREATE TABLE a ();", 5, "semicolon missing"},
		"words_behind_a_directive":      {head + "-- +alone please\nSELECT 1;", 4, "says nothing"},
		"a_section_in_the_same_line":    {head + "SELECT 1; -- +down", 4, "line of their own"},
		"BEGIN":                         {head + "BEGIN;\nSELECT 1;\nCOMMIT;", 4, "the runner's"},
		"a_savepoint":                   {head + "/* x */ Savepoint x;", 4, "the runner's"},
		"COPY":                          {head + "COPY t FROM stdin;", 4, "INSERT"},
		"psql's_commands":               {head + "\\connect other\n", 4, "psql"},
		"CONCURRENTLY_in_a_transaction": {head + "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);", 4, "-- +outside"},
		"VACUUM_in_a_transaction":       {head + "VACUUM t;", 4, "-- +outside"},
		"outside_what_cannot_be_seen":   {head + "-- +outside\nUPDATE t SET a = a + 1;", 5, "repeatable"},
		"an_index_without_a_name":       {head + "-- +outside\nCREATE INDEX CONCURRENTLY ON t (a);", 5, "go on; give the index a name"},
		"what_runs_only_outside":        {head + "-- +outside\nVACUUM t;", 5, "go on; declare that it may run twice"},
		"batches_of_DDL":                {head + "-- +batched\nALTER TABLE t ADD a int;", 5, "INSERT, UPDATE"},
		"two_calls":                     {head + "-- +call\n-- +call\n", 0, "once"},
		"a_name_of_another_revision":    {"-- revision: b\n-- parents:\n-- +up\n", 1, "b.sql"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := migrate.Parse("m/a.sql", test.text)
			file, ok := errors.AsType[*migrate.FileError](err)
			if !ok || file.Line != test.line || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "migrate: m/a.sql") {
				t.Errorf("got %+v, %v, want a *FileError on line %d with %q", r, err, test.line, test.want)
			}
		})
	}

	t.Run("a_dump", func(t *testing.T) {
		t.Parallel()
		if _, err := migrate.Parse("a.sql", strings.Repeat("-", 17<<20)); err == nil || !strings.Contains(err.Error(), "17 MiB") {
			t.Errorf("got %v", err)
		}
	})
}

func TestFormat(t *testing.T) {
	t.Parallel()
	t.Run("writes_what_Parse_reads", func(t *testing.T) {
		t.Parallel()
		r, err := migrate.Parse("", dueDate)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Replace(dueDate, "-- Reviewed by the team.\n", "", 1)
		if diff := cmp.Diff(want, migrate.Format(r)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})

	t.Run("lets_no_note_become_a_directive", func(t *testing.T) {
		t.Parallel()
		r := &migrate.Revision{ID: "a", Message: "m\n-- +down\nDROP TABLE t;", Up: []migrate.Step{
			{SQL: "SELECT 1", Comments: []migrate.Comment{migrate.Note("one\n+down\r  +up\nSELECT 2;")}},
		}}
		back, err := migrate.Parse("a.sql", migrate.Format(r))
		if err != nil {
			t.Fatal(err)
		}
		if len(back.Up) != 1 || len(back.Down) != 0 || back.Checksum() != r.Checksum() {
			t.Errorf("read back as %+v from\n%s", back, migrate.Format(r))
		}
	})

	t.Run("comes_back_the_same", func(t *testing.T) {
		t.Parallel()
		statement := rapid.SampledFrom([]string{
			"SELECT ';'", "DO $$ BEGIN NULL; END $$", "CREATE TABLE \"a;b\" ( -- x\n a int)", "UPDATE t SET a = E'\\';'", "SELECT 1 /* ; */ , 2",
		})
		id := rapid.StringMatching(`[a-z0-9]{1,12}x`)
		steps := rapid.SliceOf(rapid.Custom(func(t *rapid.T) migrate.Step {
			s := migrate.Step{SQL: statement.Draw(t, "sql"), Mode: rapid.SampledFrom([]migrate.Mode{migrate.Together, migrate.Alone, migrate.Outside}).Draw(t, "mode")}
			s.Repeatable = s.Mode == migrate.Outside
			if note := rapid.String().Draw(t, "note"); strings.TrimSpace(note) != "" && !strings.ContainsAny(note, "\x00") {
				s.Comments = []migrate.Comment{migrate.Note(strings.ToValidUTF8(note, ""))}
			}
			return s
		}))
		rapid.Check(t, func(t *rapid.T) {
			r := &migrate.Revision{ID: id.Draw(t, "id"), Message: "m", Up: steps.Draw(t, "up"), Down: steps.Draw(t, "down")}
			text := migrate.Format(r)
			back, err := migrate.Parse(r.FileName(), text)
			if err != nil {
				t.Fatal(err)
			}
			if again := migrate.Format(back); again != text {
				t.Fatalf("written again:\n%s\nfirst:\n%s", again, text)
			}
			ignore := cmp.Options{cmpopts.IgnoreFields(migrate.Step{}, "Comments", "Line"), cmpopts.IgnoreFields(migrate.Revision{}, "File"), cmpopts.EquateEmpty()}
			if diff := cmp.Diff(r, back, ignore); diff != "" || back.Checksum() != r.Checksum() {
				t.Fatalf("(-want +got)\n%s", diff)
			}
		})
	})
}

func TestRevision_Checksum(t *testing.T) {
	t.Parallel()
	sum := func(change ...string) string {
		r, err := migrate.Parse("", strings.NewReplacer(change...).Replace(dueDate))
		if err != nil {
			t.Fatal(err)
		}
		return r.Checksum()
	}
	for name, change := range map[string][]string{
		"another_statement": {"timestamptz;", "timestamp;"}, "another_parent": {"0001", "0002"}, "another_mode": {"-- +alone\n", ""},
		"a_step_less": {"VACUUM ANALYZE requests;", "", "-- +outside repeatable", ""}, "another_dependence": {"other.1", "other.2"},
	} {
		if sum(change...) == sum() {
			t.Errorf("%s: the checksum is the same", name)
		}
	}
	for name, change := range map[string][]string{
		"a_comment": {"-- lock: SHARE", "-- SHARE"}, "the_message": {"add due", "Add Due"}, "the_way_back": {"DROP COLUMN due_at", "DROP COLUMN IF EXISTS due_at"},
	} {
		if sum(change...) != sum() {
			t.Errorf("%s: the checksum is another", name)
		}
	}
}

func TestRevision_FileName(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"": "a.sql", "Add due date!": "a_add_due_date.sql", "../../etc/passwd": "a_etc_passwd.sql", "Größe ändern": "a_größe_ändern.sql",
		strings.Repeat("ab ", 40): "a_" + strings.TrimSuffix(strings.Repeat("ab_", 16), "_") + ".sql",
	} {
		if got := (&migrate.Revision{ID: "a", Message: message}).FileName(); got != want {
			t.Errorf("%q gives %s, want %s", message, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(dueDate)
	f.Add("-- revision: a\n-- parents:\n-- +up\n-- +call\nSELECT 1; -- x\n")
	f.Add("-- revision: a\n-- parents:\n-- +up\n/* x */ /* y */ SELECT 1 /* z */; /* a */ -- b\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := migrate.Parse("", text)
		if err != nil {
			return
		}
		back, err := migrate.Parse("", migrate.Format(r))
		if err != nil {
			t.Fatalf("%v in\n%s\nwritten from\n%s", err, migrate.Format(r), text)
		}
		if back.Checksum() != r.Checksum() || migrate.Format(back) != migrate.Format(r) {
			t.Fatalf("it comes back as\n%s\nwas\n%s", migrate.Format(back), migrate.Format(r))
		}
	})
}
