package observe

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/pool"
)

// poolMetrics turn a pool's snapshot into metrics when they are asked for.
type poolMetrics struct {
	connections, waiting, size, capacity, closing *prometheus.Desc
	acquires, waits, timeouts, canceled           *prometheus.Desc
	opened, openFailures, closed, panics          *prometheus.Desc
	held, longest                                 *prometheus.Desc
}

func newPoolMetrics(labels prometheus.Labels) poolMetrics {
	desc := func(name, help string, by ...string) *prometheus.Desc {
		return prometheus.NewDesc("retort_pool_"+name, help, by, labels)
	}
	return poolMetrics{
		connections:  desc("connections", "Connections by state: idle, in_use, opening.", "state"),
		waiting:      desc("waiting", "Callers that wait for a connection to become free."),
		size:         desc("size", "Connections that are kept when idle; absent without a limit."),
		capacity:     desc("capacity", "Connections that may be open: size and overflow; absent without a limit."),
		closing:      desc("closing", "Connections that are being closed and hold no place any more."),
		acquires:     desc("acquires_total", "Calls for a connection."),
		waits:        desc("waits_total", "Calls that had to wait for a connection to become free."),
		timeouts:     desc("timeouts_total", "Calls that gave up after PoolTimeout."),
		canceled:     desc("canceled_total", "Calls whose context ended first."),
		opened:       desc("opened_total", "Connections opened."),
		openFailures: desc("open_failures_total", "Attempts to open a connection that failed."),
		closed:       desc("closed_total", "Connections closed, by reason.", "reason"),
		held:         desc("held", "Connections that are lent now, by route.", "route"),
		longest:      desc("held_longest_seconds", "How long the connection that a route holds for longest is lent by now.", "route"),
		panics:       desc("panics_total", "Callbacks of the pool that panicked."),
	}
}

func (m *poolMetrics) describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		m.connections, m.waiting, m.size, m.capacity, m.closing, m.acquires, m.waits,
		m.timeouts, m.canceled, m.opened, m.openFailures, m.closed, m.panics, m.held, m.longest,
	} {
		out <- d
	}
}

// collect sends the metrics; label bounds the routes.
func (m *poolMetrics) collect(out chan<- prometheus.Metric, s pool.Stats, label func(route string) string) {
	gauge := func(d *prometheus.Desc, v int, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	counter := func(d *prometheus.Desc, v int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge(m.connections, s.Idle, "idle")
	gauge(m.connections, s.InUse, "in_use")
	gauge(m.connections, s.Opening, "opening")
	for route, h := range byLabel(s.Holders, label) {
		gauge(m.held, h.Count, route)
		out <- prometheus.MustNewConstMetric(m.longest, prometheus.GaugeValue, h.Longest.Seconds(), route)
	}
	gauge(m.waiting, s.Waiting)
	gauge(m.closing, s.Closing)
	if s.Size != pool.Unlimited {
		gauge(m.size, s.Size)
		if s.Overflow != pool.Unlimited {
			gauge(m.capacity, s.Size+s.Overflow)
		}
	}
	counter(m.acquires, s.Acquires)
	counter(m.waits, s.Waits)
	counter(m.timeouts, s.Timeouts)
	counter(m.canceled, s.Canceled)
	counter(m.opened, s.Opened)
	counter(m.openFailures, s.OpenFailed)
	counter(m.panics, s.Panics)
	for reason, n := range map[pool.Reason]int64{
		pool.ReasonRecycled: s.Closed.Recycled, pool.ReasonDead: s.Closed.Dead,
		pool.ReasonInvalidated: s.Closed.Invalidated, pool.ReasonOverflow: s.Closed.Overflow,
		pool.ReasonDiscarded: s.Closed.Discarded, pool.ReasonResetFailed: s.Closed.ResetFailed,
		pool.ReasonAbandoned: s.Closed.Abandoned, pool.ReasonShutdown: s.Closed.Shutdown,
	} {
		counter(m.closed, n, strings.ReplaceAll(reason.String(), " ", "_"))
	}
}

// byLabel puts holders of one label together.
func byLabel(holders []pool.Holder, label func(route string) string) map[string]pool.Holder {
	out := make(map[string]pool.Holder, len(holders))
	for _, h := range holders {
		name := label(h.Name)
		sum := out[name]
		out[name] = pool.Holder{Name: name, Count: sum.Count + h.Count, Longest: max(sum.Longest, h.Longest)}
	}
	return out
}

// kindOf is an error as a label: one of few words, SQLSTATEs by their kind.
func kindOf(err error) string {
	kind, code := failure(err)
	if code != "" {
		return pgerr.KindOf(err).String()
	}
	return kind
}
