package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/proxy"
	"github.com/retort-go/retort/web"
)

func keepsOutcomes(c *retort.Config) { c.Outcomes = proofs }

// TestOutcomes answers a request whose COMMIT lost its answer by what became of it.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	answer := func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(proxy.CommitReply) }
	commit := func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(proxy.Commits) }
	skipped := web.Tx(retort.TxOptions{SkipOutcome: true})
	for name, c := range map[string]struct {
		fault  func(p *proxy.Proxy) *proxy.Rule
		opts   []web.Option
		status int
		kind   string
		again  bool // the client may ask again
		rows   int64
	}{
		"the_answer_was_lost":                         {fault: answer, status: 200, rows: 1},
		"COMMIT_was_lost":                             {fault: commit, status: 503, kind: web.ProblemUnavailable, again: true},
		"COMMIT_was_lost_and_the_route_is_repeatable": {fault: commit, opts: []web.Option{web.Repeatable()}, status: 200, rows: 1},
		"the_answer_was_lost_on_a_route_without":      {fault: answer, opts: []web.Option{skipped, web.Repeatable()}, status: 503, kind: web.ProblemCommitUnknown, rows: 1},
		"the_answer_was_lost_to_an_early_rendering":   {fault: answer, opts: []web.Option{web.RenderBeforeCommit()}, status: 200, rows: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, keepsOutcomes)
			s.mux.Handle("POST /things", web.Handle(s.Engine, create, append(c.opts, s.logger())...))
			must(t, s.Engine.Ping(t.Context()))
			rule := c.fault(s.Proxy)
			got := s.do(t, "POST", "/things", thing("a"))
			if got.StatusCode != c.status || rule.Fired() != 1 || (got.Header.Get("Retry-After") != "") != c.again || !strings.Contains(got.body, c.kind) {
				t.Errorf("%d %s %v, %d faults", got.StatusCode, got.body, got.Header, rule.Fired())
			}
			if n := s.rows(t); n != c.rows {
				t.Errorf("%d rows", n)
			}
			s.idle(t)
		})
	}
	t.Run("leaves_no_row_where_the_key_has_one", func(t *testing.T) {
		t.Parallel()
		s := newService(t, keepsOutcomes)
		s.once(web.Repeatable())
		s.mux.Handle("POST /plain", web.Sessions(s.Engine, web.Idempotent(keys, account), s.logger())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			web.Session(r).Add(&Thing{Code: "plain" + r.Header.Get("Idempotency-Key"), Name: "plain" + r.Header.Get("Idempotency-Key"), Count: 1})
		})))
		for _, headers := range [][]string{{"X-Account", "ann", "Idempotency-Key", "k"}, {"X-Account", "ann"}} {
			before := s.QueryInt(t, "SELECT count(*) FROM commit_outcomes")
			name := strings.Repeat("x", len(headers))
			if got := s.do(t, "POST", "/things", thing(name), headers...); got.StatusCode != 201 {
				t.Errorf("%d %s", got.StatusCode, got.body)
			}
			want := before
			if len(headers) == 2 {
				want++
			}
			if n := s.QueryInt(t, "SELECT count(*) FROM commit_outcomes"); n != want {
				t.Errorf("%v: %d outcome rows, want %d", headers, n, want)
			}
			if len(headers) == 4 {
				headers[3] = "k2"
			}
			if got := s.do(t, "POST", "/plain", "{}", headers...); got.StatusCode != 200 {
				t.Errorf("plain: %d %s", got.StatusCode, got.body)
			}
			if n := s.QueryInt(t, "SELECT count(*) FROM commit_outcomes"); n != 2*want-before {
				t.Errorf("%v: %d outcome rows behind a plain handler, want %d", headers, n, 2*want-before)
			}
		}
	})
}
