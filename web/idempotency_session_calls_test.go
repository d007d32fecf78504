package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// Handlers that end transactions themselves, on routes with keys.
func TestIdempotent_handlers_that_commit_and_roll_back(t *testing.T) {
	t.Parallel()
	var failing atomic.Bool
	// The way to a second try after a violated constraint.
	rollback := func(ctx context.Context, s *retort.Session) error {
		bad := newThing()
		bad.Count = -1
		s.Add(bad)
		if err := s.Flush(ctx); err == nil {
			return errors.New("no error")
		}
		if err := s.Rollback(ctx); err != nil {
			return err
		}
		s.Add(newThing())
		return nil
	}
	commit := func(ctx context.Context, s *retort.Session) error {
		s.Add(newThing())
		if err := s.Commit(ctx); err != nil || failing.Load() {
			return errors.Join(err, errors.New("behind COMMIT"))
		}
		s.Add(newThing())
		return nil
	}
	routes := func(s *service, path string, work func(context.Context, *retort.Session) error) {
		s.mux.Handle("POST /handle"+path, web.Handle(s.Engine, func(ctx context.Context, session *retort.Session, _ *struct{}) (*struct{}, error) {
			return &struct{}{}, work(ctx, session)
		}, web.Idempotent(keys, account), s.logger()))
		s.plain("POST /plain"+path, func(w http.ResponseWriter, r *http.Request) {
			if err := work(r.Context(), web.Session(r)); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			fmt.Fprint(w, "{}")
		}, web.Idempotent(keys, account))
	}
	send := func(t *testing.T, s *service, path string) reply {
		t.Helper()
		return s.do(t, "POST", path, "{}", "X-Account", "ann", "Idempotency-Key", "k")
	}
	kinds := []string{"/handle", "/plain"}

	t.Run("a_rollback_in_the_handler_does_not_free_the_key", func(t *testing.T) {
		for _, kind := range kinds {
			s := newService(t)
			routes(s, "/rollback", rollback)
			first := send(t, s, kind+"/rollback")
			again := send(t, s, kind+"/rollback")
			if first.StatusCode != 200 || again.StatusCode != 200 || again.Header.Get("Idempotency-Replayed") != "true" || s.rows(t) != 1 {
				t.Errorf("%s: %d, then %d; %d rows", kind, first.StatusCode, again.StatusCode, s.rows(t))
			}
		}
	})
	t.Run("the_answer_of_another_one_that_came_meanwhile_counts", func(t *testing.T) {
		for _, kind := range kinds {
			s := newService(t)
			var nested atomic.Bool
			routes(s, "/rollback", func(ctx context.Context, session *retort.Session) error {
				if err := session.Rollback(ctx); err != nil {
					return err
				}
				if nested.CompareAndSwap(false, true) {
					if got := send(t, s, kind+"/rollback"); got.StatusCode != 200 {
						t.Errorf("inside: %+v", got)
					}
				}
				session.Add(newThing())
				return nil
			})
			got := send(t, s, kind+"/rollback")
			if got.StatusCode != 200 || got.Header.Get("Idempotency-Replayed") != "true" || s.rows(t) != 1 {
				t.Errorf("%s: %d %s, %d rows", kind, got.StatusCode, got.body, s.rows(t))
			}
		}
	})
	t.Run("a_commit_in_the_handler_keeps_the_key", func(t *testing.T) {
		for _, kind := range kinds {
			s := newService(t)
			routes(s, "/commit", commit)
			first, again := send(t, s, kind+"/commit"), send(t, s, kind+"/commit")
			if first.StatusCode != 200 || again.body != first.body || again.Header.Get("Idempotency-Replayed") != "true" || s.rows(t) != 2 {
				t.Errorf("%s: %d, then %d; %d rows", kind, first.StatusCode, again.StatusCode, s.rows(t))
			}
		}
	})
	t.Run("a_commit_without_an_answer_is_told_as_stored", func(t *testing.T) {
		failing.Store(true)
		for _, kind := range kinds {
			s := newService(t)
			routes(s, "/commit", commit)
			first, again := send(t, s, kind+"/commit"), send(t, s, kind+"/commit")
			if p := again.problem(t); first.StatusCode != 500 || p.Type != web.ProblemCommittedNotRendered || s.rows(t) != 1 {
				t.Errorf("%s: %d, then %+v; %d rows", kind, first.StatusCode, p, s.rows(t))
			}
			if !strings.Contains(s.log.String(), "leave COMMIT to the route") {
				t.Errorf("%s: %s", kind, s.log)
			}
		}
	})
}
