package flight

// highestPID is the largest process id that a system gives: 2^22 on Linux, less
// elsewhere.
const highestPID = 1 << 22

// BehindPooler reports whether something other than PostgreSQL's own process
// answers: a pooler makes up the process id that it gives to a client.
//
//   - Shape: true is certain (but a distributed engine with PostgreSQL's protocol
//     may do the same; CockroachDB is recognized); false is not: one made-up id in
//     a thousand looks like a real one, and some poolers hand on the server's.
//   - Source: PgBouncer src/client.c, whose cancel key is eight random bytes;
//     linux/threads.h, PID_MAX_LIMIT.
func (c *Conn) BehindPooler() bool {
	return c.pg.PID() > highestPID && c.pg.ParameterStatus("crdb_version") == ""
}
