package migrate

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/retort-go/retort/internal/sqltext"
)

// maxFile bounds a revision's file: what is larger is a dump, not a change.
const maxFile = 16 << 20

// FileError says what is wrong with a revision's file.
type FileError struct {
	File    string
	Line    int // 0: the file as a whole
	Problem string
}

func (e *FileError) Error() string {
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	return "migrate: " + at + ": " + e.Problem + "; see docs/errors.md#revision-file"
}

// Parse reads the file of one revision.
//
//	-- revision: 4f1d20c97a3e
//	-- parents: 91b0c6d2f7aa
//	-- message: add due date
//	-- created: 2026-11-23T08:00:00Z
//
//	-- +up
//	ALTER TABLE requests ADD COLUMN due_at timestamptz;
//	-- +outside
//	CREATE INDEX CONCURRENTLY ix_requests_due_at ON requests (due_at);
//
//	-- +down
//	ALTER TABLE requests DROP COLUMN due_at;
//
// The header ends at the first section. "-- parents:" must be there, and is empty
// for a base; "-- depends:" may be. Directives stand on a line of their own before a
// statement: -- +alone, -- +outside, -- +outside repeatable, -- +batched, -- +batched
// SELECT count(*) …, or in place of one: -- +call. Without "-- +down" there is no
// way back.
//
//   - Errors: every problem, joined, each a [*FileError]: what the header lacks,
//     statements that end transactions, COPY, and what cannot run as it is marked.
func Parse(file, text string) (*Revision, error) {
	p := parser{file: file, rev: &Revision{File: file, Irreversible: true}}
	if len(text) > maxFile {
		p.fail(0, "%d MiB are too much for a revision; load data with a function of Go", len(text)>>20)
		return nil, p.err()
	}
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	found, rest, err := sqltext.Statements(text)
	if err != nil {
		if syntax, ok := errors.AsType[*sqltext.SyntaxError](err); ok {
			p.fail(syntax.Line, "%s", syntax.Problem)
		} else {
			p.fail(0, "%v", err)
		}
		return nil, p.err()
	}
	for i := range found {
		p.statement(&found[i])
	}
	for _, c := range rest {
		p.comment(c)
	}
	p.finish()
	if err := p.err(); err != nil {
		return nil, err
	}
	return p.rev, nil
}

// parser reads comments and statements from top to bottom.
type parser struct {
	file     string
	rev      *Revision
	seen     map[string]int // lines of header fields and sections
	section  *[]Step        // nil in the header
	mark     *Step          // what a directive said of the next statement
	markLine int
	comments []Comment // since the last statement
	problems []error
}

func (p *parser) fail(line int, format string, args ...any) {
	p.problems = append(p.problems, &FileError{p.file, line, fmt.Sprintf(format, args...)})
}

func (p *parser) err() error { return errors.Join(p.problems...) }

var (
	fieldPattern     = regexp.MustCompile(`^--[ \t]*(revision|parents|depends|message|created):[ \t]*(.*)$`)
	directivePattern = regexp.MustCompile(`^--[ \t]*\+([a-z]*)(.*)$`)
)

func (p *parser) statement(s *sqltext.Statement) {
	var after []Comment
	for _, c := range s.Comments {
		switch {
		case c.Place == sqltext.Before:
			p.comment(c)
		case directivePattern.MatchString(c.Text):
			p.fail(c.Line, "%s stands in the statement that begins on line %d; is its semicolon missing? Directives have a line of their own", strings.TrimSpace(c.Text), s.Line)
		default:
			after = append(after, c)
		}
	}
	if p.section == nil {
		p.fail(s.Line, "a statement stands before the section -- +up")
		return
	}
	step := Step{SQL: s.SQL, Mode: Together, Line: s.Line, Comments: append(p.comments, after...)}
	p.comments = nil
	if m := p.mark; m != nil {
		step.Mode, step.Repeatable, step.Count = m.Mode, m.Repeatable, m.Count
		p.mark = nil
	}
	if problem := checkStatement(&step); problem != "" {
		p.fail(s.Line, "%s", problem)
	}
	*p.section = append(*p.section, step)
}

// comment takes a comment between statements.
func (p *parser) comment(c Comment) {
	text := strings.TrimRight(c.Text, " \t")
	if f := fieldPattern.FindStringSubmatch(text); f != nil && p.section == nil {
		p.field(c.Line, f[1], strings.TrimSpace(f[2]))
		return
	}
	d := directivePattern.FindStringSubmatch(text)
	if d == nil {
		p.comments = append(p.comments, c)
		return
	}
	p.directive(c.Line, d[1], strings.TrimSpace(d[2]))
}

