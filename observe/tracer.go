package observe

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pool"
)

// TracerOptions say what spans hold. The zero value is what most want.
type TracerOptions struct {
	// OmitQueryText leaves db.query.text out, where SQL itself is secret.
	OmitQueryText bool
}

// What the conventions have no name for.
const (
	beginKey     = attribute.Key("retort.begin")      // the text of BEGIN that rode along
	endKey       = attribute.Key("retort.end")        // COMMIT or ROLLBACK that rode along
	attemptKey   = attribute.Key("retort.attempt")    // from 2: the flight was sent again
	routeKey     = attribute.Key("retort.route")      // who asked
	requestIDKey = attribute.Key("retort.request_id") // for whom
	causeKey     = attribute.Key("retort.cause")      // of a rollback
	waitKey      = attribute.Key("retort.wait")       // for a connection, in seconds
)

const (
	// maxText bounds db.query.text in bytes.
	maxText = 8 << 10

	// longWait is the wait for a connection from which a span tells of it.
	longWait = time.Millisecond
)

// Tracer makes an observer that traces flights with tp. The package comment says
// what a span holds.
//
//   - Shape: log lines of the engine get trace_id and span_id.
//   - Concurrency: for one engine; see [retort.Observers].
func Tracer(tp trace.TracerProvider, opts TracerOptions) retort.Observer {
	t := &tracer{tracer: tp.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)), opts: opts}
	t.place.Store(&[]attribute.KeyValue{semconv.DBSystemNamePostgreSQL})
	return t
}

// tracer is the observer that Tracer makes.
type tracer struct {
	tracer    trace.Tracer
	opts      TracerOptions
	place     atomic.Pointer[[]attribute.KeyValue]
	summaries summaries
	kept      sync.Map // of summary to trace.SpanStartEventOption
	keeps     atomic.Int64
}

// spanKey finds a tracer's own span: another observer may put one above it.
type spanKey struct{ *tracer }

// ObserveEngine learns where the database is.
func (t *tracer) ObserveEngine(e *retort.Engine) {
	place := placeOf(e.Address())
	t.place.Store(&place)
	t.kept.Clear()
}

// FlightStart begins the span. Samplers see where the database is and what is
// asked; the rest is put together for spans that are kept.
func (t *tracer) FlightStart(ctx context.Context, f retort.FlightInfo) context.Context {
	s := t.summaries.flight(&f, false)
	ctx, span := t.tracer.Start(ctx, s.text, trace.WithSpanKind(trace.SpanKindClient), t.common(s))
	if span.IsRecording() {
		span.SetAttributes(t.details(&f, retort.LabelsOf(ctx))...)
	}
	return context.WithValue(ctx, spanKey{t}, span)
}

// common are the attributes of all flights with one summary, made once.
func (t *tracer) common(s summary) trace.SpanStartEventOption {
	if kept, ok := t.kept.Load(s); ok {
		return kept.(trace.SpanStartEventOption)
	}
	place := *t.place.Load()
	attrs := append(place[:len(place):len(place)], semconv.DBQuerySummary(s.text), semconv.DBOperationName(s.operation))
	option := trace.WithAttributes(attrs...)
	if t.keeps.Add(1) <= maxTexts {
		t.kept.Store(s, option)
	}
	return option
}

// details are the attributes of one flight.
func (t *tracer) details(f *retort.FlightInfo, l retort.Labels) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 7)
	if n := len(f.Statements); n > 1 {
		attrs = append(attrs, semconv.DBOperationBatchSize(n))
	}
	if len(f.Statements) > 0 {
		if !t.opts.OmitQueryText {
			attrs = append(attrs, semconv.DBQueryText(queryText(f.Statements)))
		}
		if f.Begin != "" {
			attrs = append(attrs, beginKey.String(f.Begin))
		}
		if f.End != "" {
			attrs = append(attrs, endKey.String(f.End))
		}
	}
	if f.Attempt > 1 {
		attrs = append(attrs, attemptKey.Int(f.Attempt))
	}
	if l.Route != "" {
		attrs = append(attrs, routeKey.String(l.Route))
	}
	if l.RequestID != "" {
		attrs = append(attrs, requestIDKey.String(l.RequestID))
	}
	return attrs
}

