// Package app runs the service: settings, database, tables, server, and an
// orderly end of each.
//
// The one idea: the service listens first and needs its database last. It
// starts and stays up without one, answers 503 meanwhile, upgrades its tables
// when the database is there, and then says in one line that it is ready.
//
//	ctx, stop := web.Signals(context.Background())
//	defer stop()
//	err := app.Run(ctx, app.Options{Getenv: os.Getenv, EnvFile: ".env", Stdout: os.Stdout, Stderr: os.Stderr})
//
// Package app has no routes and no SQL. The command privacyrights and the tests
// sit above it; below are packages config, model and api, retort, its packages
// web and localpg.
package app
