package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// Each request's transaction has the tenant of its user, for row-level security.
func ExampleTxFor() {
	eng, done := exampleEngine()
	defer done()

	tenant := web.TxFor(func(r *http.Request) (retort.TxOptions, error) {
		user, _, ok := r.BasicAuth()
		if !ok {
			return retort.TxOptions{}, &web.Error{Status: http.StatusUnauthorized, Title: "Who are you?"}
		}
		return retort.TxOptions{Settings: map[string]string{"app.tenant": user}}, nil
	})
	type answer struct{ Tenant string }
	whoami := web.Handle(eng, func(ctx context.Context, s *retort.Session, _ *struct{}) (*answer, error) {
		name, err := retort.SQL[string]("SELECT current_setting('app.tenant')").ReadOnly().One(ctx, s)
		return &answer{Tenant: name}, err
	}, tenant)

	for _, user := range []string{"acme", ""} {
		r := httptest.NewRequest("GET", "/whoami", nil)
		if user != "" {
			r.SetBasicAuth(user, "")
		}
		w := httptest.NewRecorder()
		whoami.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// 401
}