// FlightEnd ends the span.
func (t *tracer) FlightEnd(ctx context.Context, f retort.FlightInfo) {
	span, ok := ctx.Value(spanKey{t}).(trace.Span)
	if !ok {
		return
	}
	if f.Err != nil {
		kind, code := failure(f.Err)
		span.SetAttributes(semconv.ErrorTypeKey.String(kind))
		if code != "" {
			span.SetAttributes(semconv.DBResponseStatusCode(code))
		}
		span.SetStatus(codes.Error, f.Err.Error())
	}
	span.End()
}

// SessionEnd notes on the caller's span what was not committed.
func (t *tracer) SessionEnd(ctx context.Context, s retort.SessionInfo) {
	if s.End == retort.EndCommit {
		return
	}
	attrs := []attribute.KeyValue{endKey.String(string(s.End))}
	if s.Cause != "" {
		attrs = append(attrs, causeKey.String(s.Cause))
	}
	trace.SpanFromContext(ctx).AddEvent("retort.rollback", trace.WithAttributes(attrs...))
}

// SessionRetry notes on the caller's span that all is done again.
func (t *tracer) SessionRetry(ctx context.Context, r retort.RetryInfo) {
	kind, _ := failure(r.Err)
	trace.SpanFromContext(ctx).AddEvent("retort.retry", trace.WithAttributes(
		attemptKey.Int(r.Attempt+1), semconv.ErrorTypeKey.String(kind)))
}

// RetryRefused notes on the caller's span that it is not done again.
func (t *tracer) RetryRefused(ctx context.Context, r retort.RetryInfo) {
	kind, _ := failure(r.Err)
	trace.SpanFromContext(ctx).AddEvent("retort.retry_refused", trace.WithAttributes(
		attemptKey.Int(r.Attempt), semconv.ErrorTypeKey.String(kind)))
}

// Acquired notes on the caller's span a wait that explains a gap.
func (t *tracer) Acquired(ctx context.Context, wait time.Duration, err error) {
	if wait < longWait && err == nil {
		return
	}
	attrs := []attribute.KeyValue{waitKey.Float64(wait.Seconds())}
	if err != nil {
		kind, _ := failure(err)
		attrs = append(attrs, semconv.ErrorTypeKey.String(kind))
	}
	trace.SpanFromContext(ctx).AddEvent("retort.acquire", trace.WithAttributes(attrs...))
}

// Released is for metrics.
func (t *tracer) Released(context.Context, time.Duration, error) {}

// PoolEvent is for metrics.
func (t *tracer) PoolEvent(pool.Event) {}

// LogAttrs gives log lines their trace.
func (t *tracer) LogAttrs(ctx context.Context) []slog.Attr { return traceAttrs(ctx) }

func traceAttrs(ctx context.Context) []slog.Attr {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return nil
	}
	return []slog.Attr{slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String())}
}

// queryText joins the texts of a flight, equal ones once.
func queryText(statements []string) string {
	same := true
	for _, sql := range statements[1:] {
		same = same && sql == statements[0]
	}
	if same {
		return cut(statements[0])
	}
	var b strings.Builder
	for i, sql := range statements {
		if b.Len() > maxText {
			b.WriteString("; … and " + strconv.Itoa(len(statements)-i) + " more")
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(cut(sql))
	}
	return b.String()
}

// cut shortens a text that nobody would read.
func cut(sql string) string {
	if len(sql) <= maxText {
		return sql
	}
	return strings.ToValidUTF8(sql[:maxText], "") + "…"
}
