package migrate

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// History is the graph of all revisions: each follows its parents.
//
//   - Shape: lists of revisions are in the order in which they are applied: parents
//     first, else the older first, else by id.
//   - Concurrency: never changed; safe for many goroutines. The revisions are
//     shared: do not change them.
type History struct {
	order    []*Revision
	byID     map[string]*Revision
	children map[string][]*Revision
	needed   map[string][]*Revision // by depends
}

// Read reads every file that ends in .sql in fsys and the folders below, such as
// an embed.FS; files and folders whose name begins with a period are left out.
//
//   - Errors: every problem, joined: [*FileError], and as [NewHistory].
func Read(fsys fs.FS) (*History, error) {
	var revisions []*Revision
	var problems []error
	err := fs.WalkDir(fsys, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(d.Name(), ".") && file != ".":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || path.Ext(file) != ".sql":
			return nil
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		r, err := Parse(file, string(text))
		if err != nil {
			problems = append(problems, err)
			return nil
		}
		revisions = append(revisions, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("migrate: read the revisions: %w", err)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return NewHistory(revisions...)
}

// NewHistory makes a history of revisions.
//
//   - Errors: every problem, joined: [*DuplicateError], [*MissingParentError],
//     [*CycleError].
func NewHistory(revisions ...*Revision) (*History, error) {
	h := &History{byID: map[string]*Revision{}, children: map[string][]*Revision{}, needed: map[string][]*Revision{}}
	var problems []error
	for _, r := range revisions {
		if err := checkID(r.ID); err != nil {
			problems = append(problems, fmt.Errorf("migrate: %w", err))
		}
		if first, again := h.byID[r.ID]; again {
			problems = append(problems, &DuplicateError{ID: r.ID, Files: []string{first.File, r.File}})
			continue
		}
		h.byID[r.ID] = r
	}
	for _, r := range revisions {
		for _, id := range r.parents() {
			if h.byID[id] == nil {
				problems = append(problems, &MissingParentError{ID: r.ID, File: r.File, Parent: id})
			}
		}
	}
	if len(problems) == 0 {
		problems = append(problems, h.sort())
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return h, nil
}

// parents are all revisions that must be applied before r.
func (r *Revision) parents() []string { return append(slices.Clone(r.Parents), r.Depends...) }

// sort orders the revisions and links them to those that follow.
func (h *History) sort() error {
	waiting := map[string]int{}
	var ready []*Revision
	followers := map[string][]*Revision{}
	for _, r := range h.byID {
		waiting[r.ID] = len(r.parents())
		if waiting[r.ID] == 0 {
			ready = append(ready, r)
		}
		for _, id := range r.parents() {
			followers[id] = append(followers[id], r)
		}
	}
	for len(ready) > 0 {
		slices.SortFunc(ready, older)
		r := ready[0]
		ready = ready[1:]
		h.order = append(h.order, r)
		for _, next := range followers[r.ID] {
			if waiting[next.ID]--; waiting[next.ID] == 0 {
				ready = append(ready, next)
			}
		}
	}
	if len(h.order) < len(h.byID) {
		return &CycleError{IDs: h.cycle(waiting)}
	}
	for _, r := range h.order {
		for _, id := range r.Parents {
			h.children[id] = append(h.children[id], r)
		}
		for _, id := range r.Depends {
			h.needed[id] = append(h.needed[id], r)
		}
	}
	return nil
}

func older(a, b *Revision) int {
	if c := a.Created.Compare(b.Created); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

// cycle finds one circle among the revisions that wait for each other.
func (h *History) cycle(waiting map[string]int) []string {
	at := ""
	for id, n := range waiting {
		if n > 0 && (at == "" || id < at) {
			at = id
		}
	}
	var path []string
	for !slices.Contains(path, at) {
		path = append(path, at)
		for _, id := range h.byID[at].parents() {
			if waiting[id] > 0 {
				at = id
				break
			}
		}
	}
	return path[slices.Index(path, at):]
}

// Revisions are all of them.
func (h *History) Revisions() []*Revision { return slices.Clone(h.order) }

// Get is the revision of exactly this id; nil when there is none.
func (h *History) Get(id string) *Revision { return h.byID[id] }

// Heads are the revisions that no other follows: what "heads" means. One head is
// the rule; several wait to be merged.
func (h *History) Heads() []*Revision {
	return h.filter(func(r *Revision) bool { return len(h.children[r.ID]) == 0 })
}

// Bases are the revisions without parents.
func (h *History) Bases() []*Revision {
	return h.filter(func(r *Revision) bool { return len(r.Parents) == 0 })
}

// Branches are the revisions that several others follow.
func (h *History) Branches() []*Revision {
	return h.filter(func(r *Revision) bool { return len(h.children[r.ID]) > 1 })
}

// Children are the revisions that follow id.
func (h *History) Children(id string) []*Revision { return slices.Clone(h.children[id]) }

// Ancestors are the revisions that ids follow, directly or not, and those they
// depend on; ids themselves are among them. Unknown ids are left out.
func (h *History) Ancestors(ids ...string) []*Revision {
	in := h.closure(ids, func(r *Revision) []string { return r.parents() })
	return h.filter(func(r *Revision) bool { return in[r.ID] })
}

// Descendants are the revisions that follow ids or depend on them, directly or not;
// ids themselves are among them. Unknown ids are left out.
func (h *History) Descendants(ids ...string) []*Revision {
	in := h.closure(ids, func(r *Revision) []string {
		var out []string
		for _, next := range append(slices.Clone(h.children[r.ID]), h.needed[r.ID]...) {
			out = append(out, next.ID)
		}
		return out
	})
	return h.filter(func(r *Revision) bool { return in[r.ID] })
}

func (h *History) filter(keep func(*Revision) bool) []*Revision {
	var out []*Revision
	for _, r := range h.order {
		if keep(r) {
			out = append(out, r)
		}
	}
	return out
}

// closure is what can be reached from ids.
func (h *History) closure(ids []string, next func(*Revision) []string) map[string]bool {
	in := map[string]bool{}
	todo := slices.Clone(ids)
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		r := h.byID[id]
		if r == nil || in[id] {
			continue
		}
		in[id] = true
		todo = append(todo, next(r)...)
	}
	return in
}

func idsOf(revisions []*Revision) []string {
	var out []string
	for _, r := range revisions {
		out = append(out, r.ID)
	}
	return out
}
