package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/retort-go/retort/bench/chaos"
)

// Report is one run of the board.
type Report struct {
	Seed       uint64
	Go         string
	PostgreSQL string
	CPUs       int
	Seconds    float64
	Lines      []chaos.Line
}

// Result is one line of chaos-results.json.
type Result struct {
	Line     int        `json:"line"`
	What     string     `json:"what"`
	Target   string     `json:"target"`
	Result   chaos.Side `json:"result"`
	Holds    bool       `json:"holds"`
	Control  chaos.Side `json:"control"`
	Pgxpool  chaos.Side `json:"pgxpool"`
	Seed     uint64     `json:"seed"`
	Failures []string   `json:"failures,omitempty"` // why it does not hold

	Prices []chaos.Price `json:"prices,omitempty"`
}

// results are the lines as programs read them.
func (r Report) results() []Result {
	var all []Result
	for _, l := range r.Lines {
		failures := l.Failures()
		all = append(all, Result{
			Line: l.Number, What: l.What, Target: cmp.Or(l.Target, "0"), Result: l.Retort, Holds: len(failures) == 0,
			Control: l.Control, Pgxpool: l.Pgxpool, Seed: r.Seed, Failures: failures, Prices: l.Prices,
		})
	}
	return all
}

func (r Report) write(name string) error {
	text, err := json.MarshalIndent(r.results(), "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

// table is the scoreboard in Markdown.
func (r Report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Seed %d, %s, PostgreSQL %s, %d CPUs, %.0f s\n\n", r.Seed, r.Go, r.PostgreSQL, r.CPUs, r.Seconds)
	fmt.Fprintln(&b, "| # | what is counted, which must be 0 | target | Retort | bare pgxpool | control, must not be 0 | |")
	fmt.Fprintln(&b, "|---|---|---|---|---|---|---|")
	for _, line := range r.Lines {
		verdict := "good"
		if len(line.Failures()) > 0 {
			verdict = "**RED**"
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s: %s | %s |\n",
			line.Number, cell(line.What), cell(cmp.Or(line.Target, "0")), figure(line.Retort), figure(line.Pgxpool), cell(line.ControlIs), figure(line.Control), verdict)
	}
	return b.String()
}

// prices is the price list in Markdown; empty where no line has one.
func (r Report) prices() string {
	var b strings.Builder
	for _, line := range r.Lines {
		if len(line.Prices) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s, PostgreSQL %s, %d CPUs\n\n", r.Go, r.PostgreSQL, r.CPUs)
		fmt.Fprintln(&b, "| what | µs for each request | on top of |")
		fmt.Fprintln(&b, "|---|---|---|")
		for _, price := range line.Prices {
			fmt.Fprintf(&b, "| %s | %.1f | %s |\n", cell(price.What), price.US, cell(price.Of))
		}
	}
	return b.String()
}

const (
	pricesBegin = "<!-- prices:begin -->"
	pricesEnd   = "<!-- prices:end -->"
)

// writePrices puts the price list into a document, between its two marks.
func (r Report) writePrices(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), pricesBegin)
	_, behind, ends := strings.Cut(rest, pricesEnd)
	switch {
	case !begins || !ends:
		return fmt.Errorf("%s has no %s … %s", name, pricesBegin, pricesEnd)
	case r.prices() == "":
		return errors.New("-doc: line 20 was not run, and it has the prices")
	}
	return os.WriteFile(name, []byte(before+pricesBegin+r.prices()+pricesEnd+behind), 0o644)
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
