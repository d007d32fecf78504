package ddl

// verifyLabel opens every query of [Verify].
const verifyLabel = "/* retort:verify */ "

// The catalog queries of [Verify]. {tables} stands for rows (key, name), the name
// as the program's own statements write it, so that search_path finds the same
// table; {types} for rows (key, type), {enums} for rows (key, name).
//
// Source: PostgreSQL manual, chapter "System Catalogs".
const (
	// A domain is read and written as the type below it.
	verifyColumnsSQL = `SELECT w.key, c.relkind::text, coalesce(a.attname::text, ''),
  coalesce(pg_catalog.format_type(a.atttypid, a.atttypmod), ''),
  coalesce(a.atttypid, 0)::text, coalesce(nullif(t.typbasetype, 0), a.atttypid, 0)::text,
  coalesce(a.attnotnull, false)::text,
  coalesce(d.adbin IS NOT NULL OR a.attidentity <> '' OR t.typdefault IS NOT NULL, false)::text,
  coalesce(a.attidentity = 'a' OR a.attgenerated <> '', false)::text
FROM (VALUES {tables}) AS w(key, name)
JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(w.name)
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
ORDER BY w.key, a.attnum`

	verifyTypesSQL = `SELECT w.key, coalesce(pg_catalog.to_regtype(w.type)::oid, 0)::text
FROM (VALUES {types}) AS w(key, type)`

	verifyUniquesSQL = `SELECT w.key, (x.indpred IS NOT NULL)::text, cols.names
FROM (VALUES {tables}) AS w(key, name)
JOIN pg_catalog.pg_index x ON x.indrelid = pg_catalog.to_regclass(w.name) AND x.indisunique AND x.indisvalid
CROSS JOIN LATERAL (
  SELECT pg_catalog.json_agg(coalesce(a.attname::text, '') ORDER BY a.attname)::text AS names
  FROM pg_catalog.unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, at)
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum AND k.attnum > 0
  WHERE k.at <= x.indnkeyatts
) cols`

	verifyForeignKeysSQL = `SELECT w.key, coalesce(r.key, ''), cols.names
FROM (VALUES {tables}) AS w(key, name)
JOIN pg_catalog.pg_constraint k ON k.conrelid = pg_catalog.to_regclass(w.name) AND k.contype = 'f'
LEFT JOIN (VALUES {tables}) AS r(key, name) ON pg_catalog.to_regclass(r.name) = k.confrelid
CROSS JOIN LATERAL (
  SELECT pg_catalog.json_agg(a.attname::text || ' ' || b.attname::text ORDER BY a.attname)::text AS names
  FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) AS u(own, other)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.own
  JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.other
) cols`

	verifyEnumsSQL = `SELECT w.key, t.typtype::text,
  coalesce((SELECT pg_catalog.json_agg(e.enumlabel::text ORDER BY e.enumsortorder)::text
            FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid), '[]')
FROM (VALUES {enums}) AS w(key, name)
JOIN pg_catalog.pg_type t ON t.oid = pg_catalog.to_regtype(w.name)`
)
