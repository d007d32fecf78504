package cli

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/erd"
)

func (a *app) erdCmd() *command {
	cmd := a.command("erd", "Draw the tables of the database", `
As Mermaid, which code hosts render, or with --svg as a picture that stands
alone. A file's ending decides, too: -o schema.svg.`, func(c *call) (answer, error) {
		eng, err := c.open()
		if err != nil {
			return nil, err
		}
		read := c.cfg.Autogenerate.Read
		read.Include = append(read.Include, c.values("include")...)
		read.Exclude = append(read.Exclude, c.values("exclude")...)
		found, err := catalog.Read(c.ctx(), eng, read)
		if err != nil {
			return nil, err
		}
		found = found.WithoutBooks(nil)
		said := drawn{Tables: len(found.Tables), Format: "mermaid", File: c.value("output")}
		text := erd.Mermaid(found)
		if c.on("svg") || strings.EqualFold(filepath.Ext(said.File), ".svg") {
			said.Format, text = "svg", string(erd.SVG(found))
		}
		if said.File == "" {
			said.Text = text
			return said, nil
		}
		if err := os.WriteFile(said.File, []byte(text), 0o644); err != nil {
			return nil, err
		}
		return said, nil
	})
	f := cmd.Flags()
	f.StringP("output", "o", "", "the file that is written (default: standard output)")
	f.Bool("svg", false, "draw a picture")
	f.StringSlice("include", nil, "only what matches: a schema, or schema.object, with * and ?")
	f.StringSlice("exclude", nil, "not what matches")
	return cmd
}

type drawn struct {
	File   string `json:"file,omitempty"`
	Format string `json:"format"`
	Tables int    `json:"tables"`
	Text   string `json:"text,omitempty"`
}

func (d drawn) text(p *page) {
	if d.File == "" {
		p.line("%s", strings.TrimRight(d.Text, "\n"))
		return
	}
	p.line("%s %s: %s", p.paint(good, "wrote"), d.File, count(d.Tables, "table"))
}
