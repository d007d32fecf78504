// Command privacyrights serves the privacy-rights API: requests of people for
// their data, worked on and answered in time.
//
// It is set up by the environment and a .env file; services/privacyrights/.env.example
// lists every setting. Without DATABASE_URL it runs a PostgreSQL of its own.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/retort-go/retort/services/privacyrights/app"
	"github.com/retort-go/retort/web"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := web.Signals(context.Background())
	defer stop()
	err := app.Run(ctx, app.Options{Getenv: os.Getenv, EnvFile: ".env", Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, "privacyrights:", err)
		return 1
	}
	return 0
}
