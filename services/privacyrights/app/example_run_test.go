package app_test

import (
	"context"
	"fmt"
	"time"

	"github.com/retort-go/retort/services/privacyrights/app"
)

// The service starts without a database, and ends when its context does.
func ExampleRun() {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	environ := map[string]string{
		"DATABASE_URL": "postgres://127.0.0.1:1/nowhere?sslmode=disable",
		"LISTEN_ADDR":  "127.0.0.1:0",
	}
	err := app.Run(ctx, app.Options{Getenv: func(name string) string { return environ[name] }})
	fmt.Println(err)
	// Output: <nil>
}
