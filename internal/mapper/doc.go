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
// # Pairs
//
// A Go type is paired with a PostgreSQL type by what it says of itself first:
// methods of pgtype, then Value with Scan, then its kind, then MarshalText. Any
// pair can be the element of a slice, the bound of a range or an attribute of a
// composite. The types of a user's own database are registered in a [Types],
// which is a value; types whose OID only the server knows travel as text inside
// of others.
//
// What one side cannot hold has one rule each:
//
//   - NULL goes to pointers and to types that have a value for it; in other
//     fields it is a [*NullError], inside of arrays too. A nil slice or map is
//     empty and not NULL, but for those of pgtype.
//   - Infinite times go to the types of pgtype. BC and years beyond 9999 go to
//     time.Time too; a time beyond PostgreSQL's range is a [*ValueError].
//   - A timestamp without time zone is what the clock of the time shows in its
//     own location, and is read as UTC; so is a date.
//   - numeric goes to integers and floats while nothing is lost: a float that
//     would be written back as another number is refused. NaN and infinity go to
//     floats, strings and pgtype.Numeric. The server rounds to the declared scale.
//   - interval goes to time.Duration when it has no months and no days; a
//     duration is written in microseconds, cut and not rounded.
//   - Arrays of another number of dimensions than the slices are refused; lower
//     bounds are kept by pgtype.Array only.
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
