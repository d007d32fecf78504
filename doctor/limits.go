package doctor

import "fmt"

const limitsSQL = `/* retort:doctor */ SELECT
  pg_catalog.current_setting('statement_timeout'), pg_catalog.current_setting('lock_timeout'),
  pg_catalog.current_setting('idle_in_transaction_session_timeout'), pg_catalog.current_setting('idle_session_timeout')`

// limitFindings judges the time limits that each connection of the engine has.
func limitFindings(row []string) []Finding {
	statement, lock, idle, session := row[0], row[1], row[2], row[3]
	all := []Finding{{OK, "timeouts", fmt.Sprintf("lock_timeout %s, statement_timeout %s, idle_in_transaction_session_timeout %s", off(lock), off(statement), off(idle)), ""}}
	for _, l := range []struct{ have, text, do string }{
		{statement, "statement_timeout is off: a query that nobody waits for any more goes on", "Config.StatementTimeout: 30 * time.Second, say; requests with a deadline are bound already (Config.Deadlines)"},
		{lock, "lock_timeout is off: a request waits for a lock as long as its context lets it", "Config.LockTimeout: 5 * time.Second, say"},
		{idle, "idle_in_transaction_session_timeout is off: a forgotten transaction blocks every later ALTER TABLE", "Config.IdleTransactionTimeout: 5 * time.Minute, say; or ALTER ROLE … SET idle_in_transaction_session_timeout = '5min'"},
	} {
		if l.have == "0" {
			all = append(all, Finding{Note, "timeouts", l.text, l.do})
		}
	}
	if session != "0" {
		all = append(all, Finding{Note, "timeouts", "idle_session_timeout is " + session + ": the server ends connections that the pool keeps", "set Config.Recycle below it, or ALTER ROLE … SET idle_session_timeout = 0"})
	}
	return all
}

// off names a time limit that there is none.
func off(limit string) string {
	if limit == "0" {
		return "off"
	}
	return limit
}
