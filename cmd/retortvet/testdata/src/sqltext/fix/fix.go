package fix

import (
	"context"
	"fmt"

	"github.com/retort-go/retort"
)

func fix(ctx context.Context, s *retort.Session, email string, n int) {
	retort.SQL[int64](fmt.Sprintf("SELECT id FROM t WHERE email = '%s' AND n >= %d", email, n)) // want `put together`
	retort.SQL[int64]("SELECT \"id\" FROM t WHERE email = '" + email + "' ORDER BY 1")          // want `put together`
	s.Exec(ctx, "DELETE FROM t WHERE email = '"+email+"' AND name LIKE '"+email+"'")            // want `put together`
	s.Exec(ctx, fmt.Sprintf("DELETE FROM t WHERE n = %d", n+1))                                 // want `put together`
}

func leave(ctx context.Context, s *retort.Session, name string) {
	s.Exec(ctx, "DELETE FROM "+name)                                 // want `put together`
	s.Exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE a = $1", name), 1) // want `put together`
	s.Exec(ctx, fmt.Sprintf("WHERE a = '%s%s'", name, name))         // want `put together`
	s.Exec(ctx, fmt.Sprintf("WHERE a LIKE '%%%s'", name))            // want `put together`
	s.Exec(ctx, fmt.Sprintf("WHERE a = %q", name))                   // want `put together`
	s.Exec(ctx, "WHERE a = 'x"+name+"'")                             // want `put together`
	s.Exec(ctx, fmt.Sprintf("WHERE a = %[1]s", name))                // want `put together`
	s.Exec(ctx, "WHERE a = '"+name)                                  // want `put together`
	sql := "WHERE a = " + name
	s.Exec(ctx, sql) // want `put together`
}
