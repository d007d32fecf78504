package app

import (
	"context"
	"os"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/cli"
	"github.com/retort-go/retort/services/privacyrights/config"
	"github.com/retort-go/retort/services/privacyrights/model"
	"github.com/retort-go/retort/services/privacyrights/revisions"
)

// revisionsDir is where new revisions are written, seen from the repository's root.
const revisionsDir = "services/privacyrights/revisions"

// commands runs `privacyrights db …` on the service's database, the embedded one
// included, and returns the exit code.
func commands(ctx context.Context, opts Options, args []string) int {
	a := &app{Options: opts, base: model.Base()}
	var db *database
	cmd := cli.New(cli.Config{
		Name: "privacyrights db", Base: a.base, Revisions: revisions.Files, Dir: revisionsDir,
		Open: func(ctx context.Context) (*retort.Engine, error) {
			var err error
			if a.cfg, err = config.Load(opts.Getenv, opts.EnvFile); err != nil {
				return nil, err
			}
			a.log = logger(opts.Stderr, a.cfg.Debug)
			if db, err = a.database(ctx); err != nil {
				return nil, err
			}
			return retort.Open(a.engineConfig(db.url, nil)) // the service's: doctor counts its connections
		},
	})
	cmd.SetOut(opts.Stdout)
	cmd.SetErr(opts.Stderr)
	code := cli.Run(ctx, cmd, args...)
	if db != nil {
		if err := db.stop(); err != nil && code == cli.Done {
			a.log.Error("privacyrights: the embedded PostgreSQL did not stop", "error", err)
			return cli.Failed
		}
	}
	return code
}

// environment is that of this process.
func environment() Options {
	return Options{Getenv: os.Getenv, EnvFile: ".env", Stdout: os.Stdout, Stderr: os.Stderr}
}
