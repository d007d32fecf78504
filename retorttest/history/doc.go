// Package history checks what transactions saw of each other: the isolation that a
// database, a pool and a retry loop together really gave.
//
// The one idea: transactions append unique values to lists and read them, so a list
// that was read tells which writes came before it and in which order. From that
// follows who must have come before whom; a circle is an anomaly, and which edges it
// has says which one.
//
//	txns := []history.Txn{
//		{Ops: []history.Op{history.Append("x", 1), history.Read("y", 1)}},
//		{Ops: []history.Op{history.Append("x", 2), history.Append("y", 1)}},
//		{Ops: []history.Op{history.Read("x", 1, 2)}},
//	}
//	for _, a := range history.Check(txns, history.ReadCommitted) {
//		t.Error(a) // G1c: …
//	}
//
// [Bank] is the other classic: money moves between accounts, and every reader sees
// the same total.
//
// It knows neither clocks nor sessions: a database that serves the past in a
// consistent order passes. It needs unique values for each list, and finds out of
// order what nobody has read.
//
// It stands on the standard library only; above it are tests.
package history
