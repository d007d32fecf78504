package web_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	const limit = 300 * time.Millisecond
	sleeping := func(t *testing.T, s *service) {
		t.Helper()
		for begin := time.Now(); s.QueryInt(t, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND pid <> pg_backend_pid() AND (state LIKE 'idle in%' OR state = 'active')`) > 0; {
			if time.Since(begin) > 10*time.Second {
				t.Fatal("the server has not ended the transaction in 10 s")
			}
		}
	}

	t.Run("answers_504_when_the_handler_heeds_its_context", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		slow := func(ctx context.Context, sess *retort.Session) error {
			sess.Add(newThing())
			_, err := retort.SQL[string]("SELECT pg_sleep(60)::text").One(ctx, sess)
			return err
		}
		s.mux.Handle("POST /handle", web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*struct{}, error) {
			return nil, slow(ctx, sess)
		}, web.TimeLimit(limit), s.logger()))
		s.mux.Handle("POST /sessions", web.Sessions(s.Engine, web.TimeLimit(limit), s.logger())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := slow(r.Context(), web.Session(r)); err != nil {
				web.ProblemOf(err).ServeHTTP(w, r)
			}
		})))
		s.mux.Handle("POST /within", web.Handle(s.Engine, create, web.TimeLimit(time.Hour)))
		for _, path := range []string{"/handle", "/sessions"} {
			if p := s.do(t, "POST", path, "").problem(t); p.Status != 504 || p.Type != web.ProblemTimeout {
				t.Errorf("%s: %+v", path, p)
			}
		}
		if got := s.do(t, "POST", "/within", `{"code":"a","name":"a"}`); got.StatusCode != 200 || s.rows(t) != 1 {
			t.Errorf("status %d, %d rows", got.StatusCode, s.rows(t))
		}
		s.idle(t)
	})
	t.Run("ends_the_transaction_of_a_handler_that_sleeps", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.mux.Handle("POST /asleep", web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*struct{}, error) {
			sess.Add(newThing())
			if err := sess.Flush(ctx); err != nil {
				return nil, err
			}
			sleeping(t, s)
			return nil, nil // and believes that all is well
		}, web.TimeLimit(limit), s.logger()))
		if p := s.do(t, "POST", "/asleep", "").problem(t); p.Status != 504 || p.Type != web.ProblemTimeout {
			t.Errorf("%+v", p)
		}
		if s.rows(t) != 0 {
			t.Error("stored")
		}
		s.idle(t)
		if err := s.Engine.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("an_idle_transaction_that_the_server_ended_is_503", func(t *testing.T) {
		t.Parallel()
		s := newService(t, func(c *retort.Config) { c.IdleTransactionTimeout = 50 * time.Millisecond })
		s.mux.Handle("POST /asleep", web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*struct{}, error) {
			sess.Add(newThing())
			if err := sess.Flush(ctx); err != nil {
				return nil, err
			}
			sleeping(t, s)
			_, err := Things.Query().Count(ctx, sess)
			return nil, err
		}, s.logger()))
		if p := s.do(t, "POST", "/asleep", "").problem(t); p.Status != 503 || p.Type != web.ProblemUnavailable {
			t.Errorf("%+v", p)
		}
		if s.rows(t) != 0 {
			t.Error("stored")
		}
		s.idle(t)
	})
	t.Run("a_limit_of_the_server_is_504_and_a_lock_503", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.mux.Handle("POST /slow", web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*struct{}, error) {
			_, err := sess.Exec(ctx, "SELECT pg_sleep(60)")
			return nil, err
		}, web.Tx(retort.TxOptions{StatementTimeout: 20 * time.Millisecond}), s.logger()))
		s.mux.Handle("POST /locked", web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*struct{}, error) {
			_, err := sess.Exec(ctx, "LOCK TABLE things")
			return nil, err
		}, web.Tx(retort.TxOptions{LockTimeout: 20 * time.Millisecond}), s.logger()))
		tx, err := s.Conn(t).Begin(t.Context())
		must(t, err)
		_, err = tx.Exec(t.Context(), "LOCK TABLE things IN SHARE MODE")
		must(t, err)
		if p := s.do(t, "POST", "/slow", "").problem(t); p.Status != 504 || p.Type != web.ProblemTimeout {
			t.Errorf("%+v", p)
		}
		if p := s.do(t, "POST", "/locked", "").problem(t); p.Status != 503 || p.Type != web.ProblemLockTimeout {
			t.Errorf("%+v", p)
		}
		must(t, tx.Rollback(t.Context()))
		s.idle(t)
	})
}

// A client that reads slowly, or not at all, gets an answer whose connection has
// been given back before its first byte.
func TestSlowReaderHoldsNoConnection(t *testing.T) {
	t.Parallel()
	s := newService(t)
	large := strings.Repeat("x", 32<<20) // more than the sockets take
	type answer struct {
		Text string `json:"text"`
	}
	s.mux.Handle("POST /handle", web.Handle(s.Engine, func(_ context.Context, sess *retort.Session, _ *struct{}) (*answer, error) {
		sess.Add(newThing())
		return &answer{large}, nil
	}))
	s.mux.Handle("POST /sessions", web.Sessions(s.Engine, web.MaxBuffer(64<<20))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		_, _ = io.WriteString(w, large)
	})))
	var dialer net.Dialer
	for i, path := range []string{"/handle", "/sessions"} {
		conn, err := dialer.DialContext(t.Context(), "tcp", s.srv.Listener.Addr().String())
		must(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", path)
		must(t, err)
		var first [1]byte
		_, err = io.ReadFull(conn, first[:]) // the answer has begun, and goes on for long
		must(t, err)
		if st := s.Engine.Stats(); st.InUse != 0 || s.rows(t) != int64(i+1) {
			t.Errorf("%s: %s, %d rows", path, st, s.rows(t))
		}
	}
}
