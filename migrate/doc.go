// Package migrate changes the schema: revisions in files, and the runner that
// brings a database to one of them.
//
// The one idea: what a revision did is written down in the same transaction in
// which it is done, and what cannot be done in a transaction is only allowed where
// the database itself shows whether it was. So a run that ends anywhere is
// completed by the next one.
//
//	//go:embed migrations/*.sql
//	var migrations embed.FS
//
//	history, err := migrate.Read(migrations)
//	runner, err := migrate.New(eng, history, migrate.Options{})
//	err = runner.Upgrade(ctx, "head")
//
// [Read] makes a [History] of SQL files, each a [Revision] that names its parents;
// [History.Upgrade] and its like are pure and say what leads where. [Runner] runs
// it, under a lock, bounded, and writes it into the ledger.
//
// It compares nothing with models: that is package autogenerate, which sits above
// it and makes the text of revisions. It reads no files but those it is given.
package migrate
