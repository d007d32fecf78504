package beside_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/web"
)

// withChi: web's middleware is net/http's, and so is chi's.
func withChi(eng *retort.Engine) http.Handler {
	r := chi.NewRouter()
	r.Use(web.Sessions(eng))
	r.Post("/tickets/{title}", func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(&Ticket{Title: chi.URLParam(r, "title")})
		w.WriteHeader(http.StatusCreated)
	})
	return r
}

// withEcho: echo wraps middleware of net/http by itself. The session is in the
// request that reaches the handler. An error is answered inside the session, so
// that it rolls back.
func withEcho(eng *retort.Engine) http.Handler {
	e := echo.New()
	e.Use(echo.WrapMiddleware(web.Sessions(eng)))
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := next(c); err != nil {
				c.Error(err)
			}
			return nil
		}
	})
	e.POST("/tickets/:title", func(c echo.Context) error {
		if c.Param("title") == "forbidden" {
			return echo.NewHTTPError(http.StatusForbidden, "not that one")
		}
		web.Session(c.Request()).Add(&Ticket{Title: c.Param("title")})
		return c.NoContent(http.StatusCreated)
	})
	return e
}

// withGin: gin's middleware is not net/http's, so the session is put around the
// whole of gin, which passes the request on.
func withGin(eng *retort.Engine) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	g.POST("/tickets/:title", func(c *gin.Context) {
		web.Session(c.Request).Add(&Ticket{Title: c.Param("title")})
		c.Status(http.StatusCreated)
	})
	return web.Sessions(eng)(g)
}

func TestRouters(t *testing.T) {
	t.Parallel()
	for name, router := range map[string]func(*retort.Engine) http.Handler{"chi": withChi, "echo": withEcho, "gin": withGin} {
		t.Run(name, func(t *testing.T) {
			kit := retorttest.New(t, base)
			h := router(kit.Engine)
			ask := func(path string) int {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, http.NoBody))
				return w.Code
			}
			if got := ask("/tickets/one"); got != http.StatusCreated {
				t.Errorf("got %d", got)
			}
			// The commit failed before the answer left.
			if got := ask("/tickets/one"); got != http.StatusConflict {
				t.Errorf("got %d, want 409", got)
			}
			if name == "echo" {
				if got := ask("/tickets/forbidden"); got != http.StatusForbidden {
					t.Errorf("got %d, want 403", got)
				}
			}
			if n := kit.QueryInt(t, "SELECT count(*) FROM tickets"); n != 1 {
				t.Errorf("%d tickets, want 1", n)
			}
		})
	}
}
