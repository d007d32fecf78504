// Package retorttest is the test kit: a real PostgreSQL server for the test
// process and a database of its own for every test.
//
// The one idea: a test's database is a copy of a template that is filled once,
// so that every test starts from the same known state, in about ten
// milliseconds, and may commit, drop and notify as it likes.
//
//	func TestOrders(t *testing.T) {
//		t.Parallel()
//		k := retorttest.New(t, Base) // the tables of Base, an engine, a proxy between
//		k.WantTrips(t, 1, func() { order, err = retorttest.Call(t, k, placeOrder, &in) })
//		k.Fail(retorttest.OnCommit, "40001") // the next COMMIT
//		_, err = retorttest.Call(t, k, placeOrder, &in)
//		k.Exec(t, "UPDATE orders SET paid = true")
//	}
//
// [NewDatabase] gives a database alone, filled by a [Template].
//
// The server is an ephemeral one of package localpg, started by the first test
// that asks and gone with the test process; [Main] ends it a little sooner.
//
// # Environment
//
//   - RETORT_TEST_DATABASE_URL names a server to use instead. Its user must be
//     allowed to create databases. Templates stay on it for the next run.
//   - RETORT_KEEP=1 keeps the database of a failed test and says how to reach it.
//
// Package proxy, below this one, counts round trips and breaks connections.
// Above both are tests only; the kit links pgx and the testing package, so
// programs do not import it.
package retorttest
