package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// answer is what a command has to say: as text for people, and marshaled as one
// JSON document for programs.
type answer interface{ text(p *page) }

// page is where an answer writes its text.
type page struct {
	w     io.Writer
	color bool
}

// line writes one line.
func (p *page) line(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

// The colors of what is right, of what wants a look, of what is wrong, and of
// what matters less.
var (
	good   = text.Colors{text.FgGreen}
	notice = text.Colors{text.FgYellow}
	bad    = text.Colors{text.FgRed}
	faint  = text.Colors{text.Faint}
)

// paint colors s where the page is colored.
func (p *page) paint(colors text.Colors, s string) string {
	if !p.color || s == "" {
		return s
	}
	return colors.EscapeSeq() + s + text.EscapeReset
}

// table writes rows below their heads, columns aligned by spaces alone, so that
// cut and awk can read it too.
func (p *page) table(heads []string, rows [][]string) {
	t := table.NewWriter()
	t.SetOutputMirror(p.w)
	t.SetStyle(table.Style{
		Name:    "retort",
		Box:     table.BoxStyle{PaddingRight: "  "},
		Format:  table.FormatOptions{Header: text.FormatUpper},
		Options: table.OptionsNoBordersAndSeparators,
	})
	head := make(table.Row, len(heads))
	for i, h := range heads {
		head[i] = h
	}
	t.AppendHeader(head)
	for _, row := range rows {
		cells := make(table.Row, len(row))
		for i, cell := range row {
			cells[i] = strings.TrimRight(cell, "\n")
		}
		t.AppendRow(cells)
	}
	t.SuppressTrailingSpaces()
	t.Render()
}
