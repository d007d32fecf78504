package cli

import (
	"go/token"
	"os"
	"strings"

	"github.com/retort-go/retort/migrate/inspect"
)

func (a *app) inspectCmd() *command {
	cmd := a.command("inspect", "Write Go models from the database", `
A project can start from the schema that it has: the comparison of these models
with the database is empty. What models cannot say is in the file as a comment
and listed.`, func(c *call) (answer, error) {
		if name := c.value("package"); !token.IsIdentifier(name) {
			return nil, misuse("--package %s: Go has no such name", name)
		}
		eng, err := c.open()
		if err != nil {
			return nil, err
		}
		opts := inspect.Options{Package: c.value("package"), Read: c.cfg.Autogenerate.Read, ScratchURL: c.cfg.Autogenerate.ScratchURL}
		opts.Read.Include = append(opts.Read.Include, c.values("include")...)
		opts.Read.Exclude = append(opts.Read.Exclude, c.values("exclude")...)
		result, err := inspect.Models(c.ctx(), eng, opts)
		if err != nil {
			return nil, err
		}
		said := inspected{Tables: result.Tables, Managed: result.Managed, Notes: []string{}, File: c.value("output")}
		for _, n := range result.Notes {
			said.Notes = append(said.Notes, n.String())
		}
		if said.File == "" {
			said.Source = string(result.Source)
			return said, nil
		}
		if err := os.WriteFile(said.File, result.Source, 0o644); err != nil {
			return nil, err
		}
		return said, nil
	})
	f := cmd.Flags()
	f.StringP("output", "o", "", "the file that is written (default: standard output)")
	f.String("package", "model", "the name of the Go package")
	f.StringSlice("include", nil, "only what matches: a schema, or schema.object, with * and ?")
	f.StringSlice("exclude", nil, "not what matches")
	return cmd
}

type inspected struct {
	File    string   `json:"file,omitempty"`
	Tables  int      `json:"tables"`
	Managed int      `json:"managed"` // that the models say in full
	Notes   []string `json:"notes"`
	Source  string   `json:"source,omitempty"`
}

func (i inspected) text(p *page) {
	if i.File == "" {
		p.line("%s", strings.TrimRight(i.Source, "\n"))
		return
	}
	p.line("%s %s: %s, %d said in full", p.paint(good, "wrote"), i.File, count(i.Tables, "table"), i.Managed)
	for _, n := range i.Notes {
		p.line("%s %s", p.paint(notice, "left out:"), n)
	}
}
