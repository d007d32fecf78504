package statement

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Description is what the server says of a statement.
//
//   - Shape: types are named as format_type does, without modifiers. Uses and Writes
//     are empty for a utility statement such as SET, of which Planned is false, and
//     for one that cannot be the body of a function (Uses only).
type Description struct {
	Params  []string
	Columns []Column
	Uses    []Use
	Writes  []Write
	Planned bool
}

// Column is one column of the result.
type Column struct{ Name, Type string }

// Use is a column of a table or view that the statement reads or writes.
type Use struct{ Namespace, Table, Column string }

// Write is a table that the statement changes.
//
//   - Shape: Operation is "Insert", "Update", "Delete" or "Merge", as EXPLAIN says.
//     Empty lists the columns that an INSERT gives nothing but NULL.
type Write struct {
	Operation, Namespace, Table string
	Empty                       []string
}

// Conn is a connection.
type Conn = pgx.Conn

// Refused tells whether the server refused a statement for what it says, and not
// because it waited too long for a lock or was told to stop.
func Refused(err error) (message, code string, ok bool) {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || refused.Code == "55P03" || refused.Code == "57014" {
		return "", "", false
	}
	return refused.Message, refused.Code, true
}

const savepoint = "retort_statement"

// Describe describes sql, whose parameters have these types ("" where the server
// is to find out), in the open transaction of conn. The transaction goes on
// unharmed.
//
//   - Errors: what the server says of the statement, as *pgconn.PgError.
func Describe(ctx context.Context, conn *pgx.Conn, sql string, params []string) (*Description, error) {
	if _, err := conn.PgConn().Exec(ctx, "SAVEPOINT "+savepoint).ReadAll(); err != nil {
		return nil, err
	}
	d, err := describe(ctx, conn, sql, params)
	if _, back := conn.PgConn().Exec(context.WithoutCancel(ctx), "ROLLBACK TO "+savepoint+"; RELEASE "+savepoint).ReadAll(); err == nil {
		err = back
	}
	return d, err
}

func describe(ctx context.Context, conn *pgx.Conn, sql string, params []string) (*Description, error) {
	sql = strings.TrimRight(strings.TrimSpace(sql), "; \t\r\n")
	oids, err := resolve(ctx, conn, params)
	if err != nil {
		return nil, err
	}
	found, err := conn.PgConn().Prepare(ctx, "", sql, oids)
	if err != nil {
		return nil, err
	}
	d := &Description{Planned: planned(sql)}
	all := slices.Clone(found.ParamOIDs)
	for i := range found.Fields {
		all = append(all, found.Fields[i].DataTypeOID)
	}
	names, err := typeNames(ctx, conn, all)
	if err != nil {
		return nil, err
	}
	d.Params = names[:len(found.ParamOIDs):len(found.ParamOIDs)]
	for i := range found.Fields {
		d.Columns = append(d.Columns, Column{found.Fields[i].Name, names[len(d.Params)+i]})
	}
	if !d.Planned {
		return d, nil
	}
	if d.Writes, err = writes(ctx, conn, sql, d.Params); err != nil {
		return nil, err
	}
	d.Uses = uses(ctx, conn, sql, d.Params)
	return d, nil
}

// resolve finds the oids of types, 0 for "".
func resolve(ctx context.Context, conn *pgx.Conn, types []string) ([]uint32, error) {
	if len(types) == 0 {
		return nil, nil
	}
	rows, err := conn.Query(ctx, `SELECT CASE WHEN t = '' THEN 0::oid ELSE t::regtype::oid END
		FROM unnest($1::text[]) WITH ORDINALITY u(t, n) ORDER BY n`, types)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uint32])
}

