package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/retort-go/retort/bench/chaos"
)

// Report is what bench/chaos.json holds.
type Report struct {
	Seed       uint64       `json:"seed"`
	Go         string       `json:"go"`
	PostgreSQL string       `json:"postgresql"`
	CPUs       int          `json:"cpus"`
	Seconds    float64      `json:"seconds"`
	Lines      []chaos.Line `json:"lines"`
}

func (r Report) write(name string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

// table is the scoreboard in Markdown.
func (r Report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Seed %d, %s, PostgreSQL %s, %d CPUs, %.0f s\n\n", r.Seed, r.Go, r.PostgreSQL, r.CPUs, r.Seconds)
	fmt.Fprintln(&b, "| # | what is counted; target 0 | Retort | bare pgxpool | control, must not be 0 | |")
	fmt.Fprintln(&b, "|---|---|---|---|---|---|")
	for _, line := range r.Lines {
		verdict := "good"
		if len(line.Failures()) > 0 {
			verdict = "**RED**"
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s: %s | %s |\n",
			line.Number, cell(line.What), figure(line.Retort), figure(line.Pgxpool), cell(line.ControlIs), figure(line.Control), verdict)
	}
	return b.String()
}

// figure sets off the number that counts.
func figure(s chaos.Side) string {
	text := fmt.Sprintf("**%d** %s %d", s.Bad, s.Word(), s.Of)
	if s.Note != "" {
		text += "; " + cell(s.Note)
	}
	return text
}

// cell keeps a text within its cell of the table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}
