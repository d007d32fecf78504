package adopt

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/retort-go/retort/migrate"
)

var (
	assignment = regexp.MustCompile(`(?m)^(revision|down_revision|depends_on|branch_labels)[ \t]*(?::[^=\n]+)?=[ \t]*`)
	docstring  = regexp.MustCompile(`(?s)^(?:\s*(?:#[^\n]*)?\n)*\s*[rRuU]?("""|''')(.*?)("""|''')`)
	createDate = regexp.MustCompile(`(?m)^Create Date:[ \t]*([0-9-]+[ T][0-9:.]+)`)
	pyString   = regexp.MustCompile(`^[rRuUbB]?("""|'''|"|')`)
)

// Alembic reads the files of an Alembic project: versions/*.py, or all of them where
// there is no such folder. Ids, parents (branches and merges too), dependencies,
// messages and dates are read from the text; nothing of it is run.
//
//   - Shape: every revision is empty; see [History.Baseline].
//   - Errors: [*Error], joined, for files whose ids cannot be read.
func Alembic(fsys fs.FS) (*History, error) {
	h := &History{Tool: ToolAlembic, Table: "alembic_version", ids: map[string]string{}}
	if info, err := fs.Stat(fsys, "versions"); err == nil && info.IsDir() {
		if fsys, err = fs.Sub(fsys, "versions"); err != nil {
			return nil, err
		}
	}
	var problems []error
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".py" {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if err := h.python(name, strings.ReplaceAll(string(text), "\r\n", "\n")); err != nil {
			problems = append(problems, err)
		}
		return nil
	})
	if err = errors.Join(append(problems, err)...); err != nil {
		return nil, err
	}
	if len(h.Revisions) == 0 {
		return nil, h.fail(".", "no file has a revision: give the folder that versions/ lies in")
	}
	_, err = migrate.NewHistory(h.Revisions...)
	return h, err
}

// python reads one file; one without a revision is none of Alembic's.
func (h *History) python(name, text string) error {
	found := map[string][]string{}
	for _, at := range assignment.FindAllStringSubmatchIndex(text, -1) {
		values, ok := pythonStrings(text[at[1]:])
		if !ok {
			return h.fail(name, "%s is not a string, a tuple of strings or None", text[at[2]:at[3]])
		}
		found[text[at[2]:at[3]]] = values
	}
	if len(found["revision"]) != 1 {
		if _, has := found["down_revision"]; has {
			return h.fail(name, "it has a down_revision and no revision")
		}
		return nil
	}
	r := &migrate.Revision{File: name, Irreversible: true}
	id := found["revision"][0]
	r.ID = h.legal(name, id)
	h.ids[id] = r.ID
	for _, parent := range found["down_revision"] {
		r.Parents = append(r.Parents, h.legal(name, parent))
	}
	for _, other := range found["depends_on"] {
		r.Depends = append(r.Depends, h.legal(name, other))
	}
	if doc := docstring.FindStringSubmatch(text); doc != nil {
		r.Message, _, _ = strings.Cut(strings.TrimSpace(doc[2]), "\n")
		if at := createDate.FindStringSubmatch(doc[2]); at != nil {
			if made, err := time.Parse("2006-01-02 15:04:05", strings.Replace(at[1], "T", " ", 1)[:min(19, len(at[1]))]); err == nil {
				r.Created = made
			}
		}
	}
	h.Revisions = append(h.Revisions, r)
	return nil
}

// pythonStrings reads None, a string, or strings in parentheses or brackets.
func pythonStrings(text string) (values []string, ok bool) {
	depth := 0
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '(' || c == '[' || c == '{':
			depth++
			i++
		case c == ')' || c == ']' || c == '}':
			depth--
			i++
		case c == '\n' && depth <= 0:
			return values, true
		case c == ' ' || c == '\t' || c == '\n' || c == ',' || c == '\\':
			i++
		case c == '#':
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return values, depth <= 0
			}
			i += end
		case strings.HasPrefix(text[i:], "None"):
			i += len("None")
		default:
			open := pyString.FindStringSubmatch(text[i:])
			if open == nil {
				return nil, false
			}
			i += len(open[0])
			end := strings.Index(text[i:], open[1])
			if end < 0 {
				return nil, false
			}
			values = append(values, text[i:i+end])
			i += end + len(open[1])
		}
		if depth < 0 {
			return nil, false
		}
	}
	return values, depth == 0
}
