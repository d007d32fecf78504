package retort_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// spanned is an observer that knows the trace.
type spanned struct{ witness }

func (*spanned) LogAttrs(context.Context) []slog.Attr {
	return []slog.Attr{slog.String("trace_id", "t1")}
}

func TestLogHandler(t *testing.T) {
	t.Parallel()
	labeled := retort.WithLabels(t.Context(), retort.Labels{Route: "GET /x", RequestID: "r1"})
	t.Run("every_line_of_the_engine_has_labels_and_trace", func(t *testing.T) {
		t.Parallel()
		var text bytes.Buffer
		k := retorttest.New(t, library, func(c *retort.Config) {
			c.Observer, c.Echo, c.Logger = &spanned{}, true, slog.New(slog.NewTextHandler(&text, nil))
		})
		s := k.Engine.Session()
		s.Add(newAuthor("x"), &Counter{Name: "x"}, &Counter{Name: "x"})
		if s.Commit(labeled) == nil {
			t.Fatal("a duplicate key passed")
		}
		must(t, s.Close(labeled))
		lines := 0
		for line := range strings.Lines(text.String()) {
			lines++
			if !strings.HasSuffix(line, ` route="GET /x" request_id=r1 trace_id=t1`+"\n") {
				t.Errorf("got %s", line)
			}
		}
		if lines < 5 {
			t.Errorf("only %d lines", lines)
		}
	})
	t.Run("a_connect_that_failed_says_for_whom", func(t *testing.T) {
		t.Parallel()
		var text bytes.Buffer
		eng, err := retort.Open(retort.Config{
			URL: "postgres://127.0.0.1:1/none?sslmode=disable", Observer: &spanned{}, Logger: slog.New(slog.NewTextHandler(&text, nil)),
		})
		must(t, err)
		if eng.Ping(labeled) == nil {
			t.Fatal("nobody answered")
		}
		must(t, eng.Close(t.Context()))
		if got := text.String(); strings.Count(got, "retort: connecting failed") != 1 || !strings.HasSuffix(got, ` route="GET /x" request_id=r1 trace_id=t1`+"\n") {
			t.Errorf("logged %s", got)
		}
	})
	eng, err := retort.Open(retort.Config{URL: "postgres://127.0.0.1:1/none", Observer: &spanned{}})
	must(t, err)
	t.Cleanup(func() { must(t, eng.Close(context.Background())) })
	plain := func(text *bytes.Buffer) slog.Handler {
		return slog.NewTextHandler(text, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})
	}
	t.Run("wrapped_twice_adds_once_and_keeps_attributes_and_groups", func(t *testing.T) {
		t.Parallel()
		var text bytes.Buffer
		log := slog.New(eng.LogHandler(eng.LogHandler(plain(&text)))).With("a", 1).WithGroup("g")
		slog.New(eng.LogHandler(log.Handler())).InfoContext(labeled, "m", "b", 2)
		if got, want := text.String(), "level=INFO msg=m a=1 g.b=2 g.route=\"GET /x\" g.request_id=r1 g.trace_id=t1\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("without_labels_adds_the_trace_alone", func(t *testing.T) {
		t.Parallel()
		var text bytes.Buffer
		slog.New(eng.LogHandler(plain(&text))).Info("m")
		if got, want := text.String(), "level=INFO msg=m trace_id=t1\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
