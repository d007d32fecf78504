package cli

import (
	"fmt"
	"strings"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/roles"
)

// doctorCmd looks at what an upgrade will meet.
func (a *app) doctorCmd() *command {
	return a.command("doctor", "Look at the server, the role and what would block an upgrade", `
Reads only. Exit code 3 when something is wrong; what is only worth knowing
is shown and counts as right.`, func(c *call) (answer, error) {
		eng, err := c.open()
		if err != nil {
			return nil, err
		}
		findings, err := examine(c, eng)
		if err != nil {
			return nil, err
		}
		ledger, err := c.ledgerFindings()
		if err != nil {
			return nil, err
		}
		findings = append(findings, ledger...)
		said := diagnosis{OK: true, Findings: findings}
		for _, f := range findings {
			said.OK = said.OK && f.State != "wrong"
		}
		if !said.OK {
			err = found()
		}
		return said, err
	})
}

// diagnosis is what doctor found.
type diagnosis struct {
	OK       bool      `json:"ok"`
	Findings []finding `json:"findings"`
}

// finding is one thing that doctor looked at.
type finding struct {
	State string `json:"state"` // ok, note or wrong
	About string `json:"about"`
	Text  string `json:"text"`
	Do    string `json:"do,omitempty"`
}

func (d diagnosis) text(p *page) {
	for _, f := range d.Findings {
		mark := p.paint(good, "ok   ")
		switch f.State {
		case "note":
			mark = p.paint(notice, "note ")
		case "wrong":
			mark = p.paint(bad, "wrong")
		}
		p.line("%s  %-11s  %s", mark, f.About, f.Text)
		if f.Do != "" {
			p.line("%s  %-11s  %s", "     ", "", p.paint(faint, "→ "+f.Do))
		}
	}
}

// examine asks everything in two round trips.
func examine(c *call, eng *retort.Engine) ([]finding, error) {
	rows, err := eng.Snapshot(c.ctx(), serverSQL, blockersSQL, preparedSQL, invalidSQL, unvalidatedSQL)
	if err != nil {
		return nil, err
	}
	all := serverFindings(rows[0][0])
	all = append(all, listed("blocking", "no transaction is open for more than a minute", rows[1],
		"the next ALTER TABLE queues behind it, and every query behind that; end it, or upgrade when it is over")...)
	all = append(all, listed("prepared", "no prepared transaction is left over", rows[2],
		"its locks stay until COMMIT PREPARED or ROLLBACK PREPARED")...)
	all = append(all, listed("indexes", "every index is valid", rows[3],
		"a build was interrupted: DROP INDEX CONCURRENTLY it, or let the revision that builds it run again")...)
	all = append(all, notes(listed("constraints", "every constraint is validated", rows[4],
		"ALTER TABLE … VALIDATE CONSTRAINT … checks the rows that were there before"))...)
	rights, err := roles.Read(c.ctx(), eng)
	if err != nil {
		return nil, err
	}
	warnings := make([][]string, 0)
	for _, w := range rights.Warnings() {
		warnings = append(warnings, []string{w})
	}
	return append(all, notes(listed("role", rights.Role+" can do nothing but work with rows", warnings,
		"fit for revisions, too much for a service: docs/guides/roles.md"))...), nil
}

