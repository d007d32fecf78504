package observe_test

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/observe"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

// collecting opens an engine with a registered collector.
func collecting(tb testing.TB, change ...func(*retort.Config)) (*prometheus.Registry, *retorttest.Kit) {
	tb.Helper()
	c := observe.NewCollector(observe.CollectorOptions{})
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	return registry, observed(tb, c, change...)
}

// series reads every series as "name{labels} value": of histograms the count.
func series(tb testing.TB, registry *prometheus.Registry) []string {
	tb.Helper()
	families, err := registry.Gather()
	must(tb, err)
	var out []string
	for _, f := range families {
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				if l.GetName() != "pool" {
					labels = append(labels, l.GetName()+"="+l.GetValue())
				}
			}
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			out = append(out, fmt.Sprintf("%s{%s} %v", f.GetName(), strings.Join(labels, ","), value))
		}
	}
	sort.Strings(out)
	return out
}

func TestCollector(t *testing.T) {
	t.Parallel()
	registry, k := collecting(t)
	ctx := retort.WithLabels(t.Context(), retort.Labels{Route: "POST /notes"})
	must(t, write(ctx, k.Engine, nil, "a"))
	must(t, write(t.Context(), k.Engine, nil, "b"))
	_ = write(ctx, k.Engine, errOwn, "dropped")
	_ = write(ctx, k.Engine, nil, "a")
	k.Proxy.CutBefore(proxy.Backend('D')) // a read that is sent again
	s := k.Engine.Session()
	_, err := Notes.Query().All(ctx, s)
	must(t, err)
	must(t, s.Close(ctx))
	n := 0
	_, err = retort.Run(ctx, k.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
		if n++; n == 1 {
			_, err := s.Exec(ctx, "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")
			return 0, err
		}
		return 0, nil
	})
	must(t, err)
	k.Proxy.CutBefore(proxy.CommitReply)
	_ = write(ctx, k.Engine, nil, "unknown")

	var got []string
	for _, one := range series(t, registry) {
		if strings.Contains(one, "retort_connect_seconds") {
			// Raw SQL makes the pool reset a connection; whether that is back in time
			// for the next unit of work decides how many there are.
			if strings.HasSuffix(one, " 0") {
				t.Errorf("got %s", one)
			}
			continue
		}
		if !strings.Contains(one, "retort_pool_") || strings.HasSuffix(one, "waits_total{} 0") {
			got = append(got, one)
		}
	}
	want := []string{
		"retort_acquire_wait_seconds{} 7",
		"retort_commits_total{route=POST /notes} 1",
		"retort_commits_total{route=none} 1",
		"retort_commits_unknown_total{route=POST /notes} 1",
		"retort_commits_unknown_total{route=none} 0",
		"retort_commits_unknown_total{route=other} 0",
		"retort_flight_failures_total{kind=commit_unknown} 1",
		"retort_flight_failures_total{kind=connection} 1",
		"retort_flight_failures_total{kind=deadlock} 1",
		"retort_flight_failures_total{kind=unique} 1",
		"retort_flight_seconds{route=POST /notes} 7",
		"retort_flight_seconds{route=none} 1",
		"retort_lease_seconds{route=POST /notes} 6",
		"retort_lease_seconds{route=none} 1",
		"retort_pool_waits_total{} 0",
		"retort_resends_total{} 1",
		"retort_retries_total{kind=deadlock,route=POST /notes} 1",
		"retort_rollbacks_total{cause=deadlock,route=POST /notes} 1",
		"retort_rollbacks_total{cause=error,route=POST /notes} 1",
		"retort_rollbacks_total{cause=unique,route=POST /notes} 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCollector_shows_the_pool(t *testing.T) {
	t.Parallel()
	registry, k := collecting(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow, c.PoolTimeout = 1, 1, time.Second })
	ctx := t.Context()
	var held []*retort.Session
	for i := range 2 {
		s := k.Engine.Session()
		s.Add(&Note{Text: fmt.Sprint(i)})
		must(t, s.Flush(retort.WithLabels(ctx, retort.Labels{Route: "POST /notes"})))
		held = append(held, s)
	}
	_ = write(ctx, k.Engine, nil, "starved")
	want := []string{
		"retort_acquire_failures_total{reason=pool_timeout} 1",
		"retort_pool_acquires_total{} 3",
		"retort_pool_capacity{} 2",
		"retort_pool_connections{state=idle} 0",
		"retort_pool_connections{state=in_use} 2",
		"retort_pool_connections{state=opening} 0",
		"retort_pool_held{route=POST /notes} 2",
		"retort_pool_opened_total{} 2",
		"retort_pool_size{} 1",
		"retort_pool_timeouts_total{} 1",
		"retort_pool_waiting{} 0",
		"retort_pool_waits_total{} 1",
	}
	all := series(t, registry)
	for _, one := range want {
		if !contains(all, one) {
			t.Errorf("%s is missing in\n%s", one, strings.Join(all, "\n"))
		}
	}
	longest := func() []string {
		var found []string
		for _, one := range series(t, registry) {
			if name, _, _ := strings.Cut(one, "{"); name == "retort_pool_held" || name == "retort_pool_held_longest_seconds" && !strings.HasSuffix(one, " 0") {
				found = append(found, one)
			}
		}
		return found
	}
	if got := longest(); len(got) != 2 {
		t.Errorf("held: %q", got)
	}
	for _, s := range held {
		must(t, s.Close(ctx))
	}
	if all := series(t, registry); !contains(all, "retort_pool_closed_total{reason=overflow} 1") {
		t.Errorf("got\n%s", strings.Join(all, "\n"))
	}
	if got := longest(); len(got) != 0 {
		t.Errorf("held by nobody: %q", got)
	}
}

