package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/retort-go/retort/migrate/hazard"
)

// ignore is what a suppression looks like.
var ignore = regexp.MustCompile(`^lint:ignore\b[ \t]*([^:]*)(?::[ \t]*(.*))?$`)

// answer gives the findings of one statement, from the index from on, the reasons
// that its comments hold.
func (c *checker) answer(from int) {
	mine := c.found[from:]
	var wrong []Action
	for _, said := range c.st.Comments {
		text := strings.TrimSuffix(strings.TrimPrefix(said.Text, "/*"), "*/")
		at := said.Line
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "-"))
			if strings.HasPrefix(line, "lint:") {
				for _, problem := range c.suppress(mine, line) {
					wrong = append(wrong, Action{Text: problem, line: at})
				}
			} else {
				declared(mine, line)
			}
			at++
		}
	}
	for i := range wrong {
		if c.order("suppression", &wrong[i], nil) {
			c.found[len(c.found)-1].Line = max(wrong[i].line, 1)
		}
	}
}

// declared answers findings by a hazard that a generated revision carries.
func declared(mine []Finding, line string) {
	for _, kind := range hazard.Kinds() {
		said, ok := strings.CutPrefix(line, string(kind)+": ")
		for i := range mine {
			if r, _ := find(mine[i].Rule); ok && (r.Kind == kind || r.also == kind) && mine[i].Reason == "" {
				mine[i].Reason = "declared: " + said
			}
		}
	}
}

// suppress reads one comment, and says what is wrong with it.
func (c *checker) suppress(mine []Finding, line string) (wrong []string) {
	m := ignore.FindStringSubmatch(line)
	if m == nil {
		return []string{fmt.Sprintf("%q is no suppression", line)}
	}
	reason := strings.TrimSpace(m[2])
	for id := range strings.FieldsFuncSeq(m[1], func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		r, known := find(id)
		switch {
		case !known:
			wrong = append(wrong, fmt.Sprintf("there is no rule %q to leave out", id))
			continue
		case reason == "":
			wrong = append(wrong, fmt.Sprintf("%s is left out without a reason", id))
			continue
		}
		used := false
		for i := range mine {
			if mine[i].Rule == id {
				mine[i].Reason, used = reason, true
			}
		}
		if off := r.Severity == Advice && !c.opts.Advice || slices.Contains(c.opts.Off, id); !used && !off {
			wrong = append(wrong, fmt.Sprintf("%s finds nothing here: the suppression can go", id))
		}
	}
	if strings.TrimSpace(m[1]) == "" {
		wrong = append(wrong, "a suppression that names no rule")
	}
	return wrong
}
