package retorttest

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Conn opens a new connection to the database, closed when tb is done.
func (d *Database) Conn(tb testing.TB) *pgx.Conn {
	tb.Helper()
	ctx, cancel := helperContext(tb)
	defer cancel()
	conn, err := pgx.Connect(ctx, d.url)
	if err != nil {
		tb.Fatalf("retorttest: connect to %s: %v", d.name, err)
	}
	tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// Exec runs a statement, or several without arguments, and returns how many
// rows the last one touched.
func (d *Database) Exec(tb testing.TB, sql string, args ...any) int64 {
	tb.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	ctx, cancel := helperContext(tb)
	defer cancel()
	tag, err := d.shared(ctx, tb).Exec(ctx, sql, args...)
	if err != nil {
		tb.Fatalf("retorttest: %s: %v", sql, err)
	}
	return tag.RowsAffected()
}

// Rows runs a query and returns each row as PostgreSQL's own text, columns
// parted by " | " and NULL written as NULL: easy to compare with a golden list.
//
//   - Shape: one string per row in the query's order, nil without rows.
func (d *Database) Rows(tb testing.TB, sql string, args ...any) []string {
	tb.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	ctx, cancel := helperContext(tb)
	defer cancel()
	rows, err := d.shared(ctx, tb).Query(ctx, sql, append([]any{pgx.QueryResultFormats{pgx.TextFormatCode}}, args...)...)
	if err != nil {
		tb.Fatalf("retorttest: %s: %v", sql, err)
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var cells []string
		for _, value := range rows.RawValues() {
			if value == nil {
				cells = append(cells, "NULL")
			} else {
				cells = append(cells, string(value))
			}
		}
		texts = append(texts, strings.Join(cells, " | "))
	}
	if err := rows.Err(); err != nil {
		tb.Fatalf("retorttest: %s: %v", sql, err)
	}
	return texts
}

// QueryString runs a query for one value and returns it as PostgreSQL's text,
// NULL as "NULL".
func (d *Database) QueryString(tb testing.TB, sql string, args ...any) string {
	tb.Helper()
	texts := d.Rows(tb, sql, args...)
	if len(texts) != 1 {
		tb.Fatalf("retorttest: %s: %d rows, want one", sql, len(texts))
	}
	return texts[0]
}

// QueryInt runs a query for one number, such as a count.
func (d *Database) QueryInt(tb testing.TB, sql string, args ...any) int64 {
	tb.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	ctx, cancel := helperContext(tb)
	defer cancel()
	var n int64
	if err := d.shared(ctx, tb).QueryRow(ctx, sql, args...).Scan(&n); err != nil {
		tb.Fatalf("retorttest: %s: %v", sql, err)
	}
	return n
}

// shared is the helpers' connection, opened anew when a test broke it. The
// caller holds mu.
func (d *Database) shared(ctx context.Context, tb testing.TB) *pgx.Conn {
	tb.Helper()
	if d.conn == nil || d.conn.IsClosed() {
		conn, err := pgx.Connect(ctx, d.url)
		if err != nil {
			tb.Fatalf("retorttest: connect to %s: %v", d.name, err)
		}
		d.conn = conn
	}
	return d.conn
}

// helperContext is the test's, but not over while its cleanups run.
func helperContext(tb testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
}
