package erd

import (
	"fmt"
	"strings"

	"github.com/retort-go/retort/migrate/catalog"
)

// Mermaid is the tables of c as an erDiagram.
//
//   - Shape: Mermaid's words hold few letters: what they cannot hold becomes _, and
//     the column's own name stands behind it in quotes.
func Mermaid(c *catalog.Catalog) string {
	entities, edges := diagram(c)
	var b strings.Builder
	b.WriteString("erDiagram\n")
	for i := range entities {
		e := &entities[i]
		if len(e.rows) == 0 {
			fmt.Fprintf(&b, "    %s\n", quoted(e.name))
			continue
		}
		fmt.Fprintf(&b, "    %s {\n", quoted(e.name))
		for _, r := range e.rows {
			fmt.Fprintf(&b, "        %s %s", word(r.typ, "()[]"), word(r.name, ""))
			switch {
			case r.primary && r.foreign:
				b.WriteString(" PK,FK")
			case r.primary:
				b.WriteString(" PK")
			case r.foreign:
				b.WriteString(" FK")
			}
			note := r.comment
			if word(r.name, "") != r.name {
				note = strings.TrimSpace(r.name + " " + note)
			}
			if note != "" {
				b.WriteString(" " + quoted(note))
			}
			b.WriteString("\n")
		}
		b.WriteString("    }\n")
	}
	for _, e := range edges {
		parent, child := "||", "o{"
		if e.optional {
			parent = "|o"
		}
		if e.once {
			child = "o|"
		}
		fmt.Fprintf(&b, "    %s %s--%s %s : %s\n", quoted(entities[e.parent].name), parent, child, quoted(entities[e.child].name), quoted(e.label))
	}
	return b.String()
}

// quoted is text on one line in double quotes, which it cannot hold itself.
func quoted(text string) string {
	return `"` + strings.ReplaceAll(strings.Join(strings.Fields(text), " "), `"`, "'") + `"`
}

// word keeps letters, digits, - and what also says.
func word(text, also string) string {
	out := strings.Map(func(r rune) rune {
		switch {
		case r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0xC0 && r <= 0xFFFF, strings.ContainsRune(also, r),
			r == '-' || r >= '0' && r <= '9':
			return r
		default:
			return '_'
		}
	}, text)
	if out == "" || out[0] == '-' || out[0] >= '0' && out[0] <= '9' || strings.HasPrefix(out, "(") || strings.HasPrefix(out, "[") {
		out = "_" + out
	}
	return out
}
