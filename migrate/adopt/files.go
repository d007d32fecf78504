package adopt

import (
	"cmp"
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate"
)

// numbered is a file that a number orders.
type numbered struct {
	version int64
	digits  string
	title   string
	file    string // of the way up
	up      string
	down    string
	hasDown bool
}

// chain turns numbered files into revisions that follow each other.
func (h *History) chain(all []numbered, read func(n *numbered) (*migrate.Revision, error)) error {
	slices.SortFunc(all, func(a, b numbered) int { return cmp.Compare(a.version, b.version) })
	var problems []error
	parent := ""
	for i := range all {
		n := &all[i]
		if i > 0 && all[i-1].version == n.version {
			problems = append(problems, h.fail(n.file, "it has the number of %s", all[i-1].file))
			continue
		}
		r, err := read(n)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		r.ID, r.File, r.Message = n.digits, n.file, strings.ReplaceAll(n.title, "_", " ")
		if parent != "" {
			r.Parents = []string{parent}
		}
		parent = r.ID
		h.ids[strconv.FormatInt(n.version, 10)] = r.ID
		h.Revisions = append(h.Revisions, r)
	}
	if len(all) == 0 {
		problems = append(problems, h.fail(".", "no file has a number in front: give the folder that the migrations lie in"))
	}
	return errors.Join(problems...)
}

var gooseName = regexp.MustCompile(`^([0-9]+)_(.*)\.(sql|go)$`)

// Goose reads a folder of goose's: annotated SQL files, and Go files as empty
// revisions.
//
//   - Shape: what stands behind NO TRANSACTION is run statement by statement. Where a
//     Go file is among them, see [History.Baseline].
//   - Errors: [*Error], joined: two files of one number, SQL that cannot be taken
//     apart, a file without its annotation.
func Goose(fsys fs.FS) (*History, error) {
	h := &History{Tool: ToolGoose, Table: "goose_db_version", ids: map[string]string{}}
	names, err := fs.Glob(fsys, "*")
	if err != nil {
		return nil, err
	}
	var all []numbered
	for _, name := range names {
		m := gooseName.FindStringSubmatch(name)
		if m == nil || strings.HasSuffix(name, "_test.go") {
			continue
		}
		version, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || version < 1 {
			continue
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		all = append(all, numbered{version: version, digits: m[1], title: m[2], file: name, up: string(text)})
	}
	err = h.chain(all, h.goose)
	return h, err
}

var gooseMark = regexp.MustCompile(`(?i)^--[ \t]*\+goose[ \t]+(.*?)[ \t]*$`)

// goose splits one file at its annotations.
func (h *History) goose(n *numbered) (*migrate.Revision, error) {
	r := &migrate.Revision{Irreversible: true}
	if strings.HasSuffix(n.file, ".go") {
		h.note(n.file, "it is a program: its revision is empty")
		return r, nil
	}
	var up, down strings.Builder
	section := (*strings.Builder)(nil)
	alone := false
	for line := range strings.Lines(strings.ReplaceAll(n.up, "\r\n", "\n")) {
		if m := gooseMark.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			switch mark := strings.ToLower(strings.Join(strings.Fields(m[1]), " ")); mark {
			case "up":
				section = &up
			case "down":
				section, r.Irreversible = &down, false
			case "no transaction":
				alone = true
			case "statementbegin", "statementend":
			case "envsub on":
				h.note(n.file, "goose put environment variables into it; write the values where ${…} stands")
			case "envsub off":
			default:
				return nil, h.fail(n.file, "its annotation %q is unknown", m[1])
			}
			if section != nil {
				section.WriteString("\n")
			}
			continue
		}
		if section != nil {
			section.WriteString(line)
		}
	}
	if section == nil {
		return nil, h.fail(n.file, "it has no line -- +goose Up")
	}
	var err error
	if r.Up, err = h.steps(n.file, up.String(), alone); err != nil {
		return nil, err
	}
	r.Down, err = h.steps(n.file, down.String(), alone)
	return r, err
}

var migrateName = regexp.MustCompile(`^([0-9]+)_(.*)\.(up|down)\.sql$`)

// GolangMigrate reads a folder of golang-migrate's: pairs of files up and down.
//
//   - Shape: BEGIN and COMMIT are left out, since a revision is a transaction anyway.
//   - Errors: [*Error], joined: two files of one number, a way down without a way up,
//     SQL that cannot be taken apart.
func GolangMigrate(fsys fs.FS) (*History, error) {
	h := &History{Tool: ToolGolangMigrate, Table: "schema_migrations", ids: map[string]string{}}
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, err
	}
	var all []numbered
	downs := map[int64]string{}
	for _, name := range names {
		m := migrateName.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		version, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			continue
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		if m[3] == "down" {
			downs[version] = string(text)
			continue
		}
		all = append(all, numbered{version: version, digits: m[1], title: m[2], file: name, up: string(text)})
	}
	for i := range all {
		all[i].down, all[i].hasDown = downs[all[i].version], false
		if _, ok := downs[all[i].version]; ok {
			all[i].hasDown = true
			delete(downs, all[i].version)
		}
	}
	for version := range downs {
		return nil, h.fail(strconv.FormatInt(version, 10), "there is a way down and none up")
	}
	err = h.chain(all, func(n *numbered) (*migrate.Revision, error) {
		r := &migrate.Revision{Irreversible: !n.hasDown}
		var err error
		if r.Up, err = h.steps(n.file, n.up, false); err != nil {
			return nil, err
		}
		r.Down, err = h.steps(n.file, n.down, false)
		return r, err
	})
	return h, err
}

// steps takes SQL apart. Transactions of its own are the runner's business now.
func (h *History) steps(file, text string, alone bool) ([]migrate.Step, error) {
	found, rest, err := sqltext.Statements(strings.ReplaceAll(text, "\r\n", "\n"))
	if err != nil {
		return nil, h.fail(file, "%v", err)
	}
	var out []migrate.Step
	for i := range found {
		words := sqltext.Words(found[i].SQL, 2)
		switch {
		case len(words) == 0:
		case slices.Contains([]string{"begin", "commit", "end", "start"}, words[0]):
		case slices.Contains([]string{"rollback", "savepoint", "abort", "release"}, words[0]):
			return nil, h.fail(file, "line %d: %s has no place in a revision", found[i].Line, strings.ToUpper(words[0]))
		default:
			out = append(out, step(&found[i], alone))
		}
	}
	switch {
	case len(rest) > 0:
		out = append(out, migrate.Step{Comments: rest})
	case len(out) == 0:
		out = append(out, migrate.Step{Comments: []migrate.Comment{migrate.Note("nothing: " + file + " has no statement")}})
	}
	return out, nil
}
