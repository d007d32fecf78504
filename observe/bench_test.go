package observe_test

import (
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/observe"
	"github.com/retort-go/retort/retorttest"
)

// observers are what the benchmarks compare.
func observers(b *testing.B) []struct {
	name string
	retort.Observer
} {
	b.Helper()
	sampled := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysSample()))
	never := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	metrics := func(mp metric.MeterProvider) retort.Observer {
		m, err := observe.Metrics(mp)
		must(b, err)
		return m
	}
	measured := func() metric.MeterProvider {
		return sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	}
	tracer := func(tp trace.TracerProvider) retort.Observer { return observe.Tracer(tp, observe.TracerOptions{}) }
	collector := func() retort.Observer { return observe.NewCollector(observe.CollectorOptions{}) }
	return []struct {
		name string
		retort.Observer
	}{
		{"off", nil},
		{"Tracer_no-op", tracer(tracenoop.NewTracerProvider())},
		{"Tracer_not_sampled", tracer(never)},
		{"Tracer", tracer(sampled)},
		{"Metrics_no-op", metrics(noop.NewMeterProvider())},
		{"Metrics", metrics(measured())},
		{"Collector", collector()},
		{"all", retort.Observers(tracer(sampled), metrics(measured()), collector())},
	}
}

// BenchmarkGet reads one row by key, as the root's benchmark of that name does,
// with nobody looking and with each observer.
func BenchmarkGet(b *testing.B) {
	for _, o := range observers(b) {
		b.Run(o.name, func(b *testing.B) { benchmarkGet(b, o.Observer) })
	}
}

// BenchmarkObserver is what an observer itself takes for one read: a loan, a
// flight and the end of the loan.
func BenchmarkObserver(b *testing.B) {
	ctx := retort.WithLabels(b.Context(), retort.Labels{Route: "GET /notes/{id}", RequestID: "5b1c"})
	start := retort.FlightInfo{Statements: []string{`/* retort:session.get */ SELECT "id", "text" FROM "notes" WHERE "id" = $1`}, Attempt: 1}
	end := start
	end.Rows, end.Duration = []int64{1}, 60*time.Microsecond
	for _, o := range observers(b)[1:] {
		b.Run(o.name, func(b *testing.B) {
			loans := o.Observer.(retort.ConnectionObserver)
			b.ReportAllocs()
			for b.Loop() {
				loans.Acquired(ctx, time.Microsecond, nil)
				o.FlightEnd(o.FlightStart(ctx, start), end)
				loans.Released(ctx, 60*time.Microsecond, nil)
			}
		})
	}
}

func benchmarkGet(b *testing.B, o retort.Observer) {
	k := retorttest.New(b, base)
	eng, err := retort.Open(retort.Config{Base: base, URL: k.URL(), Observer: o}) // without a proxy in between
	must(b, err)
	defer func() { must(b, eng.Close(b.Context())) }()
	must(b, write(b.Context(), eng, nil, "a"))
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		s := eng.Session()
		if _, err := Notes.Get(ctx, s, int64(1)); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
