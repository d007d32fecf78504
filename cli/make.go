package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/retort-go/retort/migrate"
)

// made is the answer of commands that write files.
type made struct {
	Revision *revisionItem `json:"revision,omitempty"`
	Files    []string      `json:"files"`
	more     string
}

func (m made) text(p *page) {
	for _, f := range m.Files {
		p.line("%s %s", p.paint(good, "wrote"), f)
	}
	if m.more != "" {
		p.line("%s", m.more)
	}
}

func (a *app) initCmd() *command {
	return a.command("init", "Make the folder of the revisions", `
It gets a Go file that embeds the revisions into the program.`, func(c *call) (answer, error) {
		dir := c.folder()
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		name := packageName(dir)
		path, err := c.create(name+".go", fmt.Sprintf(embedding, name))
		if errors.Is(err, fs.ErrExist) {
			return nil, failed(Failed, err, c.next("history"))
		}
		if err != nil {
			return nil, err
		}
		mounted := program(c.cmd)
		if c.cfg.Base == nil { // the commands are to be mounted elsewhere
			mounted = "app db"
		}
		return made{Files: []string{path}, more: fmt.Sprintf(mounting, mounted, name, mounted+` revision --autogenerate -m "first tables"`)}, nil
	})
}

const embedding = `// Package %[1]s embeds the revisions of the schema into the program.
package %[1]s

import "embed"

// Files holds the revisions, *.sql; this file is among them so that there is one
// before the first revision.
//
//go:embed *
var Files embed.FS
`

const mounting = `
Give the files to the commands, then make the first revision:

	db := cli.New(cli.Config{Name: %q, Open: open, Base: Base, Revisions: %s.Files})

	$ %s`

// packageName makes a folder's name the name of a Go package.
func packageName(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(filepath.Base(abs)))
	if name == "" || name[0] <= '9' {
		return "revisions"
	}
	return name
}

func (a *app) mergeCmd() *command {
	cmd := a.command("merge revisions...", "Join several heads by one revision", `
"merge heads" joins all of them. The new revision changes nothing by itself.`, func(c *call) (answer, error) {
		h, err := c.written()
		if err != nil {
			return nil, err
		}
		parents, err := parentsToMerge(h, c.args)
		if err != nil {
			return nil, err
		}
		message := c.value("message")
		if message == "" {
			message = "merge " + strings.Join(parents, " and ")
		}
		return c.add(h, &migrate.Revision{Parents: parents, Message: message})
	})
	cmd.Flags().StringP("message", "m", "", "what the revision is about")
	cmd.Flags().String("id", "", "the revision's id (default: made by chance)")
	return cmd
}

// parentsToMerge finds what is joined: revisions of which none follows another.
func parentsToMerge(h *migrate.History, names []string) ([]string, error) {
	var parents []string
	for _, name := range names {
		found := h.Heads()
		if name != "heads" {
			r, err := h.Find(name)
			if err != nil {
				return nil, err
			}
			found = []*migrate.Revision{r}
		}
		for _, r := range found {
			if !slices.Contains(parents, r.ID) {
				parents = append(parents, r.ID)
			}
		}
	}
	if len(parents) < 2 {
		return nil, misuse("nothing to merge: %s named, %s in the history", count(len(parents), "revision"), count(len(h.Heads()), "head"))
	}
	for _, id := range parents {
		for _, above := range h.Ancestors(id) {
			if above.ID != id && slices.Contains(parents, above.ID) {
				return nil, misuse("%s follows %s already; merge joins revisions of different branches", id, above.ID)
			}
		}
	}
	return parents, nil
}

// free refuses an id that was typed and cannot be had.
func (c *call) free(h *migrate.History) error {
	id := c.value("id")
	if id == "" {
		return nil
	}
	if r := h.Get(id); r != nil {
		return misuse("--id %s: %s has it; without --id one is made by chance", id, r.File)
	}
	if _, err := migrate.NewHistory(&migrate.Revision{ID: id}); err != nil {
		return misuse("--id: %w", err)
	}
	return nil
}

// add completes a revision and writes its file.
func (c *call) add(h *migrate.History, r *migrate.Revision) (answer, error) {
	if err := c.free(h); err != nil {
		return nil, err
	}
	if r.ID = c.value("id"); r.ID == "" {
		r.ID = migrate.NewID()
	}
	r.Created = time.Now().UTC().Truncate(time.Second)
	after, err := migrate.NewHistory(append(h.Revisions(), r)...)
	if err != nil {
		return nil, err
	}
	path, err := c.write(r)
	if err != nil {
		return nil, err
	}
	r.File = filepath.Base(path)
	entry := item(after, r)
	said := made{Revision: &entry, Files: []string{path}}
	if c.cfg.Revisions != nil && c.dir == "" {
		said.more = "build the program anew, and it has it"
	}
	return said, nil
}
