package roles

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/retort-go/retort/migrate/catalog"
)

// Rights is what the connected role could do if somebody else spoke for the service.
type Rights struct {
	Role        string
	Superuser   bool
	CreateRole  bool
	CreateDB    bool
	BypassRLS   bool
	Replication bool
	Database    bool     // may create schemas in the database
	Programs    bool     // may run programs, or read or write files, on the server
	Creates     []string // schemas in which it may create
	Owns        []string // up to ten tables that it owns, itself or by a role that it is a member of
}

// rightsSQL asks of the role that is connected. Books of migrations do not count: who
// may change tables is told by other tables, too.
const rightsSQL = `/* retort:roles */ SELECT pg_catalog.json_build_object(
  'Role', r.rolname, 'Superuser', r.rolsuper, 'CreateRole', r.rolcreaterole, 'CreateDB', r.rolcreatedb, 'BypassRLS', r.rolbypassrls,
  'Replication', r.rolreplication,
  'Database', pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),
  'Programs', EXISTS (SELECT 1 FROM pg_catalog.pg_roles g WHERE g.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
    AND pg_catalog.pg_has_role(r.oid, g.oid, 'MEMBER')),
  'Creates', (SELECT pg_catalog.json_agg(n.nspname ORDER BY n.nspname) FROM pg_catalog.pg_namespace n
    WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')),
  'Owns', (SELECT pg_catalog.json_agg(t.name) FROM (
    SELECT n.nspname || '.' || c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
      AND pg_catalog.pg_has_role(r.oid, c.relowner, 'MEMBER') ORDER BY 1 LIMIT 10) t)
)::text
FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`

// Read asks what the role of src's connections may do, in one query.
func Read(ctx context.Context, src catalog.Source) (*Rights, error) {
	rows, err := src.Snapshot(ctx, rightsSQL)
	if err != nil {
		return nil, fmt.Errorf("roles: read the rights of the role: %w", err)
	}
	if len(rows) != 1 || len(rows[0]) != 1 {
		return nil, fmt.Errorf("roles: the source gave no answer")
	}
	r := &Rights{}
	if err := json.Unmarshal([]byte(rows[0][0][0]), r); err != nil {
		return nil, fmt.Errorf("roles: read the rights of the role: %w", err)
	}
	return r, nil
}

// Warnings says what a service's role should not be able to do; nothing for one that
// only works with rows. Of the role that runs revisions, owning is the point.
//
//   - Shape: one sentence each, the worst first.
func (r *Rights) Warnings() []string {
	var out []string
	if r.Superuser {
		return []string{r.Role + " is a superuser: no privilege, no policy and no row-level security holds it; connect as a role that is none"}
	}
	for _, w := range []struct {
		has  bool
		text string
	}{
		{r.Programs, "may run programs or read files on the server"},
		{r.CreateRole, "may create roles, and with them give itself rights"},
		{r.Replication, "may read everything by replication"},
		{r.BypassRLS, "passes row-level security by"},
		{r.CreateDB, "may create databases"},
		{len(r.Owns) > 0, "owns " + some(r.Owns) + ": it can drop and alter what it owns, and row-level security does not hold it unless it is forced"},
		{r.Database, "may create schemas in the database"},
		{len(r.Creates) > 0, "may create tables and functions in " + some(r.Creates)},
	} {
		if w.has {
			out = append(out, r.Role+" "+w.text)
		}
	}
	return out
}

// some lists names, at most three of them.
func some(names []string) string {
	if len(names) > 3 {
		return strings.Join(names[:3], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}
