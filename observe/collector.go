package observe

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pool"
)

// CollectorOptions name what is collected.
type CollectorOptions struct {
	// Pool is the label "pool" of every metric; two engines of one process need
	// two. Default "default".
	Pool string
}

// Collector counts what an engine does, for Prometheus. It is an observer of the
// engine and a collector to register:
//
//	collector := observe.NewCollector(observe.CollectorOptions{})
//	registry.MustRegister(collector)
//	eng, err := retort.Open(retort.Config{Base: Base, URL: url, Observer: collector})
//
// The folder dashboards has a Grafana board and alert rules for its metrics,
// docs/guides/operations.md says what each means.
//
//   - Shape: metrics are retort_…, times in seconds. The label route is that of
//     [retort.Labels], "none" without one; behind 200 routes all others are
//     "other", so that paths in place of patterns cannot fill memory.
//   - Concurrency: safe for many goroutines; for one engine.
type Collector struct {
	engine atomic.Pointer[retort.Engine]
	routes routes

	wait     prometheus.Histogram
	refused  *prometheus.CounterVec // reason
	lease    *prometheus.HistogramVec
	trip     *prometheus.HistogramVec
	failed   *prometheus.CounterVec // kind
	resent   prometheus.Counter
	commit   *prometheus.CounterVec
	rollback *prometheus.CounterVec // route, cause
	unknown  *prometheus.CounterVec
	retry    *prometheus.CounterVec // route, kind
	spent    *prometheus.CounterVec // route, kind
	behind   *prometheus.CounterVec // route
	connect  prometheus.Histogram

	all   []prometheus.Collector
	gauge poolMetrics
}

// buckets reach from a key read on a local socket to the default PoolTimeout.
func buckets() []float64 {
	return []float64{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}
}

// NewCollector makes a collector; give it to Config.Observer as well.
func NewCollector(opts CollectorOptions) *Collector {
	if opts.Pool == "" {
		opts.Pool = "default"
	}
	labels := prometheus.Labels{"pool": opts.Pool}
	c := &Collector{gauge: newPoolMetrics(labels)}
	c.routes.known = map[string]bool{}
	add := func(one prometheus.Collector) { c.all = append(c.all, one) }
	histogram := func(name, help string, by ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, ConstLabels: labels, Buckets: buckets()}, by)
		add(h)
		return h
	}
	counter := func(name, help string, by ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, by)
		add(v)
		return v
	}
	c.wait = histogram("retort_acquire_wait_seconds", "How long sessions waited for a connection, however that ended.").WithLabelValues().(prometheus.Histogram)
	c.refused = counter("retort_acquire_failures_total", "Waits for a connection that ended without one, by reason.", "reason")
	c.lease = histogram("retort_lease_seconds", "How long sessions held a connection, by route.", "route")
	c.trip = histogram("retort_flight_seconds", "Round trips and how long they took, by route.", "route")
	c.failed = counter("retort_flight_failures_total", "Round trips that failed, by kind of error.", "kind")
	c.resent = counter("retort_resends_total", "Flights that were sent again on another connection.").WithLabelValues()
	c.commit = counter("retort_commits_total", "Units of work that were committed, by route.", "route")
	c.rollback = counter("retort_rollbacks_total", "Units of work that were rolled back, by route and cause.", "route", "cause")
	c.unknown = counter("retort_commits_unknown_total", "Units of work whose COMMIT was sent and its answer lost, by route.", "route")
	c.unknown.WithLabelValues(noRoute)
	c.unknown.WithLabelValues(otherRoute)
	c.retry = counter("retort_retries_total", "Units of work that were run again, by route and kind of error.", "route", "kind")
	c.spent = counter("retort_retries_refused_total", "Units of work that were not run again, as the retry budget was used up, by route and kind of error.", "route", "kind")
	c.behind = counter("retort_background_failures_total", "Background functions that failed, by the route that started them.", "route")
	c.connect = histogram("retort_connect_seconds", "How long opening a connection took.").WithLabelValues().(prometheus.Histogram)
	return c
}

// Describe is for the registry.
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, one := range c.all {
		one.Describe(out)
	}
	c.gauge.describe(out)
}

