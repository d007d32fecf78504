// Package doctor looks at what a service will meet in its database, before it does:
// the server, a pooler in front of it, the role, time limits, the budget of
// connections, and what would block a change of the schema.
//
//	report, err := doctor.Examine(ctx, eng, doctor.Options{Pods: 6})
//	for _, f := range report.Findings {
//		log.Println(f)
//	}
//
// The one idea: each finding says what to do about it. It reads only, in two round
// trips, and judges the server as this engine's connections see it, with their
// settings. `db doctor` of package cli prints the same findings and those of the
// ledger of revisions.
//
// What it does not do: measure, watch (package observe does), or change anything.
package doctor
