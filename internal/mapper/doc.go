// Package mapper moves Go structs to and from rows: one plan per struct type,
// compiled once, in PostgreSQL's binary format both ways.
//
// The one idea: all decisions about a type are made when its plan is compiled.
// A (PostgreSQL type, Go type) pair is picked for each column then, so that
// encoding, decoding, snapshots and comparison are loops over field offsets
// without reflection.
//
//	fields, err := mapper.Fields(reflect.TypeFor[Book]())
//	plan, err := mapper.Compile(reflect.TypeFor[Book](), columns) // one Column per Field
//	var args mapper.Args
//	object, _ := plan.ObjectOf(&Book{Title: "Stoner"})
//	err = plan.Append(&args, object, 0)
//
// [StandIn] turns a pointer to a field into a column, the way queries name
// columns. [ScanPlan] serves the results of raw SQL, and [AppendText] its
// arguments.
//
// # What it does not do
//
// It writes no SQL and does no I/O; it knows no tables, keys or sessions. It
// converts between types only where nothing can be lost.
//
// It refuses the values that PostgreSQL would refuse by their form: NUL, bytes
// that are not UTF-8, times out of range, json that jsonb cannot hold. To the
// server it leaves what depends on the schema: the length of varchar(n), the
// values of an enum, the size of numbers inside jsonb. Text that encoding/json
// writes has its invalid UTF-8 replaced by U+FFFD, as that package does.
//
// # Neighbors
//
// Above: the root package, internal/unitofwork and internal/query. Below: pgx's
// OID constants and field descriptions only. The whole project's unsafe code is
// in this package.
package mapper
