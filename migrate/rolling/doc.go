// Package rolling proves that a deployed release goes on working while the next
// one rolls out: every statement that it sends is tried on the migrated schema.
//
//	m, err := manifest.Read(file) // what release 41 sends, from git
//	if err != nil {
//		return err
//	}
//	report, err := rolling.Check(ctx, eng, m) // a database with the schema of 42
//	if err != nil {
//		return err
//	}
//	fmt.Print(report)
//
// The server is the judge: it prepares each statement with the types that the
// release sends, and plans it. What only rows can show is a warning: a rule that is
// new, a type that holds less. Nothing is run and nothing stays.
//
// It stands on package migrate/manifest, whose files retorttest makes.
package rolling
