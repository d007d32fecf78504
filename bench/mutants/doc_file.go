package mutants

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

const (
	tableBegin = "<!-- mutants:begin -->"
	tableEnd   = "<!-- mutants:end -->"
)

var judgment = regexp.MustCompile("(?m)^- `([^`]+)`: \\S")

// Judged are the keys of the survivors that a document judges, as "- `key`: why".
func Judged(document string) []string {
	var keys []string
	for _, found := range judgment.FindAllStringSubmatch(document, -1) {
		keys = append(keys, found[1])
	}
	return keys
}

// Verdict compares survivors with the judged ones of the packages that were tried:
// those that nobody has judged, and judgments of what does not live any more.
func Verdict(reports []Report, judged []string) (unjudged, stale []string) {
	alive := map[string]bool{}
	tried := map[string]bool{}
	for _, r := range reports {
		for _, m := range r.Results {
			tried[m.File] = true
		}
		for _, key := range r.Alive() {
			alive[key] = true
			if !slices.Contains(judged, key) {
				unjudged = append(unjudged, key)
			}
		}
	}
	for _, key := range judged {
		if file, _, _ := strings.Cut(key, " "); tried[file] && !alive[key] {
			stale = append(stale, key)
		}
	}
	return unjudged, stale
}

const tableHead = "| package | mutants | killed | hung | survived | unreached | noticed |\n|---|---|---|---|---|---|---|\n"

// Table counts the fates of each package, in Markdown.
func Table(reports []Report) string {
	b := tableHead
	for _, r := range reports {
		b += r.line()
	}
	return b
}

// mark begins the line of a package in the table.
func (r Report) mark() string { return "| `" + r.Dir + "` |" }

func (r Report) line() string {
	n, noticed := len(r.Results), r.Count(Killed)+r.Count(Hung)
	return fmt.Sprintf("%s %d | %d | %d | %d | %d | %.1f %% |\n",
		r.mark(), n, r.Count(Killed), r.Count(Hung), r.Count(Survived), r.Count(Unreached), 100*float64(noticed)/float64(max(n, 1)))
}

// WriteTable puts the table into a document, between its two marks. The lines of
// packages that were not tried stay.
func WriteTable(name string, reports []Report) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, ok1 := strings.Cut(string(text), tableBegin)
	old, behind, ok2 := strings.Cut(rest, tableEnd)
	if !ok1 || !ok2 {
		return fmt.Errorf("mutants: %s has no %s … %s", name, tableBegin, tableEnd)
	}
	var table strings.Builder
	for line := range strings.Lines(old) {
		if strings.HasPrefix(line, "| `") && !slices.ContainsFunc(reports, func(r Report) bool { return strings.HasPrefix(line, r.mark()) }) {
			table.WriteString(line)
		}
	}
	for _, r := range reports {
		table.WriteString(r.line())
	}
	return os.WriteFile(name, []byte(before+tableBegin+"\n"+tableHead+table.String()+tableEnd+behind), 0o644)
}
