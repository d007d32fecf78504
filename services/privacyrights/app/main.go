package app

import (
	"context"
	"fmt"
	"os"

	"github.com/retort-go/retort/web"
)

// Main is the command: it runs the service in this process's environment until
// SIGINT or SIGTERM, or behind the word "db" a command on its database, and
// returns the exit status. A second signal ends the process at once.
func Main() int {
	ctx, stop := web.Signals(context.Background())
	defer stop()
	if len(os.Args) > 1 && os.Args[1] == "db" {
		return commands(ctx, environment(), os.Args[2:])
	}
	err := Run(ctx, environment())
	if err != nil {
		fmt.Fprintln(os.Stderr, "privacyrights:", err)
		return 1
	}
	return 0
}
