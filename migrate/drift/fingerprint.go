package drift

import (
	"context"
	"fmt"

	"github.com/retort-go/retort/migrate/catalog"
)

// fingerprintSQL makes one line of each column, constraint and index in the schemas
// of users and hashes the lot. It calls nothing that prints definitions but for
// expressions, and nothing in it depends on oids, owners, the order of columns or the
// order in which things were made. Books of migration tools and temporary tables are
// left out.
const fingerprintSQL = `/* retort:drift.fingerprint */ WITH r AS (
  SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relkind
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm') AND c.relpersistence <> 't' AND NOT c.relispartition
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    AND c.relname NOT IN ('alembic_version', 'goose_db_version', 'schema_migrations', 'ar_internal_metadata', 'django_migrations', 'flyway_schema_history')
    AND coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), '') NOT LIKE 'retort: the ledger of migrations%'
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
), line(text) AS (
  SELECT 'column ' || r.name || '.' || a.attname || ' ' || r.relkind::text || ' ' || tn.nspname || '.' || t.typname || ' ' || a.atttypmod || ' ' || a.attnotnull || ' '
    || a.attidentity::text || a.attgenerated::text || ' ' || coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
  FROM r
  JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  UNION ALL
  SELECT 'constraint ' || r.name || '.' || k.conname || ' ' || k.contype::text || ' ' || k.convalidated || k.condeferrable || k.condeferred || k.confdeltype::text
    || k.confupdtype::text || ' ' || coalesce(f.name, '') || ' '
    || coalesce((SELECT pg_catalog.string_agg(a.attname, ',' ORDER BY u.n) FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u(attnum, n)
         JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum), '') || ' '
    || coalesce((SELECT pg_catalog.string_agg(a.attname, ',' ORDER BY u.n) FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY u(attnum, n)
         JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum), '') || ' '
    || coalesce(pg_catalog.pg_get_expr(k.conbin, k.conrelid), '')
  FROM r
  JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid AND k.contype <> 'n'
  LEFT JOIN r f ON f.oid = k.confrelid
  UNION ALL
  SELECT 'index ' || r.name || '.' || c.relname || ' ' || i.indisunique || i.indisvalid || i.indisprimary || ' ' || i.indoption::text || ' '
    || coalesce((SELECT pg_catalog.string_agg(coalesce(a.attname, '()'), ',' ORDER BY u.n) FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY u(attnum, n)
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum), '') || ' '
    || coalesce(pg_catalog.pg_get_expr(i.indexprs, i.indrelid), '') || ' ' || coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), '')
  FROM r
  JOIN pg_catalog.pg_index i ON i.indrelid = r.oid
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  UNION ALL
  SELECT 'enum ' || n.nspname || '.' || t.typname || ' ' || (SELECT pg_catalog.string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  WHERE t.typtype = 'e'
)
SELECT pg_catalog.md5(coalesce(pg_catalog.string_agg(text, E'\n' ORDER BY text COLLATE "C"), '')) FROM line`

// Fingerprint hashes the structure of a database: columns, keys, constraints, indexes
// and enums of all tables and views of users, and nothing of their rows.
//
//   - Shape: 32 hexadecimal digits, the same for the same structure on any server of
//     the same major version with the same search_path. A few expressions (status IN
//     ('a', 'b') of a varchar) the server writes in another way where a revision made
//     them than where the models did: take it where revisions did.
//   - Units: one round trip and one query, whose cost grows with the catalog: see
//     BenchmarkFingerprint, 500 tables in 0.24 s on a machine that was ten times
//     overloaded.
//   - Errors: what the server says. No rights are needed but to connect.
func Fingerprint(ctx context.Context, src catalog.Source) (string, error) {
	rows, err := src.Snapshot(ctx, fingerprintSQL)
	if err != nil {
		return "", fmt.Errorf("drift: fingerprint: %w", err)
	}
	if len(rows) != 1 || len(rows[0]) != 1 || len(rows[0][0]) != 1 {
		return "", fmt.Errorf("drift: fingerprint: the source gave no answer")
	}
	return rows[0][0][0], nil
}

// FingerprintError says that a database is not what the program was made for.
type FingerprintError struct {
	Want, Have string
}

func (e *FingerprintError) Error() string {
	return fmt.Sprintf("drift: the database's structure has the fingerprint %s, this program was made for %s: upgrade it, or find out what changed "+
		"it with a drift check; see docs/errors.md#fingerprint", e.Have, e.Want)
}

// Expect makes a check for start-up and for web.Readyz of a fingerprint that was
// taken where the structure was right, such as a database that a test has upgraded.
//
//   - Errors: of the check: [*FingerprintError]; what [Fingerprint] returns.
func Expect(src catalog.Source, fingerprint string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		have, err := Fingerprint(ctx, src)
		if err == nil && have != fingerprint {
			err = &FingerprintError{Want: fingerprint, Have: have}
		}
		return err
	}
}
