// Package localpg runs a real PostgreSQL on this machine: the demo's embedded
// default and the server behind every test.
//
// The one idea: the machine's own PostgreSQL binaries, run as a child process
// on a copy of a template cluster, are as quick to start as a fake and behave
// as production does. initdb runs once per version, later starts copy its
// result.
//
//	srv, err := localpg.Start(ctx, localpg.Config{})
//	if err != nil {
//		return err
//	}
//	defer srv.Stop(context.Background())
//	conn, err := pgx.Connect(ctx, srv.URL("postgres"))
//
// # What a server is
//
// It listens on 127.0.0.1, on a port that was free, and on a Unix socket in a
// folder of its own. The superuser is retort, without a password: whoever can
// reach the loopback interface of this machine can use it, so it is for
// development and tests and never for data that others must not see.
//
// Without [Config.DataDir] the cluster is ephemeral: in memory (tmpfs) where
// there is room, without fsync, and gone after [Server.Stop]. With it the
// cluster is kept and as durable as PostgreSQL's defaults make it.
//
// A server ends with the process that started it, however that ends: on Linux
// the kernel signals the postmaster, and everywhere a small watching shell
// stops it and clears its folders.
//
// # What it does not do
//
// It never downloads anything by itself ([Download] must be called), never
// listens beyond loopback, and does not upgrade a cluster from one major
// version to the next. Starting a server on Windows is not supported; the
// package builds there and says so.
//
// It imports the standard library only. Below it is nothing of the house;
// above it are retorttest and the services.
package localpg
