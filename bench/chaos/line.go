package chaos

import (
	"fmt"
	"strings"
)

// Side is what one of a line's three runs counted.
type Side struct {
	Bad  int    `json:"bad"`            // what must not happen
	Of   int    `json:"of"`             // among so many
	Note string `json:"note,omitempty"` // what else was seen

	// After says that Of is what came before, and not what Bad is a part of.
	After bool `json:"after,omitempty"`
}

// Word stands between Bad and Of: "of", or "after".
func (s Side) Word() string {
	if s.After {
		return "after"
	}
	return "of"
}

// String is "3 of 100 (what else was seen)".
func (s Side) String() string {
	text := fmt.Sprintf("%d %s %d", s.Bad, s.Word(), s.Of)
	if s.Note != "" {
		text += " (" + s.Note + ")"
	}
	return text
}

// Line is one line of the scoreboard.
type Line struct {
	Number  int    `json:"number"` // as on the scoreboard
	What    string `json:"what"`   // what is counted, which must be 0
	Target  string `json:"target"` // what the scoreboard wants, in its words
	Retort  Side   `json:"retort"`
	Pgxpool Side   `json:"pgxpool"`
	Control Side   `json:"control"`

	// ControlIs says which defect the control has.
	ControlIs string `json:"control_is"`

	// RedFrom is the least that the control must count. Range 1 and more.
	RedFrom int `json:"red_from"`

	// Timed says that what is counted took too long. How long anything takes is for
	// a run of the board to judge, not for a test on a busy machine.
	Timed bool `json:"timed,omitempty"`

	// Broken are other promises of this scenario that Retort did not keep.
	Broken []string `json:"broken,omitempty"`

	// Prices are what Retort's promises cost, of the line that measures them.
	Prices []Price `json:"prices,omitempty"`

	// Blind are other defects of the control that were not seen.
	Blind []string `json:"blind,omitempty"`
}

// Failures are the reasons why the line is not good: Retort broke its promise,
// or the control did not turn red and the zero proves nothing.
//
//   - Shape: nil for a good line.
func (l Line) Failures() []string { return append(l.counted(), l.promises()...) }

// Defects are the failures that no clock decides.
func (l Line) Defects() []string {
	if l.Timed {
		return l.promises()
	}
	return l.Failures()
}

func (l Line) promises() []string {
	var failures []string
	for _, broken := range l.Broken {
		failures = append(failures, "Retort: "+broken)
	}
	for _, blind := range l.Blind {
		failures = append(failures, "the control ("+l.ControlIs+"): "+blind+": this line proves nothing")
	}
	return failures
}

// counted judges the three numbers.
func (l Line) counted() []string {
	var failures []string
	if l.Retort.Bad != 0 {
		failures = append(failures, fmt.Sprintf("Retort: %s: %s", l.What, l.Retort))
	}
	if least := max(1, l.RedFrom); l.Control.Bad < least {
		failures = append(failures, fmt.Sprintf("the control (%s) shows %s, want %d or more: this line proves nothing", l.ControlIs, l.Control, least))
	}
	return failures
}

// notes joins what is worth saying.
func notes(parts ...string) string {
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, part)
		}
	}
	return strings.Join(said, "; ")
}
