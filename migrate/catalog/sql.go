package catalog

// The catalog queries. Every result column is text. Objects of system schemas and
// those that an extension owns are left out; the first column is the object's oid,
// by which its parts find it.
//
// Source: PostgreSQL manual, chapters "System Catalogs" and "System Catalog
// Information Functions".
const (
	// settingsSQL makes the server's own rendering independent of the connection.
	settingsSQL = `/* retort:catalog.settings */ SELECT
  pg_catalog.set_config('search_path', coalesce(pg_catalog.quote_ident(pg_catalog.current_schema()), ''), true),
  pg_catalog.set_config('timezone', 'UTC', true), pg_catalog.set_config('datestyle', 'ISO, YMD', true),
  pg_catalog.set_config('intervalstyle', 'postgres', true), pg_catalog.set_config('extra_float_digits', '1', true),
  pg_catalog.set_config('bytea_output', 'hex', true), pg_catalog.set_config('quote_all_identifiers', 'off', true),
  coalesce(pg_catalog.current_schema()::text, ''), pg_catalog.current_setting('server_version_num'),
  pg_catalog.current_database()::text`

	namespacesSQL = `/* retort:catalog.namespaces */ SELECT n.nspname::text,
  coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), '')
FROM pg_catalog.pg_namespace n
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.deptype = 'e'
    AND e.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND e.objid = n.oid)
ORDER BY n.nspname`

	extensionsSQL = `/* retort:catalog.extensions */ SELECT e.extname::text, n.nspname::text, e.extversion
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql'
ORDER BY e.extname`

	// owned lists what extensions brought, one catalog at a time.
	relationsSQL = `/* retort:catalog.relations */ SELECT c.oid::text, n.nspname::text, c.relname::text, c.relkind::text,
  c.relpersistence::text,
  CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) ELSE '' END,
  CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) ELSE '' END,
  coalesce((SELECT pg_catalog.jsonb_agg(i.inhparent::text ORDER BY i.inhseqno)::text
    FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid), '[]'),
  coalesce((SELECT pg_catalog.string_agg(o.text, ', ' ORDER BY o.text) FROM (
    SELECT p.option_name || '=' || p.option_value AS text FROM pg_catalog.pg_options_to_table(c.reloptions) p
    UNION ALL
    SELECT 'toast.' || p.option_name || '=' || p.option_value FROM pg_catalog.pg_class t
      CROSS JOIN LATERAL pg_catalog.pg_options_to_table(t.reloptions) p WHERE t.oid = c.reltoastrelid) o), ''),
  CASE WHEN am.amname <> 'heap' THEN am.amname::text ELSE '' END,
  c.relrowsecurity::text, c.relforcerowsecurity::text,
  CASE c.relreplident WHEN 'd' THEN '' WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL' ELSE 'USING INDEX '
    || coalesce((SELECT pg_catalog.quote_ident(x.relname) FROM pg_catalog.pg_index i
         JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident), '') END,
  CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) ELSE '' END,
  c.relispopulated::text,
  coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), ''),
  pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.deptype = 'e'
    AND e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid)
ORDER BY n.nspname, c.relname`

	columnsSQL = `/* retort:catalog.columns */ SELECT c.oid::text, a.attname::text,
  pg_catalog.format_type(a.atttypid, a.atttypmod),
  CASE WHEN un.nspname ~ '^pg_' OR un.nspname = 'information_schema' THEN '' ELSE un.nspname::text END,
  u.typname::text, (u.typtype = 'e')::text,
  CASE WHEN co.oid IS NULL THEN ''
       WHEN pg_catalog.pg_collation_is_visible(co.oid) THEN pg_catalog.quote_ident(co.collname)
       ELSE pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname) END,
  a.attnotnull::text,
  coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''), a.attgenerated::text, a.attidentity::text,
  coalesce((CASE WHEN sq.seqstart <> CASE WHEN sq.seqincrement > 0 THEN sq.seqmin ELSE sq.seqmax END
                 THEN ' START WITH ' || sq.seqstart ELSE '' END)
    || (CASE WHEN sq.seqincrement <> 1 THEN ' INCREMENT BY ' || sq.seqincrement ELSE '' END)
    || (CASE WHEN sq.seqincrement > 0 AND sq.seqmin <> 1 OR sq.seqincrement < 0 AND sq.seqmin <> b.low
             THEN ' MINVALUE ' || sq.seqmin ELSE '' END)
    || (CASE WHEN sq.seqincrement > 0 AND sq.seqmax <> b.high OR sq.seqincrement < 0 AND sq.seqmax <> -1
             THEN ' MAXVALUE ' || sq.seqmax ELSE '' END)
    || (CASE WHEN sq.seqcache <> 1 THEN ' CACHE ' || sq.seqcache ELSE '' END)
    || (CASE WHEN sq.seqcycle THEN ' CYCLE' ELSE '' END), ''),
  CASE WHEN a.attstorage = t.typstorage THEN '' ELSE CASE a.attstorage
    WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END,
  CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE '' END,
  (NOT a.attislocal)::text,
  coalesce(de.description, '')
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_type u ON u.oid = CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN t.typelem ELSE t.oid END
JOIN pg_catalog.pg_namespace un ON un.oid = u.typnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation AND a.attcollation <> t.typcollation
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
LEFT JOIN pg_catalog.pg_depend own ON a.attidentity <> '' AND own.deptype = 'i'
  AND own.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND own.refclassid = own.classid
  AND own.refobjid = c.oid AND own.refobjsubid = a.attnum
LEFT JOIN pg_catalog.pg_sequence sq ON sq.seqrelid = own.objid
LEFT JOIN (VALUES ('smallint'::pg_catalog.regtype, -32768::bigint, 32767::bigint), ('integer', -2147483648, 2147483647),
  ('bigint', -9223372036854775808, 9223372036854775807)) b(typ, low, high) ON b.typ = sq.seqtypid
LEFT JOIN pg_catalog.pg_description de ON de.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
  AND de.objoid = c.oid AND de.objsubid = a.attnum
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY c.oid, a.attnum`

	// Not-null constraints have rows of their own from PostgreSQL 18 on; they are a
	// fact of their column here. A constraint trigger is a trigger.
	constraintsSQL = `/* retort:catalog.constraints */ SELECT CASE WHEN k.conrelid <> 0 THEN k.conrelid ELSE k.contypid END::text,
  k.conname::text, k.contype::text, pg_catalog.pg_get_constraintdef(k.oid),
  coalesce((SELECT pg_catalog.jsonb_agg(a.attname::text ORDER BY u.n)::text FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u(num, n)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num), '[]'),
  k.condeferrable::text, k.condeferred::text, k.convalidated::text,
  coalesce(i.relname::text, ''),
  CASE WHEN k.contype IN ('p', 'u') THEN pg_catalog.pg_get_indexdef(k.conindid) ELSE '' END,
  coalesce(pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct', 'false'),
  coalesce(fn.nspname::text, ''), coalesce(f.relname::text, ''),
  CASE WHEN k.contype = 'f' THEN coalesce((SELECT r.conname::text FROM pg_catalog.pg_constraint r
    WHERE r.conindid = k.conindid AND r.contype IN ('p', 'u', 'x') LIMIT 1), '') ELSE '' END,
  k.confdeltype::text, k.confupdtype::text,
  (NOT k.conislocal)::text,
  coalesce(pg_catalog.obj_description(k.oid, 'pg_constraint'), '')
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
LEFT JOIN pg_catalog.pg_class i ON i.oid = k.conindid AND k.contype <> 'f'
LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = i.oid AND k.contype = 'u'
LEFT JOIN pg_catalog.pg_class f ON f.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
WHERE k.contype IN ('p', 'u', 'c', 'f', 'x') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1, pg_catalog.strpos('pucxf', k.contype::text), k.conname`

	indexesSQL = `/* retort:catalog.indexes */ SELECT x.indrelid::text, i.relname::text, x.indisunique::text, am.amname::text,
  pg_catalog.pg_get_indexdef(i.oid),
  (SELECT pg_catalog.jsonb_agg(pg_catalog.pg_get_indexdef(i.oid, s.n, false) ORDER BY s.n)::text
   FROM pg_catalog.generate_series(1, x.indnkeyatts::int) s(n)),
  coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.pg_get_indexdef(i.oid, s.n, false) ORDER BY s.n)::text
   FROM pg_catalog.generate_series(x.indnkeyatts + 1, x.indnatts::int) s(n)), '[]'),
  coalesce(pg_catalog.pg_get_expr(x.indpred, x.indrelid), ''),
  coalesce(pg_catalog.array_to_string(i.reloptions, ', '), ''),
  coalesce(pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct', 'false'),
  x.indisvalid::text,
  i.relispartition::text, x.indisclustered::text,
  coalesce(pg_catalog.obj_description(i.oid, 'pg_class'), ''),
  'CREATE ' || CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || pg_catalog.quote_ident(i.relname)
  || ' ON ' || CASE WHEN i.relkind = 'I' THEN 'ONLY ' ELSE '' END
  || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) || ' '
FROM pg_catalog.pg_index x
JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am am ON am.oid = i.relam
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))
ORDER BY x.indrelid, i.relname`

	typesSQL = `/* retort:catalog.types */ SELECT t.oid::text, t.typrelid::text, n.nspname::text, t.typname::text, t.typtype::text,
  CASE WHEN t.typtype = 'e' THEN coalesce((SELECT pg_catalog.jsonb_agg(e.enumlabel::text ORDER BY e.enumsortorder)::text
    FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid), '[]') ELSE '[]' END,
  CASE t.typtype WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
                 WHEN 'r' THEN pg_catalog.format_type(r.rngsubtype, NULL) ELSE '' END,
  CASE WHEN co.oid IS NULL THEN '' WHEN pg_catalog.pg_collation_is_visible(co.oid) THEN pg_catalog.quote_ident(co.collname)
       ELSE pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname) END,
  t.typnotnull::text, CASE WHEN t.typtype = 'd' THEN coalesce(t.typdefault, '') ELSE '' END,
  CASE WHEN t.typtype <> 'r' THEN '' ELSE
    CASE WHEN oc.opcdefault THEN '' ELSE ', SUBTYPE_OPCLASS = ' || pg_catalog.quote_ident(oc.opcname) END
    || CASE WHEN r.rngcanonical::oid = 0 THEN '' ELSE ', CANONICAL = ' || r.rngcanonical::text END
    || CASE WHEN r.rngsubdiff::oid = 0 THEN '' ELSE ', SUBTYPE_DIFF = ' || r.rngsubdiff::text END
    || ', MULTIRANGE_TYPE_NAME = ' || pg_catalog.format_type(r.rngmultitypid, NULL) END,
  coalesce(pg_catalog.obj_description(t.oid, 'pg_type'), '')
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_collation co ON co.oid = t.typcollation AND t.typtype = 'd' AND t.typcollation <> b.typcollation
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid AND t.typtype = 'r'
LEFT JOIN pg_catalog.pg_opclass oc ON oc.oid = r.rngsubopc
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c'
    OR t.typtype = 'b' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type el WHERE el.typarray = t.oid))
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.deptype = 'e'
    AND e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.objid = t.oid)
ORDER BY n.nspname, t.typname`

	sequencesSQL = `/* retort:catalog.sequences */ SELECT c.oid::text, n.nspname::text, c.relname::text,
  pg_catalog.format_type(s.seqtypid, NULL), s.seqstart::text, s.seqincrement::text, s.seqmin::text, s.seqmax::text,
  s.seqcache::text, s.seqcycle::text, c.relpersistence::text,
  coalesce(tn.nspname::text, ''), coalesce(t.relname::text, ''), coalesce(a.attname::text, ''),
  coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), '')
FROM pg_catalog.pg_sequence s
JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend own ON own.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND own.objid = c.oid
  AND own.refclassid = own.classid AND own.refobjsubid > 0 AND own.deptype IN ('a', 'i')
LEFT JOIN pg_catalog.pg_class t ON t.oid = own.refobjid
LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = own.refobjsubid
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND own.deptype IS DISTINCT FROM 'i'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.deptype = 'e'
    AND e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid)
ORDER BY n.nspname, c.relname`
)
