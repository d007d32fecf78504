package statement

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Table is what the rows of one table must be.
//
//   - Shape: Rules are constraints and unique indexes by name, as the server writes
//     them, NOT NULL and primary keys left to the columns.
type Table struct {
	Namespace, Name string
	Columns         []TableColumn
	Rules           []Rule
}

// TableColumn is one column; Type has its modifier, Filled says that a row which
// gives it nothing gets a value.
type TableColumn struct {
	Name, Type      string
	NotNull, Filled bool
}

// Rule is one constraint or unique index.
type Rule struct{ Name, Definition string }

// Enum is a type with its labels in order.
type Enum struct {
	Name   string
	Labels []string
}

// Tables reads what the named tables hold; what is no table, or is gone, is left
// out.
func Tables(ctx context.Context, conn *pgx.Conn, names [][2]string) ([]Table, error) {
	var out []Table
	for _, name := range names {
		rows, err := conn.Query(ctx, `SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
				a.attidentity <> '' OR a.attgenerated <> '' OR d.oid IS NOT NULL
			FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
			LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
			WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attname`, name[0], name[1])
		if err != nil {
			return nil, err
		}
		t := Table{Namespace: name[0], Name: name[1]}
		if t.Columns, err = pgx.CollectRows(rows, pgx.RowToStructByPos[TableColumn]); err != nil {
			return nil, err
		}
		if len(t.Columns) == 0 {
			continue
		}
		rows, err = conn.Query(ctx, `SELECT k.conname::text, pg_catalog.pg_get_constraintdef(k.oid)
			FROM pg_catalog.pg_constraint k WHERE k.conrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1::text, $2::text)) AND k.contype IN ('u', 'c', 'f', 'x')
			UNION ALL SELECT i.relname::text, pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(i.oid), '^CREATE UNIQUE INDEX .* USING ', 'UNIQUE INDEX USING ')
			FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
			WHERE x.indrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1::text, $2::text)) AND x.indisunique
				AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = i.oid)
			ORDER BY 1`, name[0], name[1])
		if err != nil {
			return nil, err
		}
		if t.Rules, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Rule]); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// Enums reads the enums among types that are named as [Description] names them,
// arrays of them included.
func Enums(ctx context.Context, conn *pgx.Conn, types []string) ([]Enum, error) {
	rows, err := conn.Query(ctx, `SELECT DISTINCT pg_catalog.format_type(e.oid, NULL),
			ARRAY(SELECT l.enumlabel::text FROM pg_catalog.pg_enum l WHERE l.enumtypid = e.oid ORDER BY l.enumsortorder)
		FROM pg_catalog.unnest($1::text[]) u(name)
		JOIN pg_catalog.pg_type t ON t.oid = pg_catalog.to_regtype(u.name)
		JOIN pg_catalog.pg_type e ON e.oid = CASE WHEN t.typelem <> 0 THEN t.typelem ELSE t.oid END AND e.typtype = 'e' ORDER BY 1`, types)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Enum])
}
