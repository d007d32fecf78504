package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/proxy"
	"github.com/retort-go/retort/web"
)

// account is whose keys a request's are.
func account(r *http.Request) (string, error) {
	if who := r.Header.Get("X-Account"); who != "" {
		return who, nil
	}
	return "", &web.Error{Status: http.StatusUnauthorized}
}

// once registers POST /things, where a request with a key is carried out once.
func (s *service) once(opts ...web.Option) {
	s.mux.Handle("POST /things", web.HandleView(s.Engine, create, toView, append([]web.Option{
		web.Idempotent(keys, account),
		web.Status(201), web.Location(func(v *thingView) string { return "/things/" + v.ID.String() }),
		web.ETag(func(v *thingView) string { return fmt.Sprint(v.Version) }), s.logger(),
	}, opts...)...))
}

func thing(name string) string { return fmt.Sprintf(`{"code":%q,"name":%q,"count":1}`, name, name) }

func TestIdempotent(t *testing.T) {
	t.Parallel()
	t.Run("a_repeated_request_gets_the_first_answer_and_does_nothing", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.once()
		first := s.do(t, "POST", "/things", thing("a"), "X-Account", "ann", "Idempotency-Key", "k1")
		again := s.do(t, "POST", "/things", thing("a"), "X-Account", "ann", "Idempotency-Key", `"k1"`)
		if first.StatusCode != 201 || first.Header.Get("Idempotency-Replayed") != "" {
			t.Fatalf("first: %d %s", first.StatusCode, first.body)
		}
		for _, name := range []string{"Location", "Etag", "Content-Type", "Content-Length"} {
			if first.Header.Get(name) == "" || first.Header.Get(name) != again.Header.Get(name) {
				t.Errorf("%s: %q, then %q", name, first.Header.Get(name), again.Header.Get(name))
			}
		}
		if diff := cmp.Diff(first.body, again.body); diff != "" || again.StatusCode != 201 || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%d: %s", again.StatusCode, diff)
		}
		if n := s.rows(t); n != 1 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("keys_of_others_and_requests_without_a_key_are_their_own", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.once()
		for name, headers := range map[string][]string{
			"a": {"X-Account", "ann", "Idempotency-Key", "k"}, "b": {"X-Account", "bob", "Idempotency-Key", "k"}, "c": {"X-Account", "ann"}, "d": {},
		} {
			if got := s.do(t, "POST", "/things", thing(name), headers...); got.StatusCode != 201 {
				t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
			}
		}
		if n := s.rows(t); n != 4 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("an_error_leaves_the_key_free", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.once()
		broken := s.do(t, "POST", "/things", `{"code":"a","name":"a","count":-1}`, "X-Account", "ann", "Idempotency-Key", "k")
		mended := s.do(t, "POST", "/things", thing("a"), "X-Account", "ann", "Idempotency-Key", "k")
		if broken.StatusCode != 422 || mended.StatusCode != 201 {
			t.Errorf("%d, then %d %s", broken.StatusCode, mended.StatusCode, mended.body)
		}
	})

	t.Run("an_answer_without_a_body_is_kept_too", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		var ran atomic.Int32
		s.mux.Handle("DELETE /things", web.Handle(s.Engine, func(context.Context, *retort.Session, *struct{}) (*struct{}, error) {
			ran.Add(1)
			return nil, nil
		}, web.Idempotent(keys, account)))
		for range 2 {
			if got := s.do(t, "DELETE", "/things", "", "X-Account", "ann", "Idempotency-Key", "k"); got.StatusCode != 204 || got.body != "" {
				t.Errorf("%d %q", got.StatusCode, got.body)
			}
		}
		if ran.Load() != 1 {
			t.Errorf("it ran %d times", ran.Load())
		}
	})

	t.Run("what_is_refused", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.once(web.RequireIdempotencyKey())
		if got := s.do(t, "POST", "/things", thing("a"), "X-Account", "ann", "Idempotency-Key", "used"); got.StatusCode != 201 {
			t.Fatalf("%d %s", got.StatusCode, got.body)
		}
		for name, c := range map[string]struct {
			body    string
			headers []string
			status  int
			says    string
		}{
			"another_request":     {thing("b"), []string{"X-Account", "ann", "Idempotency-Key", "used"}, 422, "/problems/key-reused"},
			"no_key":              {thing("b"), []string{"X-Account", "ann"}, 400, "is required"},
			"two_keys":            {thing("b"), []string{"X-Account", "ann", "Idempotency-Key", "a", "Idempotency-Key", "b"}, 400, "must be given once"},
			"an_empty_key":        {thing("b"), []string{"X-Account", "ann", "Idempotency-Key", `""`}, 400, "1 to 255"},
			"a_key_with_a_space":  {thing("b"), []string{"X-Account", "ann", "Idempotency-Key", "a b"}, 400, "1 to 255"},
			"a_key_of_a_novel":    {thing("b"), []string{"X-Account", "ann", "Idempotency-Key", strings.Repeat("x", 256)}, 400, "1 to 255"},
			"nobody_s_key":        {thing("b"), []string{"Idempotency-Key", "k"}, 401, "Unauthorized"},
			"a_key_of_more_bytes": {thing("b"), []string{"X-Account", "ann", "Idempotency-Key", "schlüssel"}, 400, "1 to 255"},
		} {
			if got := s.do(t, "POST", "/things", c.body, c.headers...); got.StatusCode != c.status || !strings.Contains(got.body, c.says) {
				t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
			}
		}
		if n := s.rows(t); n != 1 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("one_that_waits_too_long_for_the_first_is_409", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		inside, leave := make(chan struct{}), make(chan struct{})
		s.mux.Handle("POST /things", web.Handle(s.Engine, func(ctx context.Context, u *retort.Session, in *createThing) (*Thing, error) {
			close(inside)
			<-leave
			return create(ctx, u, in)
		}, web.Idempotent(keys, account), web.Tx(retort.TxOptions{LockTimeout: 50 * time.Millisecond})))
		var wg sync.WaitGroup
		wg.Go(func() {
			if got := s.do(t, "POST", "/things", thing("a"), "X-Account", "ann", "Idempotency-Key", "k"); got.StatusCode != 200 {
				t.Errorf("the first: %d %s", got.StatusCode, got.body)
			}
		})
		<-inside
		got := s.do(t, "POST", "/things", thing("a"), "X-Account", "ann", "Idempotency-Key", "k")
		if got.StatusCode != 409 || !strings.Contains(got.body, web.ProblemKeyInUse) || got.Header.Get("Retry-After") == "" {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
		close(leave)
		wg.Wait()
	})
}

