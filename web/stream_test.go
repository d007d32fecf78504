package web_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

func TestStreaming(t *testing.T) {
	t.Parallel()
	s := newService(t)
	next := make(chan struct{})
	s.plain("POST /stream", func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		if err := rc.Flush(); !errors.Is(err, web.ErrNotCommitted) {
			panic(err)
		}
		if _, _, err := rc.Hijack(); !errors.Is(err, web.ErrNotCommitted) {
			panic(err)
		}
		changed := web.Session(r)
		changed.Add(newThing())
		w.Header().Set("Trailer", "X-Count")
		if err := web.Commit(r); err != nil {
			panic(err)
		}
		if err := changed.Flush(r.Context()); !errors.Is(err, retort.ErrSessionClosed) {
			panic(err)
		}
		if !web.Session(r).ReadOnly() {
			panic("the session after Commit can write")
		}
		w.Header().Set("X-After", "1")
		for thing, err := range Things.Query().Iter(r.Context(), web.Session(r)) {
			if err != nil {
				panic(err)
			}
			fmt.Fprintln(w, thing.Name)
		}
		_ = rc.Flush()
		<-next
		_, _ = io.Copy(w, strings.NewReader("end\n"))
		w.Header().Set("X-Count", "1")
	}, web.Streaming())
	s.plain("POST /never", func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		w.WriteHeader(201)
		_, _ = io.WriteString(w, "buffered")
	}, web.Streaming())
	s.plain("POST /refused", func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		http.Error(w, "no", http.StatusForbidden)
		if err := web.Commit(r); err == nil || !strings.Contains(err.Error(), "403") {
			panic(err)
		}
	}, web.Streaming())
	s.plain("POST /fails", func(w http.ResponseWriter, r *http.Request) {
		a, b := newThing(), newThing()
		b.Code = a.Code
		web.Session(r).Add(a, b)
		_, _ = io.WriteString(w, "early")
		if err := web.Commit(r); err == nil {
			panic("no error")
		}
		if err := web.Commit(r); err == nil {
			panic("no error the second time")
		}
		_, _ = io.WriteString(w, "late")
	}, web.Streaming())
	s.plain("POST /panics", func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		w.WriteHeader(202)
		_ = web.Commit(r)
		_ = web.Commit(r)
		panic("canary")
	}, web.Streaming())
	s.plain("POST /quiet", func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		if err := web.Commit(r); err != nil {
			panic(err)
		}
	}, web.Streaming())
	s.plain("POST /undeclared", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, web.Commit(r)) })
	s.plain("POST /hijack", func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		if err := web.Commit(r); err != nil {
			panic(err)
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nown")
		_ = rw.Flush()
	}, web.Streaming())

	t.Run("sends_after_Commit_as_it_goes", func(t *testing.T) {
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.srv.URL+"/stream", nil)
		must(t, err)
		res, err := s.srv.Client().Do(r)
		must(t, err)
		defer res.Body.Close()
		lines := bufio.NewReader(res.Body)
		first, err := lines.ReadString('\n')
		if err != nil || len(first) != 37 || s.rows(t) != 1 || res.Header.Get("X-After") != "1" {
			t.Errorf("got %q, %v, %v", first, err, res.Header)
		}
		next <- struct{}{}
		rest, err := io.ReadAll(lines)
		if err != nil || string(rest) != "end\n" || res.Trailer.Get("X-Count") != "1" {
			t.Errorf("got %q, %v, trailer %v", rest, err, res.Trailer)
		}
	})
	for _, c := range []struct {
		path   string
		status int
		body   string
		stored bool
	}{
		{"/never", 201, "buffered", true},
		{"/refused", 403, "no\n", false},
		{"/quiet", 200, "", true},
		{"/hijack", 200, "own", true},
		{"/undeclared", 200, "", false},
	} {
		t.Run(c.path[1:], func(t *testing.T) {
			before := s.rows(t)
			got := s.do(t, "POST", c.path, "")
			if got.err != nil || got.StatusCode != c.status || c.body != "" && got.body != c.body {
				t.Fatalf("got %+v", got)
			}
			if stored := s.rows(t) > before; stored != c.stored {
				t.Errorf("stored: %v", stored)
			}
			s.idle(t)
		})
	}
	t.Run("answers_a_failed_Commit_with_its_problem", func(t *testing.T) {
		before := s.rows(t)
		if p := s.do(t, "POST", "/fails", "").problem(t); p.Type != web.ProblemUnique || s.rows(t) != before {
			t.Errorf("got %+v", p)
		}
	})
	t.Run("a_panic_afterwards_cuts_the_answer_off", func(t *testing.T) {
		before := s.rows(t)
		got := s.do(t, "POST", "/panics", "")
		if got.err == nil || s.rows(t) != before+1 {
			t.Errorf("got %+v, %d rows", got, s.rows(t)-before)
		}
		s.idle(t)
	})
}

// What follows Commit sees no more than what was before it: with a tenant, a role or
// a filter it would be the rows of all.
func TestStreaming_session_after_Commit_has_the_same_role_settings_and_filters(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for range 3 {
		s.Exec(t, "INSERT INTO things (id, version, code, name, count) SELECT id, 1, id, id, 1 FROM gen_random_uuid() id")
	}
	options := func(isolation retort.Isolation) retort.TxOptions {
		return retort.TxOptions{
			Isolation: isolation, Role: "pg_read_all_data", Settings: map[string]string{"app.tenant": "acme"}, StatementTimeout: time.Second,
			Filters: []retort.Filter{retort.FilterBy("mine", Things, &Things.C.Count, 1)},
		}
	}
	see := func(r *http.Request) string {
		ctx, session := r.Context(), web.Session(r)
		set, err := retort.SQL[string](`SELECT concat_ws(' ', current_user, current_setting('app.tenant', true),
			current_setting('statement_timeout'), current_setting('transaction_isolation'))`).ReadOnly().One(ctx, session)
		n, errCount := Things.Query().Count(ctx, session)
		return fmt.Sprint(set, " ", n, errors.Join(err, errCount))
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Filter(retort.FilterWhere("none", Things, retort.Gt(&Things.C.Count, 1)))
		before := see(r)
		if err := web.Commit(r); err != nil {
			panic(err)
		}
		fmt.Fprint(w, before, "\n", see(r))
	}
	s.plain("POST /tx", handler, web.Streaming(), web.Tx(options(retort.RepeatableRead)))
	s.plain("POST /for", handler, web.Streaming(), web.TxFor(func(*http.Request) (retort.TxOptions, error) {
		return options(retort.Serializable), nil
	}))
	for path, isolation := range map[string]string{"/tx": "repeatable read", "/for": "serializable"} {
		want := "pg_read_all_data acme 1s " + isolation + " 0 <nil>"
		if got := s.do(t, "POST", path, ""); got.body != want+"\n"+want {
			t.Errorf("%s: %v\n%s", path, got.err, got.body)
		}
	}
}
