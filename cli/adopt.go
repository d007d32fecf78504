package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/adopt"
)

func (a *app) adoptCmd() *command {
	cmd := a.command("adopt tool folder", "Take over the history of another tool", `
The tool is alembic, goose or golang-migrate, and the folder has its files. They
become revisions with the same ids; where they are programs and not SQL, a
baseline is taken from the database, which has to be at their end. With --stamp
what the tool has applied to the database is written into the ledger: once in
each database. Nothing is run, and the tool's own table stays.`, func(c *call) (answer, error) {
		if info, err := os.Stat(c.args[1]); err != nil || !info.IsDir() {
			return nil, misuse("there is no folder %s", c.args[1])
		}
		old, err := histories(c.args[0], os.DirFS(c.args[1]))
		if err != nil {
			return nil, err
		}
		if c.on("stamp") {
			return c.stampAdopted(old)
		}
		return c.writeAdopted(old)
	})
	cmd.Flags().Bool("stamp", false, "write into the ledger what the tool has applied")
	limits(cmd.Flags())
	return cmd
}

// histories reads a folder of a tool's.
func histories(tool string, folder fs.FS) (*adopt.History, error) {
	switch tool {
	case "alembic":
		return adopt.Alembic(folder)
	case "goose":
		return adopt.Goose(folder)
	case "golang-migrate":
		return adopt.GolangMigrate(folder)
	}
	return nil, misuse("%q cannot be adopted; there are alembic, goose and golang-migrate", tool)
}

// writeAdopted writes the revisions of a tool's history.
func (c *call) writeAdopted(old *adopt.History) (answer, error) {
	if err := os.MkdirAll(c.folder(), 0o755); err != nil {
		return nil, err
	}
	if h, err := c.written(); err != nil || len(h.Revisions()) > 0 {
		return nil, errors.Join(err, fmt.Errorf("%s has revisions already; adopt into a new folder (--dir)", c.folder()))
	}
	programs := slices.ContainsFunc(old.Revisions, func(r *migrate.Revision) bool { return len(r.Up) == 0 })
	if programs {
		eng, err := c.open()
		if err != nil {
			return nil, err
		}
		if err := old.Baseline(c.ctx(), eng, "baseline", false); err != nil {
			return nil, err
		}
	}
	files, err := old.Files()
	if err != nil {
		return nil, err
	}
	said := adopted{Tool: string(old.Tool), Files: []string{}, Notes: old.Notes}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path, err := c.create(name, files[name])
		if err != nil {
			return said, err
		}
		said.Files = append(said.Files, path)
	}
	said.Next = c.next("adopt " + c.args[0] + " " + c.args[1] + " --stamp")
	return said, nil
}

// adopted is what became of a tool's files.
type adopted struct {
	Tool  string   `json:"tool"`
	Files []string `json:"files"`
	Notes []string `json:"notes,omitempty"`
	Next  string   `json:"stamp,omitempty"` // in each database
}

func (a adopted) text(p *page) {
	for _, f := range a.Files {
		p.line("%s %s", p.paint(good, "wrote"), f)
	}
	for _, n := range a.Notes {
		p.line("%s %s", p.paint(notice, "look at"), n)
	}
	if a.Next != "" {
		p.line("review them, then, once in each database:")
		p.line("  %s", a.Next)
	}
}

// stampAdopted writes into the ledger what a tool has applied.
func (c *call) stampAdopted(old *adopt.History) (answer, error) {
	r, err := c.runner(nil)
	if err != nil {
		return nil, err
	}
	ids, err := old.Applied(c.ctx(), c.engine)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return stamped{Target: "nothing", Revisions: []revisionItem{}}, nil
	}
	for _, id := range ids {
		if r.History().Get(id) == nil {
			return nil, failed(Disagree, fmt.Errorf("%s has applied %s, and there is no such revision yet: adopt the files first", old.Tool, id),
				c.next("adopt "+c.args[0]+" "+c.args[1]))
		}
	}
	did, err := r.Stamp(c.ctx(), ids...)
	if err != nil {
		return nil, err
	}
	return stamped{Target: list(ids), Revisions: items(r.History(), did)}, nil
}
