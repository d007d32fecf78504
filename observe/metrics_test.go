package observe_test

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/observe"
)

// points reads every metric as "name{attributes} value": of histograms the count.
func points(t *testing.T, reader *sdkmetric.ManualReader) []string {
	t.Helper()
	var data metricdata.ResourceMetrics
	must(t, reader.Collect(context.Background(), &data))
	var out []string
	add := func(name string, set attribute.Set, value any) {
		var attrs []string
		for _, kv := range set.ToSlice() {
			switch kv.Key {
			case "server.address", "server.port", "db.namespace", "db.client.connection.pool.name", "db.system.name":
				if kv.Value.String() == "" {
					t.Errorf("%s: %s is empty", name, kv.Key)
				}
			default:
				attrs = append(attrs, string(kv.Key)+"="+kv.Value.String())
			}
		}
		out = append(out, fmt.Sprintf("%s{%s} %v", name, strings.Join(attrs, ","), value))
	}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					if p.Sum <= 0 || p.Sum > 60 || m.Unit != "s" {
						t.Errorf("%s took %g %s", m.Name, p.Sum, m.Unit)
					}
					add(m.Name, p.Attributes, p.Count)
				}
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					add(m.Name, p.Attributes, p.Value)
				}
			default:
				t.Errorf("%s is a %T", m.Name, d)
			}
		}
	}
	sort.Strings(out)
	return out
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	m, err := observe.Metrics(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	must(t, err)
	k := observed(t, m, func(c *retort.Config) { c.PoolSize, c.MaxOverflow, c.PoolTimeout = 1, 1, time.Second })
	ctx := t.Context()
	must(t, write(ctx, k.Engine, nil, "a"))
	must(t, write(ctx, k.Engine, nil, "b", "c"))
	if write(ctx, k.Engine, nil, "a") == nil {
		t.Fatal("a duplicate passed")
	}
	var held []*retort.Session
	for i := range 2 {
		s := k.Engine.Session()
		s.Add(&Note{Text: fmt.Sprint("held", i)})
		must(t, s.Flush(ctx))
		held = append(held, s)
	}
	if write(ctx, k.Engine, nil, "starved") == nil {
		t.Fatal("a pool of two lent three")
	}
	want := []string{
		"db.client.connection.count{db.client.connection.state=idle} 0",
		"db.client.connection.count{db.client.connection.state=used} 2",
		"db.client.connection.create_time{} 2",
		"db.client.connection.idle.max{} 1",
		"db.client.connection.max{} 2",
		"db.client.connection.pending_requests{} 0",
		"db.client.connection.timeouts{} 1",
		"db.client.connection.use_time{} 3",
		"db.client.connection.wait_time{} 5",
		"db.client.operation.duration{db.operation.name=INSERT,db.query.summary=INSERT notes,db.response.status_code=23505,error.type=23505} 1",
		"db.client.operation.duration{db.operation.name=INSERT,db.query.summary=INSERT notes} 4",
	}
	if diff := cmp.Diff(want, points(t, reader)); diff != "" {
		t.Error(diff)
	}
	for _, s := range held {
		must(t, s.Close(ctx))
	}
}

func TestMetrics_without_limits_reports_none(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	m, err := observe.Metrics(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	must(t, err)
	eng, err := retort.Open(retort.Config{URL: "postgres://127.0.0.1:1/none", PoolSize: -1, Observer: m})
	must(t, err)
	for _, p := range points(t, reader) {
		if strings.Contains(p, "max{") {
			t.Errorf("no limit is told as %s", p)
		}
	}
	must(t, eng.Close(t.Context()))
}
