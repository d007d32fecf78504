package autogenerate

import (
	"strings"

	"github.com/retort-go/retort/migrate"
)

// Revision writes the plan as a revision that still wants an id, its parents and a
// message. Hazards become comments before their statements.
func (p *Plan) Revision() *migrate.Revision {
	return &migrate.Revision{Up: revisionSteps(p.Up), Down: revisionSteps(p.Down)}
}

func revisionSteps(steps []Step) []migrate.Step {
	var out []migrate.Step
	var comments []migrate.Comment // those of hazards without a statement go to the next one
	for i, s := range steps {
		for _, h := range s.Hazards {
			comments = append(comments, migrate.Note(string(h.Kind)+": "+h.Text))
		}
		if s.SQL == "" && i < len(steps)-1 {
			continue
		}
		step := migrate.Step{SQL: s.SQL, Mode: migrate.Mode(s.Mode), Comments: comments}
		// Of an index that is built anew nothing shows whether it was.
		step.Repeatable = s.Mode == Outside && strings.HasPrefix(s.SQL, "REINDEX ")
		if s.SQL == "" {
			step.Mode = migrate.Together
		}
		out, comments = append(out, step), nil
	}
	return out
}
