package chaos_test

import (
	"strings"
	"testing"

	"github.com/retort-go/retort/bench/chaos"
)

func TestFailures(t *testing.T) {
	t.Parallel()
	sound := chaos.Line{What: "x", RedFrom: 2, Retort: chaos.Side{Of: 9}, Control: chaos.Side{Bad: 2, Of: 9}, ControlIs: "y"}
	for name, c := range map[string]struct {
		change func(*chaos.Line)
		want   string // empty: none
	}{
		"none_of_a_good_line":             {func(*chaos.Line) {}, ""},
		"pgxpool_may_do_what_it_likes":    {func(l *chaos.Line) { l.Pgxpool.Bad = 9 }, ""},
		"retort_broke_its_promise":        {func(l *chaos.Line) { l.Retort = chaos.Side{Bad: 1, Of: 9, Note: "z"} }, "Retort: x: 1 of 9 (z)"},
		"retort_broke_another_promise":    {func(l *chaos.Line) { l.Broken = []string{"z"} }, "Retort: z"},
		"a_control_that_is_not_red":       {func(l *chaos.Line) { l.Control.Bad = 0 }, "proves nothing"},
		"a_control_that_is_too_pale":      {func(l *chaos.Line) { l.Control.Bad = 1 }, "want 2 or more"},
		"a_control_must_be_red_by_itself": {func(l *chaos.Line) { l.RedFrom, l.Control.Bad = 0, 0 }, "want 1 or more"},
		"a_defect_that_was_not_seen":      {func(l *chaos.Line) { l.Blind = []string{"z"} }, "(y): z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := sound
			c.change(&line)
			got := strings.Join(line.Failures(), "\n")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q in it", got, c.want)
			}
		})
	}
}
