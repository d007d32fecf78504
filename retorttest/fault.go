package retorttest

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/retort-go/retort/internal/statement"
	"github.com/retort-go/retort/retorttest/proxy"
)

// Place is where in the conversation with the server a fault waits: it picks the
// message that asks for a statement. [OnCommit] and [OnBegin] are places;
// [OnStatement], [OnLabel] and [OnSQL] make one, as do the matchers of package
// proxy.
type Place = func(proxy.Message) bool

// OnCommit is where a unit of work is committed.
//
//   - Shape: a read that ends its own snapshot is no such place.
func OnCommit(m proxy.Message) bool {
	return proxy.Commits(m) && !strings.Contains(m.SQL, "/* retort:session.read */") && !strings.Contains(m.SQL, "/* retort:snapshot */")
}

// OnBegin is where a transaction is opened.
func OnBegin(m proxy.Message) bool {
	word := statement.FirstWord(m.SQL)
	return asks(m) && (word == "BEGIN" || word == "START")
}

// OnStatement is the n-th statement from now on, counted from 1 over all
// connections.
//
//   - Shape: BEGIN, COMMIT, ROLLBACK, savepoints, what travels with them (settings,
//     limits by a deadline, the outcome row) and what the engine asks for itself
//     (pings, resets, the types of a first connection) are not counted. It counts
//     once: make a new one for each fault.
func OnStatement(n int) Place {
	var mu sync.Mutex
	seen := 0
	return func(m proxy.Message) bool {
		if !asks(m) || !work(m.SQL) {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		seen++
		return seen == n
	}
}

// OnLabel is each statement of Retort's that says it is of label, such as
// "session.flush", "session.get" or "query.all".
func OnLabel(label string) Place {
	mark := "/* retort:" + label + " */"
	return func(m proxy.Message) bool { return asks(m) && strings.Contains(m.SQL, mark) }
}

// OnSQL is each statement that contains text, in any case.
func OnSQL(text string) Place { return proxy.Runs(text) }

// Fail makes the server refuse the next statement at place with a SQLSTATE, as
// PostgreSQL itself does it: nothing of the statement is done and the transaction
// is aborted; a COMMIT becomes a ROLLBACK. The engine runs its own code.
//
//		k.Fail(retorttest.OnCommit, "40001") // once; .Times(2) twice
//
//	  - Shape: of BEGIN, INSERT and COMMIT that fly together one is refused, and what
//	    lies behind it is skipped as ever. The error is without a table and a
//	    constraint. 57P01 and its like end the connection, too.
func (k *Kit) Fail(place Place, sqlstate string) *proxy.Rule {
	return k.Proxy.FailWith(place, sqlstate)
}

// CutBefore cuts the connection before the next statement at place reaches the
// server: it never runs.
func (k *Kit) CutBefore(place Place) *proxy.Rule { return k.Proxy.CutBefore(place) }

// CutReply cuts the connection before the server's answer to the next statement
// at place reaches the engine: the statement did run.
//
//   - Shape: call it while the engine waits for no answer.
func (k *Kit) CutReply(place Place) *proxy.Rule {
	return k.Proxy.CutBefore(proxy.ReplyTo(place))
}

// Delay holds the next statement at place back for d. [proxy.Proxy.Delay] slows
// everything.
func (k *Kit) Delay(place Place, d time.Duration) *proxy.Rule {
	return k.Proxy.Before(place, func(proxy.Message) { time.Sleep(d) })
}

// Refuse breaks the open connections and has new ones refused, as when the server
// is gone, until it is called with false.
func (k *Kit) Refuse(on bool) {
	k.Proxy.RefuseConnections(on)
	if on {
		k.Proxy.ResetConnections()
	}
}

// asks tells the messages that have the server run something.
func asks(m proxy.Message) bool { return m.Frontend && (m.Type == 'Q' || m.Type == 'B') }

// work tells a test's own statements from those that frame them.
func work(sql string) bool {
	switch statement.FirstWord(sql) {
	case "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE":
		return false
	}
	return !strings.Contains(sql, "/* retort:flight.") && !rides(sql) && !learns(sql)
}

// rides tells what a session sends with BEGIN or COMMIT of its own accord: settings,
// limits by the deadline, which come again in their own time, and the outcome row.
func rides(sql string) bool {
	return slices.ContainsFunc([]string{"session.settings", "session.deadline", "outcome.insert", "outcome.fence"}, func(label string) bool {
		return strings.HasPrefix(sql, "/* retort:"+label+" */")
	})
}

// learns tells what an engine asks on its first connection: the types of the
// models that are not built in, such as enums, and where the table of its
// outcomes is.
func learns(sql string) bool {
	return strings.HasPrefix(sql, "/* retort:types */") || strings.HasPrefix(sql, "/* retort:outcome.table */")
}

// resets tells the first statement of a connection's reset; all of them together
// are one trip.
func resets(sql string) bool {
	return strings.HasPrefix(sql, "/* retort:flight.reset */ RESET SESSION")
}
