package app_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/retort-go/retort/services/privacyrights/internal/testdb"
)

func TestMetrics_are_served_when_asked_for(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	for on, want := range map[string]int{"true": http.StatusOK, "false": http.StatusNotFound} {
		r := start(t, map[string]string{"DATABASE_URL": db.URL(), "METRICS": on})
		r.ready()
		if code, body := send(t, "POST", r.url+"/requests", strings.Replace(newRequest, "ann", on, 1)); code != http.StatusCreated {
			t.Fatalf("%d %s", code, body)
		}
		code, body := send(t, "GET", r.url+"/metrics", "")
		if code != want {
			t.Errorf("METRICS=%s: status %d", on, code)
		}
		if code != http.StatusOK {
			continue
		}
		for _, line := range []string{
			`retort_commits_total{pool="default",route="POST /requests"} 1`,
			`retort_pool_capacity{pool="default"} 30`,
			`retort_flight_seconds_count{pool="default",route="POST /requests"} 1`,
			`go_goroutines `,
		} {
			if !strings.Contains(body, line) {
				t.Errorf("%s is missing in\n%s", line, body)
			}
		}
		if code := status(t, "POST", r.url+"/metrics", ""); code == http.StatusOK {
			t.Error("POST /metrics is answered")
		}
	}
}

func TestDebug_shows_times_and_whose_line_it_is(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	r := start(t, map[string]string{"DATABASE_URL": db.URL(), "DEBUG": "true"})
	r.ready()
	req, err := http.NewRequestWithContext(context.Background(), "POST", r.url+"/requests", strings.NewReader(newRequest))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Request-Id", "seen-1")
	req.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Server-Timing"); !regexp.MustCompile(`^db;dur=[0-9.]+;desc="1 round trip", pool;`).MatchString(got) {
		t.Errorf("Server-Timing is %q", got)
	}
	wanted := ` route="POST /requests" request_id=seen-1 trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7` + "\n"
	n := 0
	for line := range strings.Lines(r.log.String()) {
		if strings.Contains(line, "dsr_requests") && strings.Contains(line, "retort:session.flush") {
			n++
			if !strings.HasSuffix(line, wanted) {
				t.Errorf("whose line is this: %s", line)
			}
		}
	}
	if n == 0 {
		t.Errorf("no statement is in the log:\n%s", r.log)
	}
}