func typeNames(ctx context.Context, conn *pgx.Conn, oids []uint32) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT format_type(t::oid, NULL) FROM unnest($1::int8[]) WITH ORDINALITY u(t, n) ORDER BY n`, wide(oids))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func wide(oids []uint32) []int64 {
	out := make([]int64, len(oids))
	for i, oid := range oids {
		out[i] = int64(oid)
	}
	return out
}

// planned reports whether the server has a plan for the statement.
func planned(sql string) bool {
	return slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE"}, FirstWord(sql))
}

// FirstWord is the first word of a statement in capitals, comments left out.
func FirstWord(sql string) string {
	for {
		sql = strings.TrimLeft(sql, " \t\r\n(")
		switch {
		case strings.HasPrefix(sql, "/*"):
			_, sql, _ = strings.Cut(sql, "*/")
		case strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
		default:
			end := strings.IndexFunc(sql, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
			if end < 0 {
				end = len(sql)
			}
			return strings.ToUpper(sql[:end])
		}
	}
}

func signature(types []string) string {
	if len(types) == 0 {
		return ""
	}
	return "(" + strings.Join(types, ", ") + ")"
}

// writes asks for the plan that holds for all values of the parameters.
func writes(ctx context.Context, conn *pgx.Conn, sql string, params []string) ([]Write, error) {
	prepare := "SET LOCAL plan_cache_mode = force_generic_plan; PREPARE retort_described" + signature(params) + " AS " + sql
	if _, err := conn.PgConn().Exec(ctx, prepare).ReadAll(); err != nil {
		return nil, err
	}
	nulls := slices.Repeat([]string{"NULL"}, len(params))
	explain := "EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) EXECUTE retort_described" + signature(nulls)
	results, err := conn.PgConn().Exec(ctx, explain+"; DEALLOCATE retort_described").ReadAll()
	if err != nil { // a prepared statement outlives the savepoint
		_, _ = conn.PgConn().Exec(ctx, "ROLLBACK TO "+savepoint+"; DEALLOCATE retort_described").ReadAll()
		return nil, err
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(results[0].Rows[0][0], &plans); err != nil {
		return nil, fmt.Errorf("read a plan: %w", err)
	}
	var out []Write
	for i := range plans {
		if err := plans[i].Plan.writes(ctx, conn, &out); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b Write) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Table, b.Table), cmp.Compare(a.Operation, b.Operation),
			slices.Compare(a.Empty, b.Empty))
	})
	return slices.CompactFunc(out, func(a, b Write) bool {
		return a.Operation == b.Operation && a.Namespace == b.Namespace && a.Table == b.Table && slices.Equal(a.Empty, b.Empty)
	}), nil
}

// node is one node of a plan.
type node struct {
	Type      string `json:"Node Type"`
	Operation string
	Schema    string
	Relation  string `json:"Relation Name"`
	Output    []string
	Plans     []node
}

func (n *node) writes(ctx context.Context, conn *pgx.Conn, out *[]Write) error {
	if n.Type == "ModifyTable" && n.Relation != "" {
		w := Write{Operation: n.Operation, Namespace: n.Schema, Table: n.Relation}
		if n.Operation == "Insert" && len(n.Plans) > 0 {
			columns, err := physical(ctx, conn, n.Schema, n.Relation)
			if err != nil {
				return err
			}
			// Below an INSERT the plan has an expression for each column, dropped
			// ones included.
			for i, expression := range n.Plans[0].Output {
				if i < len(columns) && columns[i] != "" && strings.HasPrefix(expression, "NULL::") {
					w.Empty = append(w.Empty, columns[i])
				}
			}
		}
		*out = append(*out, w)
	}
	for i := range n.Plans {
		if err := n.Plans[i].writes(ctx, conn, out); err != nil {
			return err
		}
	}
	return nil
}

// physical lists the columns of a table as they lie on disk, "" for dropped ones.
func physical(ctx context.Context, conn *pgx.Conn, namespace, table string) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT CASE WHEN a.attisdropped THEN '' ELSE a.attname::text END
		FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 ORDER BY a.attnum`, namespace, table)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// uses makes a function of the statement and reads what that depends on. Some
// statements cannot be one; then nothing is known.
func uses(ctx context.Context, conn *pgx.Conn, sql string, params []string) []Use {
	create := "CREATE FUNCTION pg_temp.retort_described" + "(" + strings.Join(params, ", ") + ") RETURNS void LANGUAGE sql BEGIN ATOMIC " + sql + "\n; END"
	if _, err := conn.PgConn().Exec(ctx, create).ReadAll(); err != nil {
		return nil
	}
	rows, err := conn.Query(ctx, `SELECT DISTINCT n.nspname::text, c.relname::text, a.attname::text
		FROM pg_catalog.pg_depend d
		JOIN pg_catalog.pg_proc p ON p.oid = d.objid AND p.proname = 'retort_described' AND p.pronamespace = pg_catalog.pg_my_temp_schema()
		JOIN pg_catalog.pg_class c ON c.oid = d.refobjid
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
		WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
			AND d.refobjsubid > 0 ORDER BY 1, 2, 3`)
	if err != nil {
		return nil
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Use])
	if err != nil {
		return nil
	}
	return found
}
