// Package flight talks to PostgreSQL: one network round trip as a value.
//
// The one idea: everything that can travel together does. A [Flight] holds BEGIN,
// the statements and COMMIT; [Conn.Fly] writes it at once, waits once, and says
// exactly what became of it ([Outcome]). Statements are prepared on first use in
// the same flight, so that a new one costs no extra trip.
//
//	f := &flight.Flight{
//		Begin:      "BEGIN",
//		Statements: []flight.Statement{{SQL: "INSERT INTO t (id) VALUES ($1)", OIDs: []uint32{23}, Args: args}},
//		End:        flight.Commit,
//	}
//	err := conn.Fly(ctx, f)
//
// It does not encode or decode values, pool connections, send anything again, or
// know tables: internal/mapper, pool and the root package do. It stands on pgx's
// pgconn and on pgerr.
package flight