// A lost answer to COMMIT is no riddle for a request with a key.
func TestIdempotentResolvesLostCommits(t *testing.T) {
	t.Parallel()
	ask := func(t *testing.T, s *service) reply {
		return s.do(t, "POST", "/things", thing("a"), "X-Account", "ann", "Idempotency-Key", "k")
	}
	last := func(m proxy.Message) bool { return proxy.Commits(m) }
	for name, c := range map[string]struct {
		fault  func(p *proxy.Proxy) *proxy.Rule
		opts   []web.Option
		status int
		rows   int64
	}{
		"the_answer_was_lost":                         {func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(proxy.CommitReply) }, nil, 201, 1},
		"COMMIT_was_lost":                             {func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(last) }, nil, 503, 0},
		"COMMIT_was_lost_and_the_route_is_repeatable": {func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(last) }, []web.Option{web.Repeatable()}, 201, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.once(c.opts...)
			rule := c.fault(s.Proxy).Times(1)
			got := ask(t, s)
			if got.StatusCode != c.status || rule.Fired() != 1 || strings.Contains(got.body, web.ProblemCommitUnknown) {
				t.Errorf("%d %s, %d faults", got.StatusCode, got.body, rule.Fired())
			}
			if n := s.rows(t); n != c.rows {
				t.Errorf("%d rows", n)
			}
			if again := ask(t, s); again.StatusCode != 201 || c.status == 201 && again.body != got.body {
				t.Errorf("again: %d %s, first %s", again.StatusCode, again.body, got.body)
			}
			if n := s.rows(t); n != 1 {
				t.Errorf("%d rows in the end", n)
			}
		})
	}

	t.Run("a_database_that_stays_away_leaves_it_unknown", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.once()
		s.Proxy.Before(proxy.CommitReply, func(proxy.Message) { s.Proxy.RefuseConnections(true); s.Proxy.ResetConnections() }).Times(1)
		got := ask(t, s)
		if got.StatusCode != 503 || !strings.Contains(got.body, web.ProblemCommitUnknown) {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
		s.Proxy.RefuseConnections(false)
		if again := ask(t, s); again.StatusCode != 201 || s.rows(t) != 1 {
			t.Errorf("again: %d %s", again.StatusCode, again.body)
		}
	})
}

