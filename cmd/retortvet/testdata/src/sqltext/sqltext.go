package sqltext

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
)

type filter struct{ email, order, sql string }

const columns = "id, email"

var table = "books"

func wrong(ctx context.Context, s *retort.Session, in filter, ids []string, name string) {
	retort.SQL[int64](fmt.Sprintf("SELECT %s FROM t", in.email))           // want `the SQL of retort.SQL is put together with fmt.Sprintf: a value in the text can be SQL of its own, .*: write the parameters \$1, \$2 … in a constant text`
	s.Exec(ctx, "DELETE FROM t WHERE email = '"+in.email+"'")              // want `the SQL of Session.Exec is put together with \+:`
	s.Exec(ctx, ("DELETE FROM " + name))                                   // want `put together with \+`
	s.Exec(ctx, fmt.Sprint("DELETE FROM ", name))                          // want `put together with fmt.Sprint:`
	s.Exec(ctx, "DELETE FROM t WHERE id IN ("+strings.Join(ids, ", ")+")") // want `put together with \+`
	s.Exec(ctx, strings.Join(ids, "; "))                                   // want `put together with strings.Join`
	s.Exec(ctx, strings.ReplaceAll("DELETE FROM @", "@", name))            // want `put together with strings.ReplaceAll`
	s.Exec(ctx, strings.NewReplacer("@", name).Replace("DELETE FROM @"))   // want `put together with strings.Replacer`
	s.Exec(ctx, strings.TrimSpace("DELETE FROM "+name))                    // want `put together with \+`
	s.Exec(ctx, query(name))                                               // want `put together with fmt.Sprintf in sqltext.query`
	s.Exec(ctx, in.query())                                                // want `put together with \+ in filter.query`
	s.Exec(ctx, fmt.Sprintf("LIMIT %d", len(ids)))                         // want `put together with fmt.Sprintf`
	s.Exec(ctx, fmt.Sprintf("WHERE x = $%d AND y = %s", len(ids), name))   // want `put together with fmt.Sprintf`
	s.Exec(ctx, "WHERE x = "+strconv.Itoa(len(ids)))                       // want `put together with \+`

	sql := "SELECT 1"
	if name != "" {
		sql += " WHERE name = '" + name + "'"
	}
	s.Exec(ctx, sql) // want `put together with \+=`
	text := fmt.Sprintf("SELECT %s", name)
	s.Exec(ctx, text) // want `put together with fmt.Sprintf`
	var conditions []string
	conditions = append(conditions, "name = '"+name+"'")
	s.Exec(ctx, "SELECT 1 WHERE "+strings.Join(conditions, " AND ")) // want `put together with \+`
	set := []string{"a"}
	set[0] = name
	s.Exec(ctx, strings.Join(set, "")) // want `put together with strings.Join`

	var b strings.Builder
	b.WriteString("SELECT ")
	b.WriteString(name)
	s.Exec(ctx, b.String()) // want `put together with Builder.String\(\)`
	var p strings.Builder
	fmt.Fprintf(&p, "SELECT %s", name)
	s.Exec(ctx, p.String()) // want `put together with Builder.String\(\)`
	var o bytes.Buffer
	outside(&o)
	s.Exec(ctx, o.String()) // want `put together with Buffer.String\(\)`
}

func right(ctx context.Context, s *retort.Session, in filter, ids []string, name string) {
	s.Exec(ctx, "DELETE FROM t WHERE email = $1", in.email)
	s.Exec(ctx, "SELECT "+columns+" FROM t")
	s.Exec(ctx, fmt.Sprintf("SELECT %s FROM t", columns))
	s.Exec(ctx, "SELECT * FROM "+table)
	s.Exec(ctx, name)
	s.Exec(ctx, in.sql)
	s.Exec(ctx, given(name))
	s.Exec(ctx, "LOCK TABLE "+pgx.Identifier{name}.Sanitize())
	s.Exec(ctx, fmt.Sprintf("LOCK TABLE %s", pgx.Identifier{name}.Sanitize()))
	s.Exec(ctx, "SELECT 1 ORDER BY "+order(in.order))
	s.Exec(ctx, "SELECT 1 ORDER BY "+map[string]string{"": "id", "name": "name"}[in.order])
	s.Exec(ctx, "SELECT 1 WHERE x = $"+strconv.Itoa(len(ids)))
	s.Exec(ctx, fmt.Sprintf("SELECT 1 WHERE x = $%d", len(ids)))

	sql := "SELECT 1 WHERE true"
	var args []any
	if name != "" {
		args = append(args, name)
		sql += fmt.Sprintf(" AND name = $%d", len(args))
	}
	sql = sql + " ORDER BY 1"
	s.Exec(ctx, sql, args...)
	conditions := []string{"a = $1"}
	conditions = append(conditions, "b = $2", fmt.Sprintf("c = $%d", 3))
	s.Exec(ctx, "SELECT 1 WHERE "+strings.Join(conditions, " AND "))
	for _, t := range []string{"books", "loans"} {
		s.Exec(ctx, "TRUNCATE "+t)
	}
	for t := range map[string]bool{"books": true} {
		s.Exec(ctx, "TRUNCATE "+t)
	}
	var b strings.Builder
	b.WriteString("SELECT 1")
	fmt.Fprintf(&b, " WHERE x = $%d", len(args))
	b.WriteByte(' ')
	s.Exec(ctx, b.String())
	s.Exec(ctx, "LOCK TABLE "+name) //retortvet:ignore sqltext the name comes from our own catalog

	fmt.Println("SELECT " + name)
	other{}.Exec(ctx, "SELECT "+name)
}

func define(d *retort.Definition[filter], kinds []string) {
	d.Check("kind", "kind IN ("+strings.Join(kinds, ", ")+")")
	d.Index().Where("kind = '" + kinds[0] + "'")
}

func query(name string) string { return fmt.Sprintf("SELECT %s", name) }

func (f filter) query() string {
	if f.email == "" {
		return "SELECT 1"
	}
	return "SELECT " + f.email
}

func given(sql string) string { return sql }

func order(by string) string {
	switch by {
	case "name":
		return "name"
	default:
		return "id"
	}
}

func outside(b *bytes.Buffer) {}

type other struct{}

func (other) Exec(ctx context.Context, sql string) {}
