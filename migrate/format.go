package migrate

import (
	"strings"
	"time"

	"github.com/retort-go/retort/internal/sqltext"
)

// Format writes a revision as the text of its file.
//
//   - Shape: the same revision gives the same bytes. [Parse] reads back what it
//     says, and what Parse has read is written without losing a comment behind the
//     header.
func Format(r *Revision) string {
	var b strings.Builder
	b.WriteString("-- revision: " + r.ID + "\n")
	b.WriteString(strings.TrimRight("-- parents: "+strings.Join(r.Parents, ", "), " ") + "\n")
	if len(r.Depends) > 0 {
		b.WriteString("-- depends: " + strings.Join(r.Depends, ", ") + "\n")
	}
	b.WriteString(strings.TrimRight("-- message: "+oneLine(r.Message), " ") + "\n")
	if !r.Created.IsZero() {
		b.WriteString("-- created: " + r.Created.UTC().Format(time.RFC3339) + "\n")
	}
	b.WriteString("\n-- +up\n")
	formatSteps(&b, r.Up)
	if !r.Irreversible {
		b.WriteString("\n-- +down\n")
		formatSteps(&b, r.Down)
	}
	return b.String()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func formatSteps(b *strings.Builder, steps []Step) {
	for i := range steps {
		s := &steps[i]
		b.WriteString("\n")
		behind := ""
		for _, c := range s.Comments {
			switch c.Place {
			case sqltext.Before:
				b.WriteString(c.Text + "\n")
			case sqltext.Behind:
				behind += " " + c.Text
			case sqltext.Inside: // SQL has it
			}
		}
		switch s.mode() {
		case Together:
		case Outside:
			b.WriteString("-- +outside")
			if s.Repeatable {
				b.WriteString(" repeatable")
			}
			b.WriteString("\n")
		case Batched:
			b.WriteString(strings.TrimRight("-- +batched "+oneLine(s.Count), " ") + "\n")
		default:
			b.WriteString("-- +" + string(s.Mode) + "\n")
		}
		if s.SQL != "" {
			b.WriteString(s.SQL + ";" + behind + "\n")
		}
	}
}

// Note is a comment to stand before a step's statement: each line of text behind
// two dashes. It never reads as a directive.
func Note(text string) Comment {
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(text, "\r", "\n")), "\n")
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), "+") {
			line = ": " + line
		}
		lines[i] = strings.TrimRight("-- "+line, " \t")
	}
	return Comment{Text: strings.Join(lines, "\n")}
}
