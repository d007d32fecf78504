// Package hazard holds the words for what a change of the schema does to those
// who work with the database meanwhile, and the one table of locks.
//
// The one idea: whoever speaks of danger (the plan of package autogenerate, the
// findings of package lint) takes the lock of a statement from [Of], and its
// sentence from [Lock.On]. Tests hold every row of the table to a real server:
// what pg_locks shows and whether the table's file is another one afterwards.
//
//	e, _ := hazard.Of(hazard.CreateIndex)
//	fmt.Println(e.Lock.On("orders", e.Span).Text) // SHARE on orders while its indexes are built
//
// It reads no SQL and knows no database; package lint reads statements.
package hazard
