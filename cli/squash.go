package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/retort-go/retort/migrate"
)

func (a *app) squashCmd() *command {
	cmd := a.command("squash [target]", "Join all revisions up to one into that one", `
The file of the target then holds the statements of all that it followed, in
their order, and their files are removed. New databases are made the same way as
before. Databases that are at the target or behind it forget the others by
repair, as the answer says; bring all others there first.`, func(c *call) (answer, error) {
		h, err := c.written()
		if err != nil {
			return nil, err
		}
		target := "head"
		if len(c.args) > 0 {
			target = c.args[0]
		}
		into, err := h.Find(target)
		if err != nil {
			return nil, err
		}
		joined, err := squashed(h, into, c.cfg.Migrate.Functions)
		if err != nil {
			return nil, err
		}
		return c.replace(h, into, joined)
	})
	cmd.Flags().StringP("message", "m", "", "what the revision is about (default: the target's)")
	return cmd
}

// squashed makes the revision that does what into and all before it do.
func squashed(h *migrate.History, into *migrate.Revision, functions map[string]migrate.Functions) (*migrate.Revision, error) {
	all := h.Ancestors(into.ID)
	if len(all) < 2 {
		return nil, misuse("%s follows no other revision; there is nothing to squash", into.ID)
	}
	joined := *into
	joined.Parents, joined.Depends, joined.Up, joined.Down, joined.Irreversible = nil, nil, nil, nil, false
	for _, r := range all {
		if _, calls := functions[r.ID]; calls {
			return nil, misuse("%s calls a function of the program and cannot be squashed; name a target before it", r.ID)
		}
		for _, next := range h.Children(r.ID) {
			if r.ID != into.ID && !slices.Contains(all, next) {
				return nil, misuse("%s follows %s and not %s; merge the branches first, or name a target before they part", next.ID, r.ID, into.ID)
			}
		}
		joined.Up = append(joined.Up, noted(r, r.Up)...)
		joined.Irreversible = joined.Irreversible || r.Irreversible
	}
	if !joined.Irreversible {
		for _, r := range slices.Backward(all) {
			joined.Down = append(joined.Down, noted(r, r.Down)...)
		}
	}
	return &joined, nil
}

// noted says before the first of a revision's steps where they come from.
func noted(r *migrate.Revision, steps []migrate.Step) []migrate.Step {
	steps = slices.Clone(steps)
	if len(steps) > 0 {
		steps[0].Comments = append([]migrate.Comment{migrate.Note("from " + r.String())}, steps[0].Comments...)
	}
	return steps
}

// replace writes the file of a squashed revision and removes those of all that
// are in it.
func (c *call) replace(h *migrate.History, into, joined *migrate.Revision) (answer, error) {
	if message := c.value("message"); message != "" {
		joined.Message = message
	}
	if joined.Created.IsZero() {
		joined.Created = time.Now().UTC().Truncate(time.Second)
	}
	text := migrate.Format(joined)
	if _, err := migrate.Parse(joined.FileName(), text); err != nil {
		return nil, err
	}
	// The new text is whole before the first old file goes.
	whole := filepath.Join(c.folder(), ".squashed")
	if err := os.WriteFile(whole, []byte(text), 0o644); err != nil {
		return nil, err
	}
	said := squash{Revision: item(h, joined), Removed: []string{}}
	var problems []error
	forget := "repair"
	for _, r := range h.Ancestors(into.ID) {
		file := filepath.Join(c.folder(), filepath.FromSlash(r.File))
		if r.ID != into.ID {
			said.Removed = append(said.Removed, r.ID)
			forget += " --forget " + r.ID
		}
		problems = append(problems, os.Remove(file))
	}
	path := filepath.Join(c.folder(), joined.FileName())
	problems = append(problems, os.Rename(whole, path))
	said.Files, said.Repair = []string{path}, c.next(forget)
	return said, errors.Join(problems...)
}

type squash struct {
	Revision revisionItem `json:"revision"`
	Files    []string     `json:"files"`
	Removed  []string     `json:"removed"`
	Repair   string       `json:"repair"` // on each database that has them
}

func (s squash) text(p *page) {
	p.line("%s %s, which holds %s more", p.paint(good, "wrote"), strings.Join(s.Files, " "), count(len(s.Removed), "revision"))
	p.line("on each database that is at %s or behind it, with these files:", s.Revision.ID)
	p.line("  %s", s.Repair)
}
