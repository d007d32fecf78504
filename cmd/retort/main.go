// Command retort works on revision files, and on the database that DATABASE_URL
// or --url names, without the models of a program.
//
//	go run github.com/retort-go/retort/cmd/retort heads
//
// What compares with models (revision --autogenerate, check) is in the program
// that declares them: package cli mounts the same commands there.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	var url string
	cmd := cli.New(cli.Config{
		Name: "retort",
		Open: func(context.Context) (*retort.Engine, error) {
			if url == "" {
				url = os.Getenv("DATABASE_URL")
			}
			if url == "" {
				return nil, errors.New("which database? Set DATABASE_URL, or give --url postgres://user@host/name")
			}
			return retort.Open(retort.Config{URL: url})
		},
	})
	cmd.PersistentFlags().StringVar(&url, "url", "", "the database (default: DATABASE_URL)")
	return cli.Run(ctx, cmd, args...)
}