// Each request is sent three times at once, by clients that repeat until they have
// an answer, while answers to COMMIT are lost and backends are killed.
func TestIdempotentUnderFaults(t *testing.T) {
	t.Parallel()
	const requests = 100
	for name, c := range map[string]struct {
		tx      retort.TxOptions
		control bool
	}{
		"read_committed":  {},
		"serializable":    {tx: retort.TxOptions{Isolation: retort.Serializable}},
		"control_no_keys": {control: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 12, 0 })
			s.once(web.Tx(c.tx), web.Repeatable())
			disturbed := s.disturb()
			var mu sync.Mutex
			bodies := make(map[int]map[string]bool)
			inParallel(12, 3*requests, func(i int) {
				request, headers := i/3, []string{"X-Account", "ann", "Idempotency-Key", fmt.Sprint("key", i/3)}
				name := fmt.Sprint("thing", request)
				for {
					if c.control { // names are unique: each sending has its own
						headers, name = nil, uuid.Must(uuid.NewV4()).String()
					}
					got := s.do(t, "POST", "/things", thing(name), headers...)
					if got.err == nil && got.StatusCode == 503 {
						continue
					}
					if got.err != nil || got.StatusCode != 201 {
						t.Errorf("request %d: %v %s", request, got.err, got.body)
					}
					mu.Lock()
					defer mu.Unlock()
					if bodies[request] == nil {
						bodies[request] = make(map[string]bool)
					}
					bodies[request][got.body] = true
					return
				}
			})
			if disturbed() < 10 {
				t.Errorf("only %d faults came", disturbed())
			}
			different := 0
			for _, b := range bodies {
				if len(b) > 1 {
					different++
				}
			}
			switch n := s.rows(t); {
			case !c.control && (n != requests || different != 0):
				t.Errorf("%d effects of %d requests, %d with different answers", n, requests, different)
			case c.control && (n <= requests || different == 0):
				t.Errorf("the control sees %d effects of %d requests and %d with different answers: the check is blind", n, requests, different)
			}
		})
	}
}

// disturb loses every ninth answer to COMMIT, every thirteenth COMMIT, and now and
// then all connections; it tells how many faults came.
func (s *service) disturb() func() int {
	every := func(n int64, place func(proxy.Message) bool) func(proxy.Message) bool {
		var seen atomic.Int64
		return func(m proxy.Message) bool { return place(m) && seen.Add(1)%n == 0 }
	}
	rules := []*proxy.Rule{
		s.Proxy.CutBefore(every(9, proxy.CommitReply)),
		s.Proxy.CutBefore(every(13, proxy.Commits)),
		s.Proxy.Before(every(40, proxy.CommitReply), func(proxy.Message) { s.Proxy.ResetConnections() }),
	}
	for _, r := range rules {
		r.Times(-1)
	}
	return func() int {
		fired := 0
		for _, r := range rules {
			fired += r.Fired()
		}
		return fired
	}
}

func TestIdempotencySweep(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx := t.Context()
	s.Exec(t, `INSERT INTO idempotency_keys (scope, key, request, status, location, etag, header, body, at)
		SELECT 'a', n::text, '', 200, '', '', '', '', now() - make_interval(hours => n) FROM generate_series(1, 2500) n`)
	n, err := keys.Sweep(ctx, s.Engine, 24*time.Hour+30*time.Minute)
	if err != nil || n != 2476 {
		t.Errorf("%d rows, %v", n, err)
	}
	if left := s.QueryInt(t, "SELECT count(*) FROM idempotency_keys WHERE at > now() - interval '24 hours 30 minutes'"); left != 24 {
		t.Errorf("%d rows are left", left)
	}
	if _, err := keys.Sweep(ctx, s.Engine, 0); err == nil || !strings.Contains(err.Error(), "above 0") {
		t.Errorf("an age of 0: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := keys.Sweep(gone, s.Engine, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context: %v", err)
	}
}
