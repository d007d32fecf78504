package cli

import (
	"strings"

	"github.com/retort-go/retort/migrate"
)

// revisionList is an answer that lists revisions.
type revisionList struct {
	Revisions []revisionItem `json:"revisions"`
	none      string         // what to say of an empty list
}

func (l revisionList) text(p *page) {
	if len(l.Revisions) == 0 {
		p.line("%s", l.none)
		return
	}
	p.revisionTable(l.Revisions)
}

func (a *app) headsCmd() *command {
	return a.command("heads", "List the revisions that no other follows", `
One head is the rule. Several come from branches of work that were joined in
version control and not here; "merge heads" joins them.`, func(c *call) (answer, error) {
		h, err := c.history()
		if err != nil {
			return nil, err
		}
		return revisionList{items(h, h.Heads()), "there are no revisions yet"}, nil
	})
}

func (a *app) branchesCmd() *command {
	return a.command("branches", "List the revisions that several others follow", `
With those that follow them.`, func(c *call) (answer, error) {
		h, err := c.history()
		if err != nil {
			return nil, err
		}
		said := branchList{Branches: []branch{}}
		for _, r := range h.Branches() {
			said.Branches = append(said.Branches, branch{item(h, r), items(h, h.Children(r.ID))})
		}
		return said, nil
	})
}

type branchList struct {
	Branches []branch `json:"branches"`
}

type branch struct {
	revisionItem

	Children []revisionItem `json:"children"`
}

func (l branchList) text(p *page) {
	if len(l.Branches) == 0 {
		p.line("the history has no branches")
	}
	for i := range l.Branches {
		b := &l.Branches[i]
		p.line("%s", strings.TrimSpace(p.paint(notice, b.ID)+" "+b.Message))
		for j := range b.Children {
			p.line("  → %s", strings.TrimSpace(p.paint(notice, b.Children[j].ID)+" "+b.Children[j].Message))
		}
	}
}

func (a *app) historyCmd() *command {
	cmd := a.command("history", "List the revisions, the newest first", `
A range is FROM:TO, either side may be missing: --range 4f1d: is 4f1d and all
that follow it.`, func(c *call) (answer, error) {
		h, err := c.history()
		if err != nil {
			return nil, err
		}
		all, err := between(h, c.value("range"))
		if err != nil {
			return nil, err
		}
		said := revisionList{items(h, newestFirst(all)), "there are no revisions yet"}
		if len(h.Revisions()) > 0 {
			said.none = "no revision lies in " + c.value("range")
		}
		return said, nil
	})
	cmd.Flags().StringP("range", "r", "", "only these revisions, as FROM:TO")
	return cmd
}

// between gives the revisions of a range.
func between(h *migrate.History, text string) ([]*migrate.Revision, error) {
	if text == "" {
		return h.Revisions(), nil
	}
	from, to, ok := strings.Cut(text, ":")
	if !ok {
		return nil, misuse("the range %q has no colon: FROM:TO, either side may be missing", text)
	}
	all := h.Revisions()
	for _, side := range []struct {
		name    string
		related func(...string) []*migrate.Revision
	}{{from, h.Descendants}, {to, h.Ancestors}} {
		if side.name == "" || side.name == "base" || side.name == "heads" {
			continue
		}
		r, err := h.Find(side.name)
		if err != nil {
			return nil, err
		}
		all = common(all, side.related(r.ID))
	}
	return all, nil
}

// common keeps what is in both lists, in the order of the first.
func common(all, others []*migrate.Revision) []*migrate.Revision {
	in := make(map[*migrate.Revision]bool, len(others))
	for _, r := range others {
		in[r] = true
	}
	var out []*migrate.Revision
	for _, r := range all {
		if in[r] {
			out = append(out, r)
		}
	}
	return out
}

func (a *app) showCmd() *command {
	return a.command("show revision", "Print one revision", `
It is named by its id, the beginning of one, or "head".`, func(c *call) (answer, error) {
		h, err := c.history()
		if err != nil {
			return nil, err
		}
		r, err := h.Find(c.args[0])
		if err != nil {
			return nil, err
		}
		return shown{item(h, r), r.Checksum(), migrate.Format(r)}, nil
	})
}

type shown struct {
	revisionItem

	Checksum string `json:"checksum"`
	SQL      string `json:"text"`
}

func (s shown) text(p *page) {
	if s.File != "" {
		p.line("%s", p.paint(faint, "-- "+s.File))
	}
	p.line("%s", strings.TrimRight(s.SQL, "\n"))
}
