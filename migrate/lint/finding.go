package lint

import (
	"fmt"

	"github.com/retort-go/retort/migrate/hazard"
)

// Severity says how bad a finding is.
type Severity int

// The severities.
const (
	// Advice is about style and about what may break others; see [Options.Advice].
	Advice Severity = iota
	// Warning is what may hurt, depending on what the statement does not tell.
	Warning
	// Danger is what hurts on every table with rows or readers.
	Danger
)

// String is the severity in lower case.
func (s Severity) String() string { return [...]string{"advice", "warning", "danger"}[s] }

// Finding is one thing that a rule found.
//
//   - Shape: Lock is on Table, for Span; None where no lock is the point. Reason is
//     why it was left so, empty for an open finding.
type Finding struct {
	Rule     string
	Severity Severity
	Line     int
	Table    string
	Kind     hazard.Kind
	Lock     hazard.Lock
	Span     hazard.Span
	Rewrites bool
	Deletes  bool
	Text     string // what happens
	Instead  string // what to write
	Reason   string
}

// Open reports whether nobody answered the finding.
func (f Finding) Open() bool { return f.Reason == "" }

// String is the finding on two lines, the second with what to write instead.
func (f Finding) String() string {
	text := fmt.Sprintf("line %d: %s %s: %s", f.Line, f.Severity, f.Rule, f.Text)
	if f.Reason != "" {
		return text + "\n  left so: " + f.Reason
	}
	if f.Instead != "" {
		text += "\n  instead: " + f.Instead
	}
	return text
}

// Options says what [Check] looks for; its zero value is for the newest PostgreSQL
// and leaves advice out.
type Options struct {
	// Version is the major version of the server. Default 18. Range 14–18.
	Version int

	// Advice also reports findings of that severity.
	Advice bool

	// Off lists rules that are not run, by their ids.
	Off []string

	// AskTimeouts asks for SET lock_timeout: for runners that set none.
	AskTimeouts bool

	// Type finds the type of a column as format_type writes it, "" when it is not
	// known. Without it every change of a type counts as one that copies the table.
	Type func(table, column string) string
}
