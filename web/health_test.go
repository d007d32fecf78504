package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/web"
)

// The answer does not say why, so the log does: once, however often a probe asks.
func TestReadyzLogsWhyItIsNot(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	s := newService(t)
	slog.SetDefault(slog.New(slog.NewJSONHandler(s.log, nil)))
	var first, second error
	s.mux.Handle("GET /readyz", web.Readyz(s.Engine,
		func(context.Context) error { return first }, func(context.Context) error { return second }))
	ask := func(want int) {
		t.Helper()
		for range 3 {
			if got := s.do(t, "GET", "/readyz", ""); got.StatusCode != want || strings.Contains(got.body, "fingerprint") {
				t.Errorf("%d %s", got.StatusCode, got.body)
			}
		}
	}
	ask(200)
	second = errors.New("another fingerprint")
	ask(503)
	first = errors.New("not upgraded")
	ask(503)
	first, second = nil, nil
	ask(200)
	var lines []string
	for line := range strings.Lines(s.log.String()) {
		var l struct{ Msg, Error string }
		must(t, json.Unmarshal([]byte(line), &l))
		lines = append(lines, strings.TrimSpace(l.Msg+" "+l.Error))
	}
	want := []string{"web: not ready another fingerprint", "web: not ready not upgraded", "web: ready again"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}
