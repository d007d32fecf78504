package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/retort-go/retort/migrate"
)

// progress tells on standard error what a run does: in a terminal on one line
// that is written anew, with the time left where the end is known; elsewhere by a
// line for each revision, and one now and then for a step that takes long.
//
//   - Concurrency: told by the run, drawn by a goroutine of its own.
//   - Cleanup: stop, once.
type progress struct {
	page *page
	live bool
	now  func() time.Time

	mu       sync.Mutex // guards everything below
	total    int        // revisions of the run; 0: unknown
	done     int
	event    migrate.Event // the last that was told
	since    time.Time     // of the step
	rows     int64         // of the step when it began or was resumed
	phase    phase         // of the statement, where the server tells
	said     time.Time     // when a line was last written, where nothing is live
	drawn    bool
	shutdown chan struct{}
	ended    chan struct{}
}

// drawEvery is how often a terminal's line is written anew; sayEvery how often a
// log hears of a step that takes long.
const (
	drawEvery = 200 * time.Millisecond
	sayEvery  = 10 * time.Second
)

// watch makes the progress of a run of total revisions.
func watch(w io.Writer, color bool, total int) *progress {
	p := &progress{
		page: &page{w: w, color: color}, live: isTerminal(w), now: time.Now, total: total,
		shutdown: make(chan struct{}), ended: make(chan struct{}),
	}
	p.said = p.now()
	go p.run()
	return p
}

func (p *progress) run() {
	defer close(p.ended)
	ticker := time.NewTicker(drawEvery)
	defer ticker.Stop()
	for {
		select {
		case <-p.shutdown:
			return
		case <-ticker.C:
			p.mu.Lock()
			p.tick()
			p.mu.Unlock()
		}
	}
}

// stop ends the drawing and leaves a clean line.
func (p *progress) stop() {
	close(p.shutdown)
	<-p.ended
	p.clear()
}

// tell takes an event of the run.
func (p *progress) tell(e migrate.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.event
	p.event = e
	switch e.Kind {
	case migrate.StepStarted:
		p.since, p.rows, p.phase = p.now(), e.Rows, phase{}
	case migrate.RevisionStarted:
		p.since, p.rows, p.phase = p.now(), 0, phase{}
	case migrate.Running:
		p.phase.see(e.Progress, p.now())
	case migrate.RevisionDone:
		p.done++
		p.say("%s %s %s %s", p.page.paint(good, verb(e.Direction, true)), p.page.paint(notice, e.Revision.ID),
			e.Revision.Message, p.page.paint(faint, "("+short(e.Elapsed)+")"))
		return
	case migrate.Waiting:
		if before.Kind != migrate.Waiting || before.Holder != e.Holder {
			p.since = p.now()
			p.say("waiting for another run, of %s", e.Holder)
		}
	case migrate.Retrying:
		p.say("step %d of %s did not get its locks (try %d): %v%s", e.Step, e.Revision.ID, e.Attempt, e.Err, inTheWay("; it waited for ", e.Blockers))
	case migrate.Healing:
		p.say("%s", e.Text)
	case migrate.StepSkipped:
		p.say("step %d of %s was done by an earlier run", e.Step, e.Revision.ID)
	case migrate.StepDone, migrate.BatchDone:
	}
	p.tick()
}

// tick draws where the run is.
func (p *progress) tick() {
	if p.event.Kind == "" {
		return
	}
	if p.live {
		p.clear()
		fmt.Fprint(p.page.w, p.state())
		p.drawn = true
		return
	}
	if p.event.Kind != migrate.RevisionDone && p.now().Sub(p.said) >= sayEvery {
		p.say("%s", p.state())
	}
}

// say writes a line that stays.
func (p *progress) say(format string, args ...any) {
	p.clear()
	p.page.line("%s", strings.TrimSpace(strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " ")))
	p.said = p.now()
}

// clear takes the live line away.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.page.w, "\r\x1b[K")
		p.drawn = false
	}
}

