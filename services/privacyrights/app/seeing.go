package app

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/observe"
	"github.com/retort-go/retort/web"
)

// seeing is how the service shows what it does.
type seeing struct {
	observer retort.Observer
	metrics  http.Handler // nil: not served
}

// see prepares the engine's observers. Spans go to OpenTelemetry's global
// provider, which drops them unless a build of one's own has set another.
func (a *app) see() seeing {
	tracer := observe.Tracer(otel.GetTracerProvider(), observe.TracerOptions{})
	if !a.cfg.Metrics {
		return seeing{observer: tracer}
	}
	collector := observe.NewCollector(observe.CollectorOptions{})
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return seeing{
		observer: retort.Observers(tracer, collector),
		metrics:  promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
	}
}

// around adds what is seen from outside: the caller's trace, /metrics, and the
// Server-Timing header under DEBUG.
func (s seeing) around(next http.Handler, eng *retort.Engine, debug bool) http.Handler {
	if debug {
		next = web.Timed(eng)(next)
	}
	next = traced(next)
	if s.metrics == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			s.metrics.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// traced takes the caller's trace over from its traceparent header (W3C Trace
// Context), so that spans and log lines belong to it.
func traced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Traceparent") != "" {
			r = r.WithContext(propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header)))
		}
		next.ServeHTTP(w, r)
	})
}
