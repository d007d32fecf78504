package adopt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
)

// Tool is a migration tool whose history can be adopted.
type Tool string

// The tools.
const (
	ToolAlembic       Tool = "Alembic"
	ToolGoose         Tool = "goose"
	ToolGolangMigrate Tool = "golang-migrate"
)

// History is another tool's history as revisions.
//
//   - Shape: Revisions are in no special order; Notes say what a person must look at,
//     each with its file. Table is where the tool notes what it applied, as SQL; it can
//     be set to another one.
type History struct {
	Tool      Tool
	Revisions []*migrate.Revision
	Notes     []string
	Table     string

	ids map[string]string // the tool's version, as its table has it → the id
}

// Error says why a history cannot be adopted.
type Error struct {
	Tool    Tool
	File    string // or table
	Problem string
}

func (e *Error) Error() string {
	return "adopt: " + string(e.Tool) + ": " + e.File + ": " + e.Problem + "; see docs/errors.md#adopt"
}

func (h *History) fail(file, format string, args ...any) error {
	return &Error{h.Tool, file, fmt.Sprintf(format, args...)}
}

func (h *History) note(file, format string, args ...any) {
	h.Notes = append(h.Notes, file+": "+fmt.Sprintf(format, args...))
}

// Files are the revisions as files, by their names.
//
//   - Shape: the same history gives the same bytes.
//   - Errors: statements that a revision cannot have, such as COPY; each with its file.
func (h *History) Files() (map[string]string, error) {
	out := map[string]string{}
	var problems []error
	for _, r := range h.Revisions {
		text := migrate.Format(r)
		if _, err := migrate.Parse(r.FileName(), text); err != nil {
			problems = append(problems, fmt.Errorf("adopt: %s: what %s becomes is refused: %w", h.Tool, r.File, err))
		}
		out[r.FileName()] = text
	}
	_, err := migrate.NewHistory(h.Revisions...)
	return out, errors.Join(append(problems, err)...)
}

// Applied reads from the tool's table which revisions are the newest that it applied.
//
//   - Shape: several where an Alembic history has branches; none where nothing was
//     applied.
//   - Errors: [*Error] for a table that is not there, a version that no file has, a
//     dirty database, and gaps among what was applied.
func (h *History) Applied(ctx context.Context, src catalog.Source) ([]string, error) {
	exists, err := src.Snapshot(ctx, "/* retort:adopt */ SELECT coalesce(pg_catalog.to_regclass("+sqltext.Literal(h.Table)+")::text, '')")
	if err != nil {
		return nil, fmt.Errorf("adopt: look for %s: %w", h.Table, err)
	}
	if exists[0][0][0] == "" {
		return nil, h.fail(h.Table, "there is no such table: is this the right database, and its schema in search_path?")
	}
	rows, err := src.Snapshot(ctx, h.read())
	if err != nil {
		return nil, fmt.Errorf("adopt: read %s: %w", h.Table, err)
	}
	var versions []string
	for _, row := range rows[0] {
		if row[1] == "dirty" {
			return nil, h.fail(h.Table, "version %s is dirty: it broke off in the midst. See what of it is there, mend that by hand, then: migrate force %s", row[0], row[0])
		}
		versions = append(versions, row[0])
	}
	return h.newest(versions)
}

func (h *History) read() string {
	table := h.Table
	switch h.Tool {
	case ToolGoose:
		return "/* retort:adopt */ SELECT version_id::text, '' FROM (SELECT DISTINCT ON (version_id) version_id, is_applied FROM " + table +
			" ORDER BY version_id, id DESC) v WHERE is_applied AND version_id > 0 ORDER BY v.version_id" // the number, not the text
	case ToolGolangMigrate:
		return "/* retort:adopt */ SELECT version::text, CASE WHEN dirty THEN 'dirty' ELSE '' END FROM " + table
	default:
		return "/* retort:adopt */ SELECT version_num::text, '' FROM " + table + " ORDER BY 1"
	}
}

// newest turns the tool's versions into the ids to stamp.
func (h *History) newest(versions []string) ([]string, error) {
	var ids []string
	for _, v := range versions {
		id, ok := h.ids[v]
		if !ok {
			return nil, h.fail(h.Table, "version %s is applied and no file has it: get the files that this database was made with", v)
		}
		ids = append(ids, id)
	}
	if h.Tool != ToolGoose || len(ids) == 0 {
		return ids, nil
	}
	history, err := migrate.NewHistory(h.Revisions...)
	if err != nil {
		return nil, err
	}
	last := ids[len(ids)-1]
	for _, r := range history.Ancestors(last) {
		if !slices.Contains(ids, r.ID) && r.File != "" {
			return nil, h.fail(h.Table, "%s is applied and %s before it is not: let goose apply it first (goose up --allow-missing)", last, r.File)
		}
	}
	return []string{last}, nil
}