// Collect is for the registry. The pool's numbers are all of one moment.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	for _, one := range c.all {
		one.Collect(out)
	}
	if e := c.engine.Load(); e != nil {
		c.gauge.collect(out, e.Stats(), c.labelOf)
	}
}

// ObserveEngine learns whose pool to ask.
func (c *Collector) ObserveEngine(e *retort.Engine) { c.engine.Store(e) }

// FlightStart is for traces.
func (c *Collector) FlightStart(ctx context.Context, _ retort.FlightInfo) context.Context { return ctx }

// FlightEnd counts a round trip.
func (c *Collector) FlightEnd(ctx context.Context, f retort.FlightInfo) {
	c.trip.WithLabelValues(c.route(ctx)).Observe(f.Duration.Seconds())
	if f.Err != nil {
		c.failed.WithLabelValues(kindOf(f.Err)).Inc()
	}
	if f.Attempt > 1 {
		c.resent.Inc()
	}
}

// SessionEnd counts commits, rollbacks and what is neither.
func (c *Collector) SessionEnd(ctx context.Context, s retort.SessionInfo) {
	switch s.End {
	case retort.EndCommit:
		c.commit.WithLabelValues(c.route(ctx)).Inc()
	case retort.EndUnknown:
		c.unknown.WithLabelValues(c.route(ctx)).Inc()
	case retort.EndBySQL:
		c.rollback.WithLabelValues(c.route(ctx), string(s.End)).Inc()
	default:
		c.rollback.WithLabelValues(c.route(ctx), s.Cause).Inc()
	}
}

// SessionRetry counts retries.
func (c *Collector) SessionRetry(ctx context.Context, r retort.RetryInfo) {
	c.retry.WithLabelValues(c.route(ctx), kindOf(r.Err)).Inc()
}

// RetryRefused counts retries that were not made.
func (c *Collector) RetryRefused(ctx context.Context, r retort.RetryInfo) {
	c.spent.WithLabelValues(c.route(ctx), kindOf(r.Err)).Inc()
}

// BackgroundEnd counts background functions that failed.
func (c *Collector) BackgroundEnd(ctx context.Context, b retort.BackgroundInfo) {
	if b.Err != nil {
		c.behind.WithLabelValues(c.route(ctx)).Inc()
	}
}

// Acquired counts a wait for a connection.
func (c *Collector) Acquired(_ context.Context, wait time.Duration, err error) {
	c.wait.Observe(wait.Seconds())
	if err != nil {
		c.refused.WithLabelValues(kindOf(err)).Inc()
	}
}

// Released counts a lease.
func (c *Collector) Released(ctx context.Context, held time.Duration, _ error) {
	c.lease.WithLabelValues(c.route(ctx)).Observe(held.Seconds())
}

// PoolEvent counts connects.
func (c *Collector) PoolEvent(e pool.Event) {
	if e.Kind == pool.EventOpened {
		c.connect.Observe(e.Duration.Seconds())
	}
}

// route names who asks. The counter of unknown commits begins at 0 with the
// route: a series that is born with 1 shows no increase.
func (c *Collector) route(ctx context.Context) string { return c.labelOf(retort.LabelsOf(ctx).Route) }

func (c *Collector) labelOf(route string) string {
	// Prometheus panics at a label that is not UTF-8.
	label, isNew := c.routes.label(strings.ToValidUTF8(route, "?"))
	if isNew {
		c.unknown.WithLabelValues(label)
	}
	return label
}

// routes bounds the values of the label route.
type routes struct {
	mu    sync.RWMutex
	known map[string]bool // guarded by mu
}

const (
	maxRoutes  = 200
	noRoute    = "none"
	otherRoute = "other"
)

// label is route where there is room for it; isNew is true the first time.
func (r *routes) label(route string) (label string, isNew bool) {
	switch route {
	case "", noRoute:
		return noRoute, false
	case otherRoute:
		return otherRoute, false
	}
	r.mu.RLock()
	known, full := r.known[route], len(r.known) >= maxRoutes
	r.mu.RUnlock()
	switch {
	case known:
		return route, false
	case full:
		return otherRoute, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.known[route]:
		return route, false
	case len(r.known) >= maxRoutes:
		return otherRoute, false
	}
	r.known[route] = true
	return route, true
}