// Paths in place of patterns make few series of holders, too.
func TestCollector_bounds_the_holders(t *testing.T) {
	t.Parallel()
	registry, k := collecting(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 2, 0 })
	for i := range 250 {
		must(t, write(retort.WithLabels(t.Context(), retort.Labels{Route: fmt.Sprint("/notes/", i)}), k.Engine, nil, fmt.Sprint(i)))
	}
	for _, route := range []string{"/notes/new", "/notes/newer"} {
		s := k.Engine.Session()
		s.Add(&Note{Text: route})
		must(t, s.Flush(retort.WithLabels(t.Context(), retort.Labels{Route: route})))
		defer s.Close(t.Context())
	}
	if all := series(t, registry); !contains(all, "retort_pool_held{route=other} 2") {
		t.Errorf("got\n%s", strings.Join(all, "\n"))
	}
}

// Prometheus panics at such a label, in the middle of a request.
func TestCollector_counts_a_route_that_is_not_UTF8(t *testing.T) {
	t.Parallel()
	registry, k := collecting(t)
	must(t, write(retort.WithLabels(t.Context(), retort.Labels{Route: "/notes/\xff"}), k.Engine, nil, "a"))
	if all := series(t, registry); !contains(all, "retort_commits_total{route=/notes/?} 1") {
		t.Errorf("got\n%s", strings.Join(all, "\n"))
	}
}

func TestCollector_of_two_engines(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	for _, name := range []string{"main", "reports"} {
		c := observe.NewCollector(observe.CollectorOptions{Pool: name})
		registry.MustRegister(c)
		eng, err := retort.Open(retort.Config{URL: "postgres://127.0.0.1:1/none", Observer: c})
		must(t, err)
		t.Cleanup(func() { must(t, eng.Close(context.Background())) })
	}
	families, err := registry.Gather()
	must(t, err)
	for _, f := range families {
		if f.GetName() == "retort_pool_size" && len(f.Metric) != 2 {
			t.Errorf("%s has %d series", f.GetName(), len(f.Metric))
		}
	}
}

func TestCollector_is_read_while_it_counts(t *testing.T) {
	t.Parallel()
	registry, k := collecting(t)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 20 {
				ctx := retort.WithLabels(t.Context(), retort.Labels{Route: fmt.Sprint(i)})
				if err := write(ctx, k.Engine, nil, fmt.Sprint(i, "/", j)); err != nil {
					t.Error(err)
				}
				series(t, registry)
			}
		})
	}
	all.Wait()
	got := series(t, registry)
	for i := range 4 {
		if want := fmt.Sprintf("retort_commits_total{route=%d} 20", i); !contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func contains(all []string, one string) bool {
	i := sort.SearchStrings(all, one)
	return i < len(all) && all[i] == one
}
