package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/web"
)

// Each request's transaction has the options that its own headers ask for.
func TestTxFor(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, things)
	option := web.TxFor(func(r *http.Request) (retort.TxOptions, error) {
		tenant := r.Header.Get("X-Tenant")
		if tenant == "" {
			return retort.TxOptions{}, &web.Error{Status: http.StatusUnauthorized, Title: "Who are you?"}
		}
		return retort.TxOptions{Settings: map[string]string{"app.tenant": tenant}}, nil
	})
	type answer struct{ Tenant string }
	read := func(ctx context.Context, s *retort.Session) (string, error) {
		tenant, err := retort.SQL[string]("SELECT current_setting('app.tenant')").ReadOnly().One(ctx, s)
		return fmt.Sprint(tenant, " ", s.ReadOnly()), err
	}
	handle := web.Handle(k.Engine, func(ctx context.Context, s *retort.Session, _ *struct{}) (*answer, error) {
		got, err := read(ctx, s)
		return &answer{got}, err
	}, option)
	sessions := web.Sessions(k.Engine, option)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := read(r.Context(), web.Session(r))
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = fmt.Fprint(w, got)
	}))
	for name, h := range map[string]http.Handler{"Handle": handle, "Sessions": sessions} {
		for _, c := range []struct {
			method, tenant, want string
			status               int
		}{
			{"GET", "acme", "acme true", 200},
			{"POST", "zoo", "zoo false", 200},
			{"GET", "", "Who are you?", 401},
			{"POST", "a\xff", "", 500},
		} {
			r := httptest.NewRequestWithContext(t.Context(), c.method, "/", nil)
			r.Header.Set("X-Tenant", c.tenant)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("%s, %s as %q: %d %s", name, c.method, c.tenant, w.Code, w.Body)
			}
		}
	}
}

// A session that TxFor makes read-only stores nothing, whatever the method: no
// failure of it says "stored", and a write is a fault of the service.
func TestReadOnlyTxForIsNotToldItIsStored(t *testing.T) {
	t.Parallel()
	s := newService(t)
	readOnly := web.TxFor(func(*http.Request) (retort.TxOptions, error) { return retort.TxOptions{ReadOnly: true}, nil })
	type answer struct{ N int }
	write := func(ctx context.Context, s *retort.Session) error {
		_, err := s.DBTX().Exec(ctx, "DELETE FROM things")
		return err
	}
	s.mux.Handle("POST /view", web.HandleView(s.Engine,
		func(context.Context, *retort.Session, *struct{}) (*answer, error) { return &answer{}, nil },
		func(*answer) *answer { panic("no view") }, readOnly, s.logger()))
	s.mux.Handle("POST /write", web.Handle(s.Engine,
		func(ctx context.Context, s *retort.Session, _ *struct{}) (*answer, error) {
			return &answer{}, write(ctx, s)
		}, readOnly, s.logger()))
	s.mux.Handle("POST /plain", web.Sessions(s.Engine, readOnly, s.logger())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = write(r.Context(), web.Session(r)) // COMMIT says it again
	})))
	for _, path := range []string{"/view", "/write", "/plain"} {
		if p := s.do(t, "POST", path, "").problem(t); p.Type != web.ProblemInternal {
			t.Errorf("POST %s: %d %s", path, p.Status, p.Type)
		}
	}
}
