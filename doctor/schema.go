package doctor

import "slices"

const (
	// Without the right to see it, another role's start of a transaction is NULL.
	blockersSQL = `/* retort:doctor */ SELECT
  'process ' || a.pid || ' of ' || coalesce(a.usename::text, '?') || coalesce(' (' || nullif(a.application_name, '') || ')', '')
    || ' has a transaction open since ' || pg_catalog.date_trunc('second', pg_catalog.now() - a.xact_start)::text
    || ', ' || coalesce(a.state, 'state unknown')
FROM pg_catalog.pg_stat_activity a
WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
  AND a.backend_type = 'client backend' AND a.xact_start < pg_catalog.now() - interval '1 minute'
ORDER BY a.xact_start`

	preparedSQL = `/* retort:doctor */ SELECT 'prepared transaction ' || pg_catalog.quote_literal(x.gid) || ' of ' || x.owner
    || ' waits since ' || pg_catalog.date_trunc('second', pg_catalog.now() - x.prepared)::text
FROM pg_catalog.pg_prepared_xacts x
WHERE x.database = pg_catalog.current_database()
ORDER BY x.prepared`

	invalidSQL = `/* retort:doctor */ SELECT 'index ' || i.indexrelid::pg_catalog.regclass || ' on '
    || i.indrelid::pg_catalog.regclass || ' is invalid'
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE NOT i.indisvalid AND x.relkind = 'i'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_create_index b WHERE b.index_relid = i.indexrelid)
ORDER BY 1`

	unvalidatedSQL = `/* retort:doctor */ SELECT 'constraint ' || pg_catalog.quote_ident(c.conname) || ' of '
    || c.conrelid::pg_catalog.regclass || ' is not validated'
FROM pg_catalog.pg_constraint c
WHERE NOT c.convalidated AND c.conrelid <> 0
ORDER BY 1`

	// A table's owner passes its policies by unless they are forced on him.
	unforcedSQL = `/* retort:doctor */ SELECT 'the policies of ' || c.oid::pg_catalog.regclass || ' do not hold for '
    || pg_catalog.quote_ident(current_user) || ', who owns it'
FROM pg_catalog.pg_class c
WHERE c.relrowsecurity AND NOT c.relforcerowsecurity AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
ORDER BY 1`
)

// policyFindings name tables whose row-level security the role passes by; nothing
// where there are none, since most databases use no policies.
func policyFindings(rows [][]string) []Finding {
	if len(rows) == 0 {
		return nil
	}
	return listed(Note, "policies", "", rows, "ALTER TABLE … FORCE ROW LEVEL SECURITY, and let the service connect as a role that does not own it: docs/guides/roles.md")
}

// schemaFindings judges what blocks a change of the schema, or was left by one.
func schemaFindings(rows [][][]string) []Finding {
	return slices.Concat(
		listed(Wrong, "blocking", "no transaction is open for more than a minute", rows[0],
			"the next ALTER TABLE queues behind it, and every query behind that; end it, or upgrade when it is over"),
		listed(Wrong, "prepared", "no prepared transaction is left over", rows[1],
			"its locks stay until COMMIT PREPARED or ROLLBACK PREPARED"),
		listed(Wrong, "indexes", "every index is valid", rows[2],
			"a build was interrupted: DROP INDEX CONCURRENTLY it, or let the revision that builds it run again"),
		listed(Note, "constraints", "every constraint is validated", rows[3],
			"ALTER TABLE … VALIDATE CONSTRAINT … checks the rows that were there before"),
	)
}
