package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/services/privacyrights/api"
	"github.com/retort-go/retort/services/privacyrights/model"
)

// The handler needs an engine, which connects to nothing until a route needs it.
func ExampleNew() {
	eng, err := retort.Open(retort.Config{Base: model.Base(), URL: "postgres://127.0.0.1/privacy?sslmode=disable"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer eng.Close(context.Background())
	handler, err := api.New(api.Config{Engine: eng, Title: "Privacy Rights API", Version: "0.1.0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	fmt.Print(w.Code, " ", w.Body)
	// Output: 200 {"service":"Privacy Rights API","version":"0.1.0"}
}
