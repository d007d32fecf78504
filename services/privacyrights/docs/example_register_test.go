package docs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/retort-go/retort/services/privacyrights/docs"
)

func ExampleRegister() {
	mux := http.NewServeMux()
	docs.Register(mux, "/openapi.json", "Privacy rights")

	r := httptest.NewRequest(http.MethodGet, "/redoc", http.NoBody)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}
