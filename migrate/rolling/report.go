package rolling

import (
	"fmt"
	"strings"

	"github.com/retort-go/retort/migrate/manifest"
)

// Level says how sure a [Finding] is.
type Level string

// The levels.
const (
	// Breaks: the statement fails, or what comes back cannot be read, whatever the rows.
	Breaks Level = "breaks"
	// MayBreak: it depends on the values that the release writes.
	MayBreak Level = "may break"
)

// Finding is one statement that does not live with the schema, and why.
type Finding struct {
	Level     Level
	Statement manifest.Statement
	Reason    string
}

// Report is the outcome of a [Check].
//
//   - Shape: findings in the order of the manifest, those that break first.
//     Unchecked are statements that the server describes but does not plan, such as
//     CALL; Statements is how many there are in all.
type Report struct {
	Statements int
	Findings   []Finding
	Unchecked  []manifest.Statement
}

// Broken counts the statements that break.
func (r *Report) Broken() int { return r.count(Breaks) }

func (r *Report) count(level Level) int {
	seen := map[string]bool{}
	for _, f := range r.Findings {
		if f.Level == level {
			seen[f.Statement.SQL] = true
		}
	}
	return len(seen)
}

// Summary counts the statements, in one line.
func (r *Report) Summary() string {
	return fmt.Sprintf("%s, %d break, %d may break, %d not checked", plural(r.Statements, "statement"), r.Broken(), r.count(MayBreak), len(r.Unchecked))
}

// String is the report for people.
func (r *Report) String() string {
	var b strings.Builder
	b.WriteString(r.Summary() + "\n")
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n%s: %s\n  from %s\n  %s\n", f.Level, f.Reason, origin(&f.Statement), oneLine(f.Statement.SQL))
	}
	for i := range r.Unchecked {
		fmt.Fprintf(&b, "\nnot checked, as the server has no plan for it\n  from %s\n  %s\n", origin(&r.Unchecked[i]), oneLine(r.Unchecked[i].SQL))
	}
	return b.String()
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func origin(s *manifest.Statement) string {
	if len(s.From) == 0 {
		return s.Label
	}
	return strings.Join(s.From, ", ") + " (" + s.Label + ")"
}

func oneLine(sql string) string {
	const most = 300
	runes := []rune(strings.Join(strings.Fields(sql), " "))
	if len(runes) > most {
		return string(runes[:most]) + " …"
	}
	return string(runes)
}