// Stamp writes into Retort's ledger what the tool has applied, and runs nothing.
//
//   - Shape: the revisions that are stamped; none on a second call.
//   - Errors: as [History.Applied] and [migrate.Runner.Stamp].
func (h *History) Stamp(ctx context.Context, eng *retort.Engine, opts migrate.Options) ([]*migrate.Revision, error) {
	ids, err := h.Applied(ctx, eng)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	history, err := migrate.NewHistory(h.Revisions...)
	if err != nil {
		return nil, err
	}
	runner, err := migrate.New(eng, history, opts)
	if err != nil {
		return nil, err
	}
	return runner.Stamp(ctx, ids...)
}

// Baseline puts a revision before all others that makes the schema as it is in the
// database behind src, for databases that are made from nothing: the others are
// emptied, and keep their ids, parents and messages.
//
//   - Shape: nothing changes for a history that is all SQL, unless all asks for it.
//     The revision is called by id, such as "baseline".
//   - Errors: as [catalog.Read]; a database that is not where the files end.
func (h *History) Baseline(ctx context.Context, src catalog.Source, id string, all bool) error {
	empty := slices.ContainsFunc(h.Revisions, func(r *migrate.Revision) bool { return len(r.Up) == 0 })
	if !empty && !all {
		return nil
	}
	if err := h.atEnd(ctx, src); err != nil {
		return err
	}
	r, err := Baseline(ctx, src, catalog.Options{})
	if err != nil {
		return err
	}
	r.ID, r.Message = id, "the schema that "+string(h.Tool)+" left"
	for _, old := range h.Revisions {
		old.Up, old.Down, old.Irreversible = stub(old.File), nil, true
		if len(old.Parents) == 0 {
			old.Parents = []string{id}
		}
	}
	h.Revisions = append([]*migrate.Revision{r}, h.Revisions...)
	return nil
}

// atEnd refuses a database that is behind the files: its schema would not be theirs.
func (h *History) atEnd(ctx context.Context, src catalog.Source) error {
	ids, err := h.Applied(ctx, src)
	if err != nil {
		return err
	}
	history, err := migrate.NewHistory(h.Revisions...)
	if err != nil {
		return err
	}
	for _, head := range history.Heads() {
		if !slices.Contains(ids, head.ID) {
			return h.fail(h.Table, "the database is not at %s (%s): let %s upgrade it first, so that the baseline is what the files amount to", head.ID, head.File, h.Tool)
		}
	}
	return nil
}

// Baseline writes the schema of a database as one revision without a way back, for
// databases that are made from nothing. The books of migration tools are left out.
//
//   - Shape: the caller gives it an id, parents and a message.
func Baseline(ctx context.Context, src catalog.Source, opts catalog.Options) (*migrate.Revision, error) {
	database, err := catalog.Read(ctx, src, opts)
	if err != nil {
		return nil, err
	}
	database = database.WithoutBooks(nil)
	nothing := &catalog.Catalog{Version: database.Version, Namespace: database.Namespace}
	for _, n := range database.Namespaces {
		if n.Name == "public" || n.Name == database.Namespace {
			nothing.Namespaces = append(nothing.Namespaces, n)
		}
	}
	differences, err := autogenerate.Compare(nothing, database, autogenerate.Options{})
	if err != nil {
		return nil, err
	}
	r := autogenerate.Build(nothing, database, differences).Revision()
	r.Down, r.Irreversible = nil, true
	return r, nil
}

// step makes a step of a statement: what PostgreSQL refuses in a transaction runs
// outside of any, all else alone where the file asks for no transaction.
func step(s *sqltext.Statement, alone bool) migrate.Step {
	out := migrate.Step{SQL: s.SQL, Mode: migrate.Together}
	for _, c := range s.Comments {
		if !strings.HasPrefix(strings.TrimSpace(strings.TrimLeft(c.Text, "-")), "+goose") {
			out.Comments = append(out.Comments, c)
		}
	}
	words := sqltext.Words(s.SQL, -1)
	outside := slices.Contains(words, "concurrently") && cmp.Or(words...) != "refresh" || len(words) > 0 && words[0] == "vacuum"
	switch {
	case outside:
		out.Mode = migrate.Outside
		out.Repeatable = words[0] == "reindex" || words[0] == "vacuum"
	case alone:
		out.Mode = migrate.Alone
	}
	return out
}

// stub is what a revision holds whose changes are in the baseline.
func stub(file string) []migrate.Step {
	return []migrate.Step{{Comments: []migrate.Comment{migrate.Note("what " + file + " did is in the baseline")}}}
}

var badID = regexp.MustCompile(`[^A-Za-z0-9._]`)

// legal makes an id that a revision may have.
func (h *History) legal(file, id string) string {
	ok := strings.TrimLeft(badID.ReplaceAllString(id, "_"), "_.")
	if ok != id {
		h.note(file, "its id %q becomes %q", id, ok)
	}
	return ok
}
