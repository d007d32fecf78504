package observe_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/observe"
	"github.com/retort-go/retort/retorttest/proxy"
)

// traced opens an engine whose spans are gathered.
func tracing(t *testing.T) (*tracetest.SpanRecorder, *sdktrace.TracerProvider) {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	return spans, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
}

// attributes of a span by name, without where the database is.
func attributes(s sdktrace.ReadOnlySpan) map[string]string {
	out := map[string]string{}
	for _, kv := range s.Attributes() {
		out[string(kv.Key)] = kv.Value.String()
	}
	for _, key := range []string{"server.address", "server.port", "db.namespace", "db.query.text"} {
		delete(out, key)
	}
	return out
}

func value(s sdktrace.ReadOnlySpan, key attribute.Key) string {
	for _, kv := range s.Attributes() {
		if kv.Key == key {
			return kv.Value.String()
		}
	}
	return ""
}

func TestTracer(t *testing.T) {
	t.Parallel()
	spans, tp := tracing(t)
	k := observed(t, observe.Tracer(tp, observe.TracerOptions{}))
	ctx, parent := tp.Tracer("test").Start(t.Context(), "parent")
	ctx = retort.WithLabels(ctx, retort.Labels{Route: "POST /notes", RequestID: "r1"})
	must(t, write(ctx, k.Engine, nil, "a"))
	must(t, write(ctx, k.Engine, nil, "b", "secret"))
	if write(ctx, k.Engine, nil, "a") == nil {
		t.Fatal("a duplicate passed")
	}
	s := k.Engine.Session()
	_, err := Notes.Query().All(ctx, s)
	must(t, err)
	must(t, s.Close(ctx))
	parent.End()

	ended := spans.Ended()
	if len(ended) != 5 {
		t.Fatalf("%d spans", len(ended))
	}
	common := map[string]string{"db.system.name": "postgresql", "retort.route": "POST /notes", "retort.request_id": "r1"}
	for i, want := range []struct {
		name string
		more map[string]string
	}{
		{"INSERT notes", map[string]string{"db.operation.name": "INSERT", "retort.begin": "BEGIN", "retort.end": "COMMIT"}},
		{"INSERT notes", map[string]string{"db.operation.name": "INSERT", "retort.begin": "BEGIN", "retort.end": "COMMIT"}},
		{"INSERT notes", map[string]string{
			"db.operation.name": "INSERT", "retort.begin": "BEGIN", "retort.end": "COMMIT",
			"error.type": "23505", "db.response.status_code": "23505",
		}},
		{"SELECT notes", map[string]string{"db.operation.name": "SELECT"}},
	} {
		got := ended[i]
		wanted := map[string]string{"db.query.summary": want.name}
		for _, m := range []map[string]string{common, want.more} {
			for k, v := range m {
				wanted[k] = v
			}
		}
		if diff := cmp.Diff(wanted, attributes(got)); diff != "" {
			t.Errorf("span %d: %s", i, diff)
		}
		if got.Name() != want.name || got.SpanKind() != trace.SpanKindClient || got.Parent().SpanID() != parent.SpanContext().SpanID() {
			t.Errorf("span %d: name %q, kind %s, parent %s", i, got.Name(), got.SpanKind(), got.Parent().SpanID())
		}
		if failed := want.more["error.type"] != ""; failed != (got.Status().Code == codes.Error) {
			t.Errorf("span %d: status %+v", i, got.Status())
		}
		if d := got.EndTime().Sub(got.StartTime()); d <= 0 || d > time.Minute {
			t.Errorf("span %d took %s", i, d)
		}
		address := k.Engine.Address()
		if value(got, "server.address") != address.Host || value(got, "db.namespace") != address.Database || value(got, "server.port") == "" {
			t.Errorf("span %d is nowhere: %v", i, got.Attributes())
		}
		text := value(got, "db.query.text")
		if !strings.Contains(text, "notes") || strings.Contains(text, "secret") || strings.Contains(got.Status().Description, "secret") {
			t.Errorf("span %d: text %q", i, text)
		}
	}
	events := ended[4].Events()
	last := events[len(events)-1]
	if last.Name != "retort.rollback" || last.Attributes[1].Value.AsString() != "unique" {
		t.Errorf("the parent has the events %+v", events)
	}
}

