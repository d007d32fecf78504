package chaos

import (
	"strings"
	"testing"
	"time"
)

// TestWaits_standing_still takes off what the machine was late, and nothing else.
func TestWaits_standing_still(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	deadline := time.Now()
	at := func(after time.Duration) time.Time { return deadline.Add(after) }
	for _, c := range []struct {
		name  string
		late  time.Duration
		stood []span
		bad   int
	}{
		{"late by itself", 125 * ms, nil, 1},
		{"held by the machine", 125 * ms, []span{{at(-10 * ms), at(120 * ms)}}, 0},
		{"held before its deadline", 125 * ms, []span{{at(-200 * ms), at(-1 * ms)}}, 1},
		{"held behind its end", 125 * ms, []span{{at(126 * ms), at(400 * ms)}}, 1},
		{"held for a part", 400 * ms, []span{{at(0), at(200 * ms)}}, 1},
		{"held twice", 400 * ms, []span{{at(0), at(200 * ms)}, {at(250 * ms), at(380 * ms)}}, 0},
	} {
		stood := &stills{spans: c.stood}
		w := &waits{n: 1, late: []span{{at(0), at(c.late)}}}
		side := w.side(0, stood)
		if side.Bad != c.bad || side.Of != 1 || strings.Contains(side.Note, "stood still") != (c.bad == 0) {
			t.Errorf("%s: %+v", c.name, side)
		}
	}
	w := &waits{}
	w.add(holeTimeout + holeOverrun)
	w.add(holeTimeout + 2*holeOverrun)
	if len(w.late) != 1 || w.late[0].length() != 2*holeOverrun || w.n != 2 {
		t.Errorf("%+v", w)
	}
	s := &stills{}
	s.woke(at(0), at(stillLeast-1))
	s.woke(at(0), at(50*ms))
	if len(s.spans) != 1 || s.longest() != 50*ms {
		t.Errorf("%+v", s.spans)
	}
}

// TestStills_end stops what watches, twice.
func TestStills_end(t *testing.T) {
	t.Parallel()
	s := watchStills()
	s.stop()
	s.stop()
}
