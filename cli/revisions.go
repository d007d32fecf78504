package cli

import (
	"slices"
	"strings"
	"time"

	"github.com/retort-go/retort/migrate"
)

// revisionItem is a revision as lists and --json show it.
type revisionItem struct {
	ID      string     `json:"id"`
	Parents []string   `json:"parents"`
	Depends []string   `json:"depends,omitempty"`
	Message string     `json:"message"`
	Created *time.Time `json:"created,omitempty"`
	File    string     `json:"file,omitempty"`
	Head    bool       `json:"head"`
	Branch  bool       `json:"branch"`
	Merge   bool       `json:"merge"`
	Applied *bool      `json:"applied,omitempty"` // where the database was asked
}

func item(h *migrate.History, r *migrate.Revision) revisionItem {
	i := revisionItem{
		ID: r.ID, Parents: append([]string{}, r.Parents...), Depends: r.Depends, Message: r.Message, File: r.File,
		Head:   len(h.Children(r.ID)) == 0,
		Branch: len(h.Children(r.ID)) > 1,
		Merge:  len(r.Parents) > 1,
	}
	if !r.Created.IsZero() {
		i.Created = &r.Created
	}
	return i
}

func items(h *migrate.History, revisions []*migrate.Revision) []revisionItem {
	all := make([]revisionItem, 0, len(revisions))
	for _, r := range revisions {
		all = append(all, item(h, r))
	}
	return all
}

// notes are what is special about a revision, in a word each.
func (i *revisionItem) notes() string {
	var all []string
	for _, n := range []struct {
		is   bool
		word string
	}{
		{i.Applied != nil && *i.Applied, "applied"},
		{i.Applied != nil && !*i.Applied, "pending"},
		{i.Head, "head"},
		{i.Branch, "branchpoint"},
		{i.Merge, "mergepoint"},
		{len(i.Parents) == 0, "base"},
	} {
		if n.is {
			all = append(all, n.word)
		}
	}
	return strings.Join(all, ", ")
}

// revisionTable writes revisions, the first column told apart by color.
func (p *page) revisionTable(all []revisionItem) {
	rows := make([][]string, 0, len(all))
	for i := range all {
		r := &all[i]
		created := ""
		if r.Created != nil {
			created = r.Created.Format(time.DateOnly)
		}
		parents := strings.Join(r.Parents, " ")
		if len(r.Depends) > 0 {
			parents += " (needs " + strings.Join(r.Depends, " ") + ")"
		}
		rows = append(rows, []string{p.paint(notice, r.ID), parents, created, r.Message, p.paint(faint, r.notes())})
	}
	p.table([]string{"revision", "parents", "created", "message", ""}, rows)
}

// newestFirst turns the order in which revisions are applied around, as logs are read.
func newestFirst(all []*migrate.Revision) []*migrate.Revision {
	all = slices.Clone(all)
	slices.Reverse(all)
	return all
}
