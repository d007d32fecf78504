package cli

import (
	"errors"
	"io"
	"os"

	"github.com/retort-go/retort/migrate/manifest"
	"github.com/retort-go/retort/migrate/rolling"
)

func (a *app) manifestCmd() *command {
	cmd := a.command("manifest [parts]", "Write what this release sends, from what its tests left", `
RETORT_MANIFEST=/tmp/parts go test ./... leaves parts in that folder; this joins
them into one file, the same for the same statements, for the release's commit.
A test runs in the folder of its package, so write the whole path. The next
release proves by "check --against" that this one goes on working.`, func(c *call) (answer, error) {
		dir := c.getenv("RETORT_MANIFEST")
		if len(c.args) > 0 {
			dir = c.args[0]
		}
		if dir == "" {
			return nil, misuse("which folder has the parts? Name it, or set RETORT_MANIFEST")
		}
		m, err := manifest.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		name := c.value("output")
		f, err := os.Create(name)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(m.Write(f), f.Close()); err != nil {
			return nil, err
		}
		return manifested{name, len(m.Statements)}, nil
	})
	cmd.Flags().StringP("output", "o", "manifest.json", "the file that is written")
	return cmd
}

type manifested struct {
	File       string `json:"file"`
	Statements int    `json:"statements"`
}

func (m manifested) text(p *page) {
	p.line("%s %s: %s", p.paint(good, "wrote"), m.File, count(m.Statements, "statement"))
}

// checkAgainst tries what the deployed release sends on the database's schema.
func (c *call) checkAgainst(said *checked, name string) error {
	var in io.ReadCloser
	in, err := os.Open(name)
	if err != nil {
		return misuse("--against: %w", err)
	}
	defer in.Close()
	m, err := manifest.Read(in)
	if err != nil {
		return err
	}
	eng, err := c.open()
	if err != nil {
		return err
	}
	report, err := rolling.Check(c.ctx(), eng, m)
	if err != nil {
		return err
	}
	said.Looked = append(said.Looked, name)
	if len(report.Findings)+len(report.Unchecked) > 0 {
		said.Notes = append(said.Notes, trouble{About: "release", Text: name + ": " + report.Summary()})
	}
	for _, f := range report.Findings {
		text := string(f.Level) + ": " + f.Reason
		for _, from := range f.Statement.From {
			text += "\n         from " + from
		}
		text += "\n         " + f.Statement.SQL
		t := trouble{About: "release", Text: text}
		if f.Level == rolling.MayBreak {
			said.Notes = append(said.Notes, t)
			continue
		}
		said.Problems = append(said.Problems, t)
	}
	return nil
}
