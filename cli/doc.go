// Package cli is the commands that change a schema, as a library: they are
// mounted in the program that declares the models, "app db upgrade".
//
// The one idea: autogenerate needs the compiled models, and a shipped binary
// should migrate without a Go toolchain, so the commands live in the program.
//
//	func main() {
//		if len(os.Args) > 1 && os.Args[1] == "db" {
//			db := cli.New(cli.Config{Name: "app db", Open: open, Base: model.Base, Revisions: revisions.Files})
//			os.Exit(cli.Run(context.Background(), db, os.Args[2:]...))
//		}
//		…
//	}
//
// open opens the engine that the service has. The package revisions, which embeds
// the files, is made by "app db init"; until then leave Revisions out.
//
// Answers go to standard output, everything else to standard error; --json
// makes the answer one document, NO_COLOR is honored, and the exit codes are
// the constants of this package. Questions are asked in a terminal only.
//
// It holds no logic of migrations: that is package migrate and those below it.
// The command retort, for work on files alone, sits above it.
package cli
