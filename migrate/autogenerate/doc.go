// Package autogenerate compares a database with the models and plans what leads
// from one to the other and back.
//
// The one idea: PostgreSQL is the judge. The models are built in a scratch
// database, both sides are read by package catalog as the server renders them,
// and only what the server writes differently is a difference.
//
//	candidate, err := autogenerate.Generate(ctx, eng, base, autogenerate.Config{})
//	if err != nil {
//		return err
//	}
//	fmt.Print(autogenerate.Script(candidate.Plan.Up))
//
// [Generate] does all of it; [ReadModels], [Compare] and [Build] are its steps.
// [Compare] and [Build] are pure: the same catalogs give the same bytes. They
// propose nothing that drops what no model claims, unless asked. They run
// nothing: that is the runner's work.
package autogenerate
