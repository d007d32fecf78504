package cli

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort/migrate"
)

// told is a progress whose clock stands still until it is moved; nothing draws by itself.
func told(live bool, total int) (p *progress, out *strings.Builder, move func(time.Duration)) {
	out = &strings.Builder{}
	now := time.Unix(0, 0)
	p = &progress{page: &page{w: out}, live: live, total: total, now: func() time.Time { return now }}
	p.said = now
	return p, out, func(d time.Duration) { now = now.Add(d) }
}

func TestProgress(t *testing.T) {
	t.Parallel()
	rev := &migrate.Revision{ID: "a1", Message: "add due date"}
	event := func(kind migrate.EventKind) migrate.Event {
		return migrate.Event{Kind: kind, Revision: rev, Direction: migrate.Up, Step: 1, Steps: 2}
	}

	t.Run("a terminal has one line, with the time left", func(t *testing.T) {
		t.Parallel()
		p, out, move := told(true, 3)
		p.tell(event(migrate.RevisionStarted))
		p.tell(event(migrate.StepStarted))
		move(10 * time.Second)
		e := event(migrate.BatchDone)
		e.Rows, e.Total = 250, 1000
		p.tell(e)
		if got, want := p.state(), "[1/3] upgrading a1 · step 1 of 2 · 25%, 250 of 1000 rows, about 30s left · 10s"; got != want {
			t.Errorf("state %q, want %q", got, want)
		}
		if !strings.HasSuffix(out.String(), "\r\x1b[K"+p.state()) || strings.Contains(out.String(), "\n") {
			t.Errorf("drawn %q, want one line written anew", out)
		}
		done := event(migrate.RevisionDone)
		done.Elapsed = 12340 * time.Millisecond
		p.tell(done)
		if !strings.HasSuffix(out.String(), "\r\x1b[Kupgraded a1 add due date (12.3s)\n") {
			t.Errorf("in the end %q", out)
		}
	})

	t.Run("a resumed batch counts from where it went on", func(t *testing.T) {
		t.Parallel()
		p, _, move := told(true, 1)
		started := event(migrate.StepStarted)
		started.Rows, started.Total = 900, 1000
		p.tell(started)
		move(10 * time.Second)
		e := event(migrate.BatchDone)
		e.Rows, e.Total = 950, 1000
		p.tell(e)
		if got := p.state(); !strings.Contains(got, "95%, 950 of 1000 rows, about 10s left") {
			t.Errorf("state %q", got)
		}
	})

	t.Run("a log has a line for each revision, and one now and then", func(t *testing.T) {
		t.Parallel()
		p, out, move := told(false, 1)
		p.tell(event(migrate.RevisionStarted))
		p.tell(event(migrate.StepStarted))
		for range 25 {
			move(time.Second)
			p.tick()
		}
		want := "[1/1] upgrading a1 · step 1 of 2 · 10s\n[1/1] upgrading a1 · step 1 of 2 · 20s\n"
		if out.String() != want {
			t.Errorf("said %q, want %q", out, want)
		}
	})

	t.Run("tells who is waited for, what is tried again and what is healed", func(t *testing.T) {
		t.Parallel()
		p, out, move := told(false, 1)
		for range 3 {
			p.tell(migrate.Event{Kind: migrate.Waiting, Holder: "ann"})
			move(time.Millisecond)
		}
		retry := event(migrate.Retrying)
		retry.Attempt, retry.Err = 2, errors.New("locked")
		p.tell(retry)
		heal := event(migrate.Healing)
		heal.Text = "dropped the invalid index ix"
		p.tell(heal)
		skip := event(migrate.StepSkipped)
		p.tell(skip)
		want := "waiting for another run, of ann\nstep 1 of a1 did not get its locks (try 2): locked\n" +
			"dropped the invalid index ix\nstep 1 of a1 was done by an earlier run\n"
		if out.String() != want {
			t.Errorf("said %q, want %q", out, want)
		}
	})
}

func TestShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", 1234 * time.Microsecond: "1ms", 12340 * time.Millisecond: "12.3s", 3725400 * time.Millisecond: "1h2m5s",
	} {
		if got := short(d); got != want {
			t.Errorf("short(%v) = %q, want %q", d, got, want)
		}
	}
}
