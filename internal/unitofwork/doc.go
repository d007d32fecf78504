// Package unitofwork remembers the objects of one session and works out which
// statements make the database agree with them.
//
// The one idea: nothing is written when it is changed. An object is compared
// with the snapshot taken when it was loaded, the differences of all objects
// are put in an order that foreign keys allow, and the statements travel in one
// flight. Objects are touched only after that flight succeeded.
//
//	var u unitofwork.Unit
//	u.Add(table, object)
//	changes, err := u.Changes()    // INSERT …; their statements fly
//	u.Apply(changes, false)       // server-made values reach the objects
//
// It does no I/O. Above it sits the root package; below it internal/model,
// internal/mapper and internal/flight.
package unitofwork
