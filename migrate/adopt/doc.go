// Package adopt takes over a database and a history that Alembic, goose or
// golang-migrate kept, without running anything again.
//
// The one idea: the old tool's files become revisions with the same ids and the same
// graph, and what the tool's table says was applied is stamped into the ledger. Where
// a file is SQL, its statements come along; where it is Python or Go, its revision is
// empty and a baseline, the schema as it is, goes before all of them.
//
//	old, err := adopt.Goose(os.DirFS("migrations"))
//	if err != nil {
//		return err
//	}
//	files, err := old.Files() // for review, and for git
//	…
//	stamped, err := old.Stamp(ctx, eng, migrate.Options{})
//
// It writes into the ledger alone: the old tool's table stays, and the old tool can
// go on until its files are gone. Package drift then shows whether the files amount
// to the database. It stands on packages migrate and autogenerate.
package adopt
