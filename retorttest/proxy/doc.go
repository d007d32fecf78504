// Package proxy stands between a client and PostgreSQL, counts round trips and
// breaks connections at chosen messages.
//
// The one idea: what a network costs and how it fails can only be seen on the
// wire, so the proxy reads both directions message by message, on a real
// socket in front of a real server.
//
//	p := proxy.Start(t, db.URL())
//	...run the code under test on p.URL()...
//	if n := p.RoundTrips(); n != 1 {
//		t.Errorf("%d round trips, want 1: %q", n, p.Executions())
//	}
//
// # What a round trip is
//
// A round trip begins with a client's message while nothing that the client
// sent before is still to be answered. It ends when the ReadyForQuery that
// answers the last Sync or Query sent is handed to the client, and the client
// had sent nothing more by then. So several Sync groups that are sent at once
// are one trip, however the server's answers are cut into packets. Starting a
// connection, with its authentication, is no trip; it is counted apart.
//
// Two waits are not seen: one at a Flush without Sync (assert that
// Counts().Frontend['H'] is 0), and the one before COPY data is sent, which
// belongs to its Query's trip.
//
// # What it does not do
//
// It speaks no TLS: a client that asks for it is told no, and the upstream
// server must accept plain connections. On Windows the rule above holds but
// for a client's message that arrives in the very moment of a ReadyForQuery.
//
// It stands on the standard library and on pgx for reading connection strings;
// above it are tests.
package proxy
