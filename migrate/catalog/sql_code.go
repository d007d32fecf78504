package catalog

// The catalog queries for functions and what calls them, for dependencies and
// for privileges; see settingsSQL.
const (
	functionsSQL = `/* retort:catalog.functions */ SELECT p.oid::text, n.nspname::text, p.proname::text, p.prokind::text,
  pg_catalog.oidvectortypes(p.proargtypes), pg_catalog.pg_get_function_arguments(p.oid),
  coalesce(pg_catalog.pg_get_function_result(p.oid), ''), l.lanname::text,
  CASE WHEN p.prokind <> 'a' THEN pg_catalog.right(pg_catalog.pg_get_functiondef(p.oid), -pg_catalog.length(
    'CREATE OR REPLACE ' || CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END
    || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname)))
  ELSE '(' || CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_catalog.pg_get_function_arguments(p.oid) END || ') (SFUNC = ' || ag.aggtransfn::text
    || ', STYPE = ' || pg_catalog.format_type(ag.aggtranstype, NULL)
    || CASE WHEN ag.aggfinalfn::oid = 0 THEN '' ELSE ', FINALFUNC = ' || ag.aggfinalfn::text END
    || CASE WHEN ag.aggcombinefn::oid = 0 THEN '' ELSE ', COMBINEFUNC = ' || ag.aggcombinefn::text END
    || CASE WHEN ag.agginitval IS NULL THEN '' ELSE ', INITCOND = ' || pg_catalog.quote_literal(ag.agginitval) END
    || CASE p.proparallel WHEN 's' THEN ', PARALLEL = SAFE' WHEN 'r' THEN ', PARALLEL = RESTRICTED' ELSE '' END || ')' END,
  coalesce(pg_catalog.obj_description(p.oid, 'pg_proc'), '')
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
LEFT JOIN pg_catalog.pg_aggregate ag ON ag.aggfnoid = p.oid
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    AND e.objid = p.oid AND (e.deptype = 'e' OR e.deptype = 'i' AND e.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass))
ORDER BY n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)`

	// The copies of a trigger that partitions have are facts of their parent.
	triggersSQL = `/* retort:catalog.triggers */ SELECT t.tgrelid::text, t.tgname::text, (t.tgconstraint <> 0)::text,
  pg_catalog.pg_get_triggerdef(t.oid),
  fn.nspname::text, f.proname::text || '(' || pg_catalog.oidvectortypes(f.proargtypes) || ')',
  CASE t.tgenabled WHEN 'O' THEN '' WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END,
  coalesce(pg_catalog.obj_description(t.oid, 'pg_trigger'), ''),
  'CREATE ' || CASE WHEN t.tgconstraint <> 0 THEN 'CONSTRAINT ' ELSE '' END || 'TRIGGER ' || pg_catalog.quote_ident(t.tgname) || ' ',
  ' ON ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) || ' '
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid
JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.deptype = 'e'
    AND e.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND e.objid = t.oid)
ORDER BY t.tgrelid, t.tgname`

	policiesSQL = `/* retort:catalog.policies */ SELECT p.polrelid::text, p.polname::text, p.polpermissive::text,
  CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
  (SELECT pg_catalog.jsonb_agg(r.name ORDER BY r.name)::text FROM (
    SELECT CASE WHEN u.role = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(a.rolname) END AS name
    FROM pg_catalog.unnest(p.polroles) u(role) LEFT JOIN pg_catalog.pg_roles a ON a.oid = u.role) r),
  coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), ''), coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), ''),
  coalesce(pg_catalog.obj_description(p.oid, 'pg_policy'), '')
FROM pg_catalog.pg_policy p
ORDER BY p.polrelid, p.polname`

	// dependsSQL reads who uses whom, each part counted for its object: the rule of
	// a view for the view, a default for its table, an array for its element. What
	// comes later than all objects anyway (foreign keys, triggers, policies) is not
	// followed, nor the tie of a sequence to the column that owns it.
	dependsSQL = `/* retort:catalog.depends */ WITH node AS MATERIALIZED (
  SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid AS classid, c.oid AS objid,
    CASE WHEN c.relkind = 'c' THEN 't' || c.reltype ELSE 'r' || coalesce(x.indrelid, c.oid) END AS id
  FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid WHERE c.oid >= 16384
  UNION ALL SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass::oid, r.oid, 'r' || r.ev_class
  FROM pg_catalog.pg_rewrite r WHERE r.oid >= 16384
  UNION ALL SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass::oid, d.oid, 'r' || d.adrelid FROM pg_catalog.pg_attrdef d
  UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, k.oid,
    CASE WHEN k.conrelid <> 0 THEN 'r' || k.conrelid ELSE 't' || k.contypid END
  FROM pg_catalog.pg_constraint k WHERE k.contype <> 'f' AND k.oid >= 16384
  UNION ALL SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::oid, t.oid,
    CASE WHEN c.relkind <> 'c' THEN 'r' || c.oid WHEN ec.relkind <> 'c' THEN 'r' || ec.oid
         WHEN e.oid IS NOT NULL THEN 't' || e.oid WHEN m.rngtypid IS NOT NULL THEN 't' || m.rngtypid ELSE 't' || t.oid END
  FROM pg_catalog.pg_type t
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
  LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid
  LEFT JOIN pg_catalog.pg_class ec ON ec.oid = e.typrelid
  LEFT JOIN pg_catalog.pg_range m ON m.rngmultitypid = t.oid
  WHERE t.oid >= 16384
  UNION ALL SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::oid, p.oid, 'f' || p.oid
  FROM pg_catalog.pg_proc p WHERE p.oid >= 16384
)
SELECT DISTINCT a.id, b.id, coalesce(att.attname::text, '')
FROM pg_catalog.pg_depend d
JOIN node a ON a.classid = d.classid AND a.objid = d.objid
JOIN node b ON b.classid = d.refclassid AND b.objid = d.refobjid
LEFT JOIN pg_catalog.pg_attribute att ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  AND att.attrelid = d.refobjid AND att.attnum = d.refobjsubid AND d.refobjsubid > 0 AND b.id = 'r' || d.refobjid
LEFT JOIN pg_catalog.pg_sequence s ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.seqrelid = d.objid
WHERE a.id <> b.id AND d.deptype <> 'e' AND NOT (s.seqrelid IS NOT NULL AND d.deptype IN ('a', 'i'))
ORDER BY 1, 2, 3`

	grantsSQL = `/* retort:catalog.grants */ SELECT g.kind, g.oid::text, g.namespace, g.col,
  CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,
  x.privilege_type, x.is_grantable::text
FROM (
  SELECT 'r' AS kind, c.oid, '' AS namespace, '' AS col, c.relacl AS acl, c.relowner AS owner FROM pg_catalog.pg_class c
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
  UNION ALL SELECT 'r', a.attrelid, '', a.attname::text, a.attacl, c.relowner FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
  UNION ALL SELECT 'f', p.oid, '', '', p.proacl, p.proowner FROM pg_catalog.pg_proc p
  UNION ALL SELECT 't', t.oid, '', '', t.typacl, t.typowner FROM pg_catalog.pg_type t
  UNION ALL SELECT 'n', n.oid, n.nspname::text, '', n.nspacl, n.nspowner FROM pg_catalog.pg_namespace n
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
) g
CROSS JOIN LATERAL pg_catalog.aclexplode(g.acl) x
WHERE x.grantee <> g.owner
ORDER BY 1, 2, 4, 5, 6`
)
