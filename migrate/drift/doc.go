// Package drift says where models, revision files and a database are not the same.
//
// The one idea: there are three pairs, each with another remedy, so each is named.
// Models and files differ when a revision is missing; files and database, as far as
// the files are applied, when somebody changed the database by hand; models and
// database when either is so, or when revisions wait to be applied.
//
//	report, err := drift.Check(ctx, eng, base, history, drift.Config{})
//	if err != nil {
//		return err
//	}
//	fmt.Print(report)
//
// [Check] needs a scratch server and is for CI and for people. [Fingerprint] is one
// cheap query for start-up and for /readyz. Neither writes anything into the
// database, nor needs a table of Retort's in it: a database that Alembic, goose or
// golang-migrate still owns can be checked as it is.
//
// It stands on package autogenerate, which compares, and on package migrate.
package drift
