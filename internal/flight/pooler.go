package flight

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

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

// LostStatement reports whether err is the server's word that it does not know a
// statement that this connection prepared (26000). Where nobody dropped it, the
// server is not the one that it was prepared on: a pooler changed it in between.
func (c *Conn) LostStatement(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "26000" && !c.mustClose && strings.Contains(e.Message, c.registry.prefix)
}
