package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// What an outer middleware says of each request is not kept with what the handler
// adds to it.
func TestReplayHasTheOuterCookieOfItsOwnRequest(t *testing.T) {
	t.Parallel()
	s := newService(t)
	inner := web.Sessions(s.Engine, web.Idempotent(keys, account))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		w.Header().Add("Set-Cookie", "cart=1")
	}))
	var n atomic.Int64
	s.mux.Handle("POST /", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", fmt.Sprintf("session=%d", n.Add(1)))
		inner.ServeHTTP(w, r)
	}))
	for i := 1; i <= 3; i++ {
		got := s.do(t, "POST", "/", "", "X-Account", "ann", "Idempotency-Key", "k")
		want := []string{fmt.Sprintf("session=%d", i), "cart=1"}
		if diff := cmp.Diff(want, got.Header.Values("Set-Cookie")); diff != "" {
			t.Errorf("request %d: %s", i, diff)
		}
	}
}

// Routes behind http.StripPrefix have paths of their own.
func TestKeyOfAnotherPrefixIsAnotherRequest(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, prefix := range []string{"/v1", "/v2"} {
		s.mux.Handle("POST "+prefix+"/", http.StripPrefix(prefix, web.Handle(s.Engine,
			func(context.Context, *retort.Session, *struct{}) (*string, error) { return &prefix, nil }, web.Idempotent(keys, account))))
	}
	send := func(path string) reply {
		return s.do(t, "POST", path, "", "X-Account", "ann", "Idempotency-Key", "k")
	}
	if first, again := send("/v1/things"), send("/v1/things"); first.StatusCode != http.StatusOK || again.body != first.body {
		t.Errorf("%d %s, %d %s", first.StatusCode, first.body, again.StatusCode, again.body)
	}
	if p := send("/v2/things").problem(t); p.Type != web.ProblemKeyReused {
		t.Errorf("%d %s", p.Status, p.Type)
	}
}

// A row of the key that the session cannot see is a fault of the service, not a row
// that the client asked for.
func TestKeyThatTheSessionDoesNotSeeIsNo404(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mux.Handle("POST /", web.Handle(s.Engine,
		func(context.Context, *retort.Session, *struct{}) (*string, error) { return new(string), nil },
		web.Idempotent(keys, account), s.logger(),
		web.Tx(retort.TxOptions{Filters: []retort.Filter{retort.FilterWhere("none", keys.Table, retort.Eq(&keys.Table.C.Status, 999))}})))
	if first := s.do(t, "POST", "/", "", "X-Account", "ann", "Idempotency-Key", "k"); first.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", first.StatusCode, first.body)
	}
	p := s.do(t, "POST", "/", "", "X-Account", "ann", "Idempotency-Key", "k").problem(t)
	if p.Type != web.ProblemInternal || !strings.Contains(s.log.String(), "does not see") {
		t.Errorf("%d %s: %s", p.Status, p.Type, s.log)
	}
}
