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

	t.Run("a long statement has the time left of its phase, or says that nobody knows", func(t *testing.T) {
		t.Parallel()
		p, _, move := told(true, 1)
		p.tell(event(migrate.StepStarted))
		running := func(progress *migrate.Progress, blockers ...migrate.Blocker) {
			e := event(migrate.Running)
			e.Progress, e.Blockers = progress, blockers
			p.tell(e)
		}
		index := func(phase string, done, total int64, unit string) *migrate.Progress {
			return &migrate.Progress{Command: "CREATE INDEX CONCURRENTLY", Phase: phase, Done: done, Total: total, Unit: unit}
		}
		move(5 * time.Second)
		for _, x := range []struct {
			progress *migrate.Progress
			blockers []migrate.Blocker
			want     string
		}{
			{nil, nil, "no estimate of the time left"},
			{index("waiting for writers before build", 1, 3, "transactions"), nil, "waiting for writers before build, 1 of 3"},
			{index("building index: scanning table", 100, 1000, "blocks"), nil, "building index: scanning table, 10%"},
			{index("building index: scanning table", 300, 1000, "blocks"), nil, "building index: scanning table, 30%, about 35s left of this phase"},
			{index("building index: scanning table", 1000, 1000, "blocks"), nil, "building index: scanning table, 100%"},
			{index("building index: sorting live tuples", 0, 0, "rows"), nil, "building index: sorting live tuples, no estimate of the time left"},
			{index("building index: loading tuples in tree", 50, 100, "rows"), nil, "building index: loading tuples in tree, 50%"},
			{&migrate.Progress{Command: "COPY FROM", Phase: "copying rows", Done: 12, Unit: "rows"}, nil, "copy from: copying rows, 12 rows, no estimate of the time left"},
			{index("waiting for old snapshots", 0, 1, "transactions"), []migrate.Blocker{{PID: 7, Application: "dump", State: "active", Statement: "COPY"}}, `waiting for server process 7 (application "dump", active, COPY)`},
			{nil, []migrate.Blocker{{PID: 7, State: "active"}, {PID: 8}}, "waiting for server process 7 (active) and 1 more"},
		} {
			running(x.progress, x.blockers...)
			if got, want := p.state(), "[1/1] upgrading a1 · step 1 of 2 · "+x.want+" · "+short(p.now().Sub(p.since)); got != want {
				t.Errorf("state %q, want %q", got, want)
			}
			move(10 * time.Second)
		}
		batch := event(migrate.Running)
		batch.Rows, batch.Total = 500, 1000
		p.tell(batch)
		if got := p.state(); !strings.Contains(got, "50%, 500 of 1000 rows") || strings.Contains(got, "no estimate") {
			t.Errorf("state %q", got)
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
		retry.Attempt, retry.Err, retry.Blockers = 2, errors.New("locked"), []migrate.Blocker{{PID: 7, State: "idle in transaction", Idle: time.Minute}}
		p.tell(retry)
		heal := event(migrate.Healing)
		heal.Text = "dropped the invalid index ix"
		p.tell(heal)
		skip := event(migrate.StepSkipped)
		p.tell(skip)
		want := "waiting for another run, of ann\nstep 1 of a1 did not get its locks (try 2): locked; it waited for server process 7 (idle in transaction for 1m0s)\n" +
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
