package retort_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

func TestObserver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	ignore := cmpopts.IgnoreFields(retort.FlightInfo{}, "Duration", "Err", "Statements", "Types")

	t.Run("is_told_the_statements_their_rows_and_the_end", func(t *testing.T) {
		s := b.session(t)
		s.Add(&Counter{Name: "a"}, &Counter{Name: "b"})
		must(t, s.Flush(ctx))
		_, err := s.Exec(ctx, "UPDATE counters SET value = 1")
		must(t, err)
		_, err = Counters.Query().All(ctx, s)
		must(t, err)
		must(t, s.Commit(ctx))
		got := b.seen.take()
		want := []retort.FlightInfo{
			{Begin: "BEGIN", Attempt: 1, Rows: []int64{2}},
			{Attempt: 1, Rows: []int64{2}},
			{Attempt: 1, Rows: []int64{2}},
			{End: "COMMIT", Attempt: 1},
		}
		if diff := cmp.Diff(want, got, ignore); diff != "" {
			t.Error(diff)
		}
		for _, f := range got {
			if f.Duration <= 0 || f.Err != nil || len(f.Statements) != len(f.Rows) {
				t.Errorf("got %+v", f)
			}
		}
		if got[1].Statements[0] != "UPDATE counters SET value = 1" {
			t.Errorf("got %q", got[1].Statements)
		}
	})
	t.Run("is_told_failures_and_the_rollback_after_them", func(t *testing.T) {
		s := b.session(t)
		s.Add(&Counter{Name: "a"})
		if err := s.Flush(ctx); err == nil {
			t.Fatal("a duplicate key passed")
		}
		got := b.seen.take()
		want := []retort.FlightInfo{{Begin: "BEGIN", Attempt: 1, Rows: []int64{0}}, {End: "ROLLBACK", Attempt: 1}}
		if diff := cmp.Diff(want, got, ignore); diff != "" {
			t.Error(diff)
		}
		if pgerr.KindOf(got[0].Err) != pgerr.Unique || got[1].Err != nil {
			t.Errorf("errors %v, %v", got[0].Err, got[1].Err)
		}
	})
	t.Run("counts_attempts", func(t *testing.T) {
		must(t, b.Engine.Ping(ctx))
		b.Proxy.CutBefore(proxy.Backend('D'))
		s := b.session(t)
		_, err := Counters.Get(ctx, s, "a")
		must(t, err)
		got := b.seen.take()
		want := []retort.FlightInfo{{Attempt: 1, Rows: []int64{0}}, {Attempt: 2, Rows: []int64{1}}}
		if diff := cmp.Diff(want, got, ignore); diff != "" {
			t.Error(diff)
		}
		if pgerr.KindOf(got[0].Err) != pgerr.Connection || got[1].Err != nil {
			t.Errorf("errors %v, %v", got[0].Err, got[1].Err)
		}
	})
	t.Run("gets_the_caller's_context_also_for_the_rollback", func(t *testing.T) {
		watch := &contextObserver{}
		k := retorttest.New(t, library, func(c *retort.Config) { c.Observer = watch })
		ctx, cancel := context.WithCancel(context.WithValue(ctx, flightKey{}, "mine"))
		s := k.Engine.Session()
		s.Add(&Counter{Name: "x"})
		must(t, s.Flush(ctx))
		cancel()
		must(t, s.Close(ctx))
		if diff := cmp.Diff([]any{"mine", "mine"}, watch.seen); diff != "" {
			t.Error(diff)
		}
	})
}

// contextObserver notes a value of the caller's context.
type contextObserver struct{ seen []any }

func (o *contextObserver) FlightStart(ctx context.Context, _ retort.FlightInfo) context.Context {
	o.seen = append(o.seen, ctx.Value(flightKey{}))
	return ctx
}

func (o *contextObserver) FlightEnd(context.Context, retort.FlightInfo) {}

// logged opens an engine that logs to the buffer, without times.
func logged(t *testing.T, params bool) (bench, *bytes.Buffer) {
	t.Helper()
	var text bytes.Buffer
	handler := slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "duration" {
			return slog.Attr{}
		}
		return a
	}})
	b := newBench(t, func(c *retort.Config) {
		c.Echo, c.EchoParams, c.Logger = true, params, slog.New(handler)
	})
	return b, &text
}

func TestEcho(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	run := func(t *testing.T, params bool) string {
		b, text := logged(t, params)
		s := b.session(t)
		s.Add(&Counter{Name: "secret", Value: 42})
		must(t, s.Commit(ctx))
		return text.String()
	}
	t.Run("logs_every_statement_without_values", func(t *testing.T) {
		t.Parallel()
		want := `level=INFO msg=BEGIN
level=INFO msg="/* retort:session.flush */ INSERT INTO \"counters\" (\"name\", \"value\")\nVALUES ($1, $2)" rows=1
level=INFO msg=COMMIT
level=INFO msg="retort: flight" statements=1
`
		if diff := cmp.Diff(want, run(t, false)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("and_with_them_when_told", func(t *testing.T) {
		t.Parallel()
		if got := run(t, true); !strings.Contains(got, `rows=1 params="[secret 42]"`) {
			t.Errorf("logged %s", got)
		}
	})
	t.Run("shows_every_kind_of_value", func(t *testing.T) {
		t.Parallel()
		b, text := logged(t, true)
		s := b.session(t)
		a := newAuthor("x")
		s.Add(a)
		s.Add(newBook(a, "title"))
		must(t, s.Commit(ctx))
		for _, want := range []string{a.ID.String(), "novel", "320", "{\\\"k\\\": 1}", "2024-02-29"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%q is not in the log:\n%s", want, text)
			}
		}
		text.Reset()
		_, err := retort.SQL[int64]("SELECT count(*) FROM books WHERE title = $1 AND pages > $2", "raw value", 5).ReadOnly().All(ctx, s)
		must(t, err)
		if !strings.Contains(text.String(), `params="[raw value 5]"`) {
			t.Errorf("logged %s", text)
		}
	})
	t.Run("tells_failures_without_values", func(t *testing.T) {
		t.Parallel()
		b, text := logged(t, false)
		s := b.session(t)
		s.Add(&Counter{Name: "secret"}, &Counter{Name: "secret"})
		if err := s.Commit(ctx); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v", err)
		}
		if got := text.String(); !strings.Contains(got, `level=ERROR msg="retort: flight failed"`) || !strings.Contains(got, "pk_counters") || strings.Contains(got, "secret") {
			t.Errorf("logged %s", got)
		}
	})
	t.Run("is_silent_by_default_but_for_what_an_operator_must_know", func(t *testing.T) {
		t.Parallel()
		var text bytes.Buffer
		b := newBench(t, func(c *retort.Config) { c.Logger = slog.New(slog.NewTextHandler(&text, nil)) })
		s := b.session(t)
		s.Add(&Counter{Name: "x"})
		must(t, s.Commit(ctx))
		if text.Len() > 0 {
			t.Errorf("logged %s", &text)
		}
	})
}
