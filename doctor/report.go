package doctor

// State says how a finding is to be taken.
type State string

// The states of a finding.
const (
	OK    State = "ok"
	Note  State = "note"  // worth knowing; it counts as right
	Wrong State = "wrong" // it will fail, or has
)

// Finding is one thing that was looked at.
type Finding struct {
	State State  `json:"state"`
	About string `json:"about"` // one word, such as "connections"
	Text  string `json:"text"`
	Do    string `json:"do,omitempty"` // the remedy; empty where none is needed
}

// String is the finding on one line.
func (f Finding) String() string {
	text := string(f.State) + ": " + f.About + ": " + f.Text
	if f.Do != "" {
		text += "; " + f.Do
	}
	return text
}

// Report is what [Examine] found.
type Report struct {
	OK       bool      `json:"ok"` // nothing is Wrong
	Findings []Finding `json:"findings"`
}

// Of makes a report of findings.
func Of(findings []Finding) Report {
	r := Report{OK: true, Findings: findings}
	for _, f := range findings {
		r.OK = r.OK && f.State != Wrong
	}
	return r
}

// listed makes a finding of each row, or one that says that there is none.
func listed(state State, about, none string, rows [][]string, do string) []Finding {
	if len(rows) == 0 {
		return []Finding{{OK, about, none, ""}}
	}
	var all []Finding
	for _, row := range rows {
		all = append(all, Finding{state, about, row[0], do})
	}
	return all
}
