package observe_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/observe"
)

// Traces go where OpenTelemetry's global provider sends them, metrics to
// whoever asks at /metrics.
func Example() {
	collector := observe.NewCollector(observe.CollectorOptions{})
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector)

	eng, err := retort.Open(retort.Config{
		URL:      "postgres://127.0.0.1/shop",
		Observer: retort.Observers(observe.Tracer(otel.GetTracerProvider(), observe.TracerOptions{}), collector),
	})
	if err != nil {
		panic(err)
	}
	defer func() { _ = eng.Close(context.Background()) }()

	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	families, err := registry.Gather()
	fmt.Println(len(families) > 10, err)
	// Output: true <nil>
}

func ExampleTracer() {
	eng, err := retort.Open(retort.Config{
		URL:      "postgres://127.0.0.1/shop",
		Observer: observe.Tracer(otel.GetTracerProvider(), observe.TracerOptions{OmitQueryText: true}),
	})
	fmt.Println(eng, err)
	// Output: retort.Engine(127.0.0.1:5432/shop) <nil>
}

func ExampleMetrics() {
	metrics, err := observe.Metrics(otel.GetMeterProvider())
	if err != nil {
		panic(err)
	}
	eng, err := retort.Open(retort.Config{URL: "postgres://127.0.0.1/shop", Observer: metrics})
	fmt.Println(eng, err)
	// Output: retort.Engine(127.0.0.1:5432/shop) <nil>
}

// Two engines of one process need two names.
func ExampleNewCollector() {
	for _, name := range []string{"main", "reports"} {
		collector := observe.NewCollector(observe.CollectorOptions{Pool: name})
		prometheus.NewRegistry().MustRegister(collector)
		eng, err := retort.Open(retort.Config{URL: "postgres://127.0.0.1/" + name, Observer: collector})
		fmt.Println(eng, err)
	}
	// Output:
	// retort.Engine(127.0.0.1:5432/main) <nil>
	// retort.Engine(127.0.0.1:5432/reports) <nil>
}