// once tells whether name comes for the first time.
func (p *parser) once(line int, name string) bool {
	if first, again := p.seen[name]; again {
		p.fail(line, "%s is there twice, first on line %d", name, first)
		return false
	}
	if p.seen == nil {
		p.seen = map[string]int{}
	}
	p.seen[name] = line
	return true
}

func (p *parser) field(line int, name, value string) {
	if !p.once(line, name) {
		return
	}
	switch name {
	case "revision":
		p.rev.ID = value
		if err := checkID(value); err != nil {
			p.fail(line, "%v", err)
		}
	case "parents":
		p.rev.Parents = p.ids(line, value)
	case "depends":
		p.rev.Depends = p.ids(line, value)
	case "message":
		p.rev.Message = value
	case "created":
		at, err := time.Parse(time.RFC3339, value)
		if err != nil {
			p.fail(line, "created is no time such as 2026-11-23T08:00:00Z")
		}
		p.rev.Created = at.UTC().Truncate(time.Second)
	}
}

// ids reads a list of revisions.
func (p *parser) ids(line int, value string) []string {
	var out []string
	for _, id := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		if err := checkID(id); err != nil {
			p.fail(line, "%v", err)
		}
		if slices.Contains(out, id) {
			p.fail(line, "%s is listed twice", id)
			continue
		}
		out = append(out, id)
	}
	return out
}

func (p *parser) directive(line int, name, rest string) {
	if p.mark != nil {
		p.fail(p.markLine, "-- +%s has no statement behind it", p.mark.Mode)
		p.mark = nil
	}
	switch name {
	case "up", "down":
		p.begin(line, name, rest)
		return
	case "alone", "outside", "batched", "call":
	default:
		p.fail(line, "-- +%s is no directive; there are up, down, alone, outside, batched and call", name)
		return
	}
	if p.section == nil {
		p.fail(line, "-- +%s stands before the section -- +up", name)
		return
	}
	step := &Step{Mode: Mode(name)}
	switch {
	case name == "outside" && rest == "repeatable":
		step.Repeatable = true
	case name == "batched":
		step.Count = strings.TrimSuffix(rest, ";")
	case rest != "":
		p.fail(line, "-- +%s: %q says nothing to it", name, rest)
	}
	if name == "call" {
		step.Line, step.Comments = line, p.comments
		p.comments = nil
		*p.section = append(*p.section, *step)
		return
	}
	p.mark, p.markLine = step, line
}

// begin opens a section.
func (p *parser) begin(line int, name, rest string) {
	if rest != "" {
		p.fail(line, "-- +%s: %q says nothing to it", name, rest)
	}
	p.leftover()
	if !p.once(line, "-- +"+name) {
		return
	}
	if name == "up" {
		if p.section != nil {
			p.fail(line, "-- +up comes behind -- +down")
		}
		p.section = &p.rev.Up
		return
	}
	if p.section == nil {
		p.fail(line, "-- +down comes before -- +up")
	}
	p.section, p.rev.Irreversible = &p.rev.Down, false
}

// leftover keeps comments that no statement follows.
func (p *parser) leftover() {
	if p.section != nil && len(p.comments) > 0 {
		*p.section = append(*p.section, Step{Mode: Together, Comments: p.comments})
	}
	p.comments = nil
}

// finish checks what only the end can tell.
func (p *parser) finish() {
	if p.mark != nil {
		p.fail(p.markLine, "-- +%s has no statement behind it", p.mark.Mode)
	}
	p.leftover()
	for _, name := range []string{"revision", "parents"} {
		if p.seen[name] == 0 {
			p.fail(0, "the header has no line -- %s:; is this a revision, and is it whole?", name)
		}
	}
	if p.seen["-- +up"] == 0 {
		p.fail(0, "there is no section -- +up; is this a revision, and is it whole?")
	}
	r := p.rev
	for _, id := range append(slices.Clone(r.Parents), r.Depends...) {
		if id == r.ID && id != "" {
			p.fail(p.seen["parents"], "%s names itself as what it follows", id)
		}
	}
	base := path.Base(p.file)
	if r.ID != "" && p.file != "" && base != r.ID+".sql" && !strings.HasPrefix(base, r.ID+"_") {
		p.fail(p.seen["revision"], "the file of revision %s is named %s; its name begins with the id and an underscore, such as %s", r.ID, base, r.FileName())
	}
	for _, steps := range [][]Step{r.Up, r.Down} {
		calls := 0
		for i := range steps {
			if steps[i].Mode == Call {
				calls++
			}
		}
		if calls > 1 {
			p.fail(0, "a section calls its function once, not %d times", calls)
		}
	}
}