func TestTracer_of_faults(t *testing.T) {
	t.Parallel()
	spans, tp := tracing(t)
	k := observed(t, observe.Tracer(tp, observe.TracerOptions{OmitQueryText: true}))
	must(t, k.Engine.Ping(t.Context()))
	k.Proxy.CutBefore(proxy.Backend('D')) // of the user's own SQL, which is not sent again
	s := k.Engine.Session()
	if _, err := retort.SQL[int]("SELECT 1").ReadOnly().All(t.Context(), s); err == nil {
		t.Fatal("a cut connection answered")
	}
	must(t, s.Close(t.Context()))
	k.Proxy.CutBefore(proxy.CommitReply)
	_ = write(t.Context(), k.Engine, nil, "x")

	ended := spans.Ended()
	last := ended[len(ended)-1]
	if value(last, "error.type") != "commit_unknown" || last.Status().Code != codes.Error {
		t.Errorf("got %v", last.Attributes())
	}
	if got := value(ended[0], "error.type"); got != "connection" {
		t.Errorf("a cut connection is %q", got)
	}
	for _, s := range ended {
		if value(s, "db.query.text") != "" {
			t.Error("the text was not to be there")
		}
	}
}

func TestTracer_resends_are_spans_of_their_own(t *testing.T) {
	t.Parallel()
	spans, tp := tracing(t)
	k := observed(t, observe.Tracer(tp, observe.TracerOptions{}))
	must(t, write(t.Context(), k.Engine, nil, "x"))
	k.Proxy.CutBefore(proxy.Backend('D'))
	s := k.Engine.Session()
	_, err := Notes.Query().All(t.Context(), s)
	must(t, err)
	must(t, s.Close(t.Context()))
	ended := spans.Ended()
	if len(ended) != 3 || ended[1].Status().Code != codes.Error || value(ended[2], "retort.attempt") != "2" || ended[2].Status().Code == codes.Error {
		t.Errorf("got %d spans: %v", len(ended), ended)
	}
}

func TestTracer_tells_of_retries_and_waits(t *testing.T) {
	t.Parallel()
	spans, tp := tracing(t)
	k := observed(t, observe.Tracer(tp, observe.TracerOptions{}), func(c *retort.Config) {
		c.PoolSize, c.PoolTimeout = 1, time.Second
	})
	ctx, parent := tp.Tracer("test").Start(t.Context(), "parent")
	n := 0
	_, err := retort.Run(ctx, k.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
		if n++; n == 1 {
			_, err := s.Exec(ctx, "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")
			return 0, err
		}
		s.Add(&Note{Text: "held"})
		must(t, s.Flush(ctx))
		if err := write(ctx, k.Engine, nil, "starved"); err == nil {
			t.Error("a pool of one lent two")
		}
		return 0, nil
	})
	must(t, err)
	parent.End()
	ended := spans.Ended()
	var got []string
	for _, e := range ended[len(ended)-1].Events() {
		text := e.Name
		for _, kv := range e.Attributes {
			if kv.Key != "retort.wait" {
				text += " " + kv.Value.String()
			}
		}
		if text != "retort.acquire" { // on a busy machine any wait may be long enough to be told
			got = append(got, text)
		}
	}
	want := []string{"retort.rollback rollback serialization", "retort.retry 2 40001", "retort.acquire pool_timeout", "retort.rollback rollback pool_timeout"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTracer_gives_log_lines_their_trace(t *testing.T) {
	t.Parallel()
	_, tp := tracing(t)
	var text bytes.Buffer
	k := observed(t, retort.Observers(observe.Tracer(tp, observe.TracerOptions{}), observe.NewCollector(observe.CollectorOptions{})), func(c *retort.Config) {
		c.Echo, c.Logger = true, slog.New(slog.NewTextHandler(&text, nil))
	})
	ctx, span := tp.Tracer("test").Start(t.Context(), "parent")
	must(t, write(ctx, k.Engine, nil, "a"))
	must(t, write(t.Context(), k.Engine, nil, "b"))
	span.End()
	want := " trace_id=" + span.SpanContext().TraceID().String() + " span_id=" + span.SpanContext().SpanID().String() + "\n"
	if n := strings.Count(text.String(), want); n != 4 || strings.Count(text.String(), "trace_id") != 4 {
		t.Errorf("%d of 4 lines have the trace:\n%s", n, &text)
	}
}
