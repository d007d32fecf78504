// Package autogenerate compares a database with the models and plans what leads
// from one to the other and back.
//
// The one idea: PostgreSQL is the judge. The models are built in a scratch
// database, both sides are read by package catalog as the server renders them,
// and only what the server writes differently is a difference.
//
//	differences, err := autogenerate.Compare(database, models, autogenerate.Options{})
//	if err != nil {
//		return err
//	}
//	plan := autogenerate.Build(database, models, differences)
//	fmt.Print(autogenerate.Script(plan.Up))
//
// [Compare] and [Build] are pure: the same catalogs give the same bytes. They
// propose nothing that drops what no model claims, unless asked. They run
// nothing: that is the runner's work.
package autogenerate
