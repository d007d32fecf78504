package app

import (
	"context"
	"fmt"
	"os"

	"github.com/retort-go/retort/web"
)

// Main is the command: it runs the service in this process's environment until
// SIGINT or SIGTERM and returns the exit status. A second signal ends the
// process at once.
func Main() int {
	ctx, stop := web.Signals(context.Background())
	defer stop()
	err := Run(ctx, Options{Getenv: os.Getenv, EnvFile: ".env", Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, "privacyrights:", err)
		return 1
	}
	return 0
}
