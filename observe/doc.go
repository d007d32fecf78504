// Package observe shows what an engine does: OpenTelemetry traces and metrics by
// the stable database conventions, and metrics for Prometheus with a board and
// alerts in its folder dashboards.
//
// The one idea: everything is seen from the flight. A span is one round trip,
// with the statements that traveled in it; what a route waited for, held and
// rolled back is counted by the route that package web put into the context.
//
//	collector := observe.NewCollector(observe.CollectorOptions{})
//	prometheus.MustRegister(collector)
//	eng, err := retort.Open(retort.Config{
//		Base: Base, URL: url,
//		Observer: retort.Observers(observe.Tracer(otel.GetTracerProvider(), observe.TracerOptions{}), collector),
//	})
//
// # Spans
//
// One CLIENT span for each flight, child of the span in the caller's context,
// named by db.query.summary ("SELECT books", "BATCH INSERT books"). Several
// statements in one flight are one span with db.operation.batch.size, since no
// client can time them apart; BEGIN and COMMIT that ride along are not counted
// and stand in retort.begin and retort.end. db.query.text holds parameters as $1,
// never values. A retry or a rollback is an event of the caller's own span.
//
// # Metrics
//
// [Metrics] has db.client.operation.duration and db.client.connection.*,
// [Collector] what the conventions have no name for. They measure the same
// engine; use the one that your collector speaks, or both.
//
// # Limits
//
// It configures no exporter and starts no goroutine. One observer belongs to one
// engine. Nothing is told of pings, resets and what happens on connections that
// sessions do not use.
//
// It stands on the root package, pool and pgerr, and is the only room that links
// OpenTelemetry and Prometheus. Only services stand on it.
package observe