// Each result column is text, as Engine.Snapshot asks.
const (
	serverSQL = `/* retort:cli.doctor */ SELECT
  pg_catalog.current_setting('server_version'), pg_catalog.current_setting('server_version_num'),
  pg_catalog.pg_is_in_recovery()::text, pg_catalog.current_setting('default_transaction_read_only'),
  pg_catalog.current_setting('server_encoding'), pg_catalog.current_database()::text,
  coalesce(pg_catalog.current_schema()::text, ''), pg_catalog.current_setting('max_connections'),
  (SELECT pg_catalog.count(*)::text FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'client backend'),
  pg_catalog.current_setting('lock_timeout'), pg_catalog.current_setting('statement_timeout'),
  pg_catalog.current_setting('idle_in_transaction_session_timeout')`

	// Without the right to see it, another role's start of a transaction is NULL.
	blockersSQL = `/* retort:cli.doctor */ SELECT
  'process ' || a.pid || ' of ' || coalesce(a.usename::text, '?') || coalesce(' (' || nullif(a.application_name, '') || ')', '')
    || ' has a transaction open since ' || pg_catalog.date_trunc('second', pg_catalog.now() - a.xact_start)::text
    || ', ' || coalesce(a.state, 'state unknown')
FROM pg_catalog.pg_stat_activity a
WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
  AND a.backend_type = 'client backend' AND a.xact_start < pg_catalog.now() - interval '1 minute'
ORDER BY a.xact_start`

	preparedSQL = `/* retort:cli.doctor */ SELECT 'prepared transaction ' || pg_catalog.quote_literal(x.gid) || ' of ' || x.owner
    || ' waits since ' || pg_catalog.date_trunc('second', pg_catalog.now() - x.prepared)::text
FROM pg_catalog.pg_prepared_xacts x
WHERE x.database = pg_catalog.current_database()
ORDER BY x.prepared`

	invalidSQL = `/* retort:cli.doctor */ SELECT 'index ' || i.indexrelid::pg_catalog.regclass || ' on '
    || i.indrelid::pg_catalog.regclass || ' is invalid'
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE NOT i.indisvalid AND x.relkind = 'i'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_create_index b WHERE b.index_relid = i.indexrelid)
ORDER BY 1`

	unvalidatedSQL = `/* retort:cli.doctor */ SELECT 'constraint ' || pg_catalog.quote_ident(c.conname) || ' of '
    || c.conrelid::pg_catalog.regclass || ' is not validated'
FROM pg_catalog.pg_constraint c
WHERE NOT c.convalidated AND c.conrelid <> 0
ORDER BY 1`
)

// oldest is the oldest major version that Retort supports.
const oldest = 14

// serverFindings judges the row of serverSQL.
func serverFindings(row []string) []finding {
	version, number, standby, readOnly, encoding, database, schema := row[0], row[1], row[2], row[3], row[4], row[5], row[6]
	most, used, lock, statement, idle := row[7], row[8], row[9], row[10], row[11]
	all := []finding{{"ok", "server", fmt.Sprintf("PostgreSQL %s, database %s, schema %s, %s", version, database, schema, encoding), ""}}
	if len(number) < 6 || number < fmt.Sprint(oldest*10000) {
		all[0].State, all[0].Do = "wrong", fmt.Sprintf("Retort needs PostgreSQL %d or newer", oldest)
	}
	if schema == "" {
		all = append(all, finding{"wrong", "schema", "no schema of search_path exists, so nothing can be created", "CREATE SCHEMA, or set search_path for the role"})
	}
	switch {
	case standby == "true":
		all = append(all, finding{"wrong", "writing", "this is a standby: it takes no writes", "connect to the primary; target_session_attrs=read-write in the URL finds it"})
	case readOnly == "on":
		all = append(all, finding{"wrong", "writing", "transactions are read-only by default", "ALTER ROLE … RESET default_transaction_read_only, or use another role"})
	default:
		all = append(all, finding{"ok", "writing", "the server takes writes", ""})
	}
	all = append(all, finding{"ok", "connections", fmt.Sprintf("%s of %s in use", used, most), ""})
	timeouts := finding{"ok", "timeouts", fmt.Sprintf("lock_timeout %s, statement_timeout %s, idle_in_transaction_session_timeout %s", off(lock), off(statement), off(idle)), ""}
	if idle == "0" {
		timeouts.State = "note"
		timeouts.Do = "a forgotten transaction blocks every later ALTER TABLE; ALTER ROLE … SET idle_in_transaction_session_timeout = '5min'"
	}
	return append(all, timeouts)
}

// off names a time limit that there is none.
func off(limit string) string {
	if limit == "0" {
		return "off"
	}
	return limit
}

// listed makes a finding of each row, or one that says that there is none.
func listed(about, none string, rows [][]string, do string) []finding {
	if len(rows) == 0 {
		return []finding{{"ok", about, none, ""}}
	}
	var all []finding
	for _, row := range rows {
		all = append(all, finding{"wrong", about, strings.TrimSpace(row[0]), do})
	}
	return all
}

// notes makes findings that are wrong be worth knowing only.
func notes(all []finding) []finding {
	for i := range all {
		if all[i].State == "wrong" {
			all[i].State = "note"
		}
	}
	return all
}