// state is where the run is, in one line.
func (p *progress) state() string {
	e := &p.event
	elapsed := p.now().Sub(p.since)
	if e.Kind == migrate.Waiting {
		return fmt.Sprintf("waiting for another run, of %s, %s", e.Holder, short(elapsed))
	}
	if e.Revision == nil {
		return ""
	}
	parts := []string{verb(e.Direction, false) + " " + e.Revision.ID}
	if p.total > 0 {
		parts[0] = fmt.Sprintf("[%d/%d] ", min(p.done+1, p.total), p.total) + parts[0]
	}
	if e.Steps > 0 && e.Step > 0 {
		parts = append(parts, fmt.Sprintf("step %d of %d", e.Step, e.Steps))
	}
	switch {
	case e.Total > 0:
		part := fmt.Sprintf("%d%%, %d of %d rows", 100*e.Rows/e.Total, e.Rows, e.Total)
		if left, ok := remaining(e.Rows-p.rows, e.Total-e.Rows, elapsed); ok {
			part += ", about " + short(left) + " left"
		}
		parts = append(parts, part)
	case e.Rows > 0:
		parts = append(parts, fmt.Sprintf("%d rows", e.Rows))
	}
	if e.Kind == migrate.Running {
		switch text := p.phase.text(e.Progress, p.now()); {
		case len(e.Blockers) > 0:
			parts = append(parts, inTheWay("waiting for ", e.Blockers))
		case text != "":
			parts = append(parts, text)
		case e.Total == 0:
			parts = append(parts, "no estimate of the time left")
		}
	}
	return strings.Join(append(parts, short(elapsed)), " · ")
}

// remaining is how long what is left takes at the pace so far.
func remaining(done, left int64, elapsed time.Duration) (time.Duration, bool) {
	if done <= 0 || left < 0 || elapsed < time.Second {
		return 0, false
	}
	return time.Duration(float64(elapsed) / float64(done) * float64(left)), true
}

// phase remembers since when a statement is in a phase, and how far it was then.
type phase struct {
	name  string
	since time.Time
	from  int64
}

func (f *phase) see(now *migrate.Progress, at time.Time) {
	if now == nil {
		*f = phase{}
	} else if name := now.Command + now.Phase + now.Unit; name != f.name || now.Done < f.from {
		*f = phase{name, at, now.Done}
	}
}

// text is what the server tells of a statement, with the time that is left of its
// phase: how long those behind it take, nobody knows.
func (f *phase) text(now *migrate.Progress, at time.Time) string {
	if now == nil {
		return ""
	}
	text := now.Phase
	if now.Command != "" && !strings.Contains(now.Command, "INDEX") {
		text = strings.ToLower(now.Command) + ": " + text
	}
	switch {
	case now.Total > 0 && now.Unit == "transactions":
		return text + fmt.Sprintf(", %d of %d", now.Done, now.Total)
	case now.Total > 0:
		text += fmt.Sprintf(", %d%%", 100*min(now.Done, now.Total)/now.Total)
		if left, ok := remaining(now.Done-f.from, now.Total-now.Done, at.Sub(f.since)); ok && now.Done < now.Total {
			text += ", about " + short(left) + " left of this phase"
		}
		return text
	case now.Done > 0:
		text += fmt.Sprintf(", %d %s", now.Done, now.Unit)
	}
	return text + ", no estimate of the time left"
}

// inTheWay names the first of those that a step waits for, behind before.
func inTheWay(before string, all []migrate.Blocker) string {
	switch len(all) {
	case 0:
		return ""
	case 1:
		return before + all[0].String()
	default:
		return before + fmt.Sprintf("%s and %d more", all[0], len(all)-1)
	}
}

// verb is what a run is doing to a revision, or has done.
func verb(d migrate.Direction, done bool) string {
	word := "upgrad"
	if d == migrate.Down {
		word = "downgrad"
	}
	if done {
		return word + "ed"
	}
	return word + "ing"
}

// short is a duration as a person wants to read it.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(time.Second / 10).String()
	default:
		return d.Round(time.Second).String()
	}
}
