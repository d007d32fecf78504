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

	// A view asks for the rows of its tables as its owner, unless it is told to ask as
	// its user; what a materialized view holds was read by its owner.
	passingViewsSQL = `/* retort:doctor */ SELECT DISTINCT v.oid::pg_catalog.regclass || ' shows rows of ' || c.oid::pg_catalog.regclass
    || ' to everybody who may read it: the policies do not hold for ' || pg_catalog.quote_ident(o.rolname) || ', who owns the view'
FROM pg_catalog.pg_class v
JOIN pg_catalog.pg_roles o ON o.oid = v.relowner
JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.oid
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
JOIN pg_catalog.pg_class c ON c.oid = d.refobjid
WHERE v.relkind IN ('v', 'm') AND c.relkind IN ('r', 'p') AND c.relrowsecurity
    AND pg_catalog.has_table_privilege(v.oid, 'SELECT')
    AND (o.rolsuper OR o.rolbypassrls OR NOT c.relforcerowsecurity AND pg_catalog.pg_has_role(o.oid, c.relowner, 'USAGE'))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_options_to_table(v.reloptions) AS option
        WHERE option.option_name = 'security_invoker' AND option.option_value::bool)
ORDER BY 1`
)

// policyFindings name tables whose row-level security the role passes by, itself or
// through a view; nothing where there are none, since most databases use no policies.
func policyFindings(tables, views [][]string) []Finding {
	var found []Finding
	if len(tables) > 0 {
		found = append(found, listed(Note, "policies", "", tables,
			"ALTER TABLE … FORCE ROW LEVEL SECURITY, and let the service connect as a role that does not own it: docs/guides/roles.md")...)
	}
	if len(views) > 0 {
		found = append(found, listed(Note, "policies", "", views,
			"ALTER VIEW … SET (security_invoker = true), from PostgreSQL 15 on; before, and for what is materialized, give it to a role for whom the policies hold")...)
	}
	return found
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
