package ddl

import (
	"context"
	"fmt"
	"strconv"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// alone tells the kinds of objects that are created where they are missing and
// not compared: that is the business of migrations.
func alone(kind schema.ObjectKind) bool {
	return kind == schema.Extension || kind == schema.View || kind == schema.Policy
}

// appendPolicies writes policies. The first of a table switches its row security
// on: without that a policy does nothing, silently.
func appendPolicies(out []Statement, s *schema.Schema) []Statement {
	on := map[place]bool{}
	for i := range s.Objects {
		o := &s.Objects[i]
		if o.Kind != schema.Policy {
			continue
		}
		if at := (place{o.Namespace, o.Table}); !on[at] {
			on[at] = true
			out = append(out, Statement{
				Kind: KindRowSecurity, Name: o.Table, Namespace: o.Namespace, Table: o.Table,
				SQL: "ALTER TABLE " + qualified(o.Namespace, o.Table) + " ENABLE ROW LEVEL SECURITY",
			})
		}
		out = append(out, Statement{Kind: KindPolicy, Name: o.Name, Namespace: o.Namespace, Table: o.Table, SQL: objectText(o)})
	}
	return out
}

// objectKey names an object among those of package schema.
type objectKey struct {
	kind Kind
	at   place
	name string
}

// lacking finds the objects of the kinds in alone that the database does not have.
func (c *creation) lacking(ctx context.Context) (map[objectKey]bool, error) {
	var b sqltext.Builder
	for i := range c.s.Objects {
		o := &c.s.Objects[i]
		if !alone(o.Kind) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\nUNION ALL ")
		}
		b.WriteString("SELECT '" + strconv.Itoa(i) + "' WHERE NOT EXISTS (")
		switch o.Kind {
		case schema.Extension:
			b.WriteString("SELECT 1 FROM pg_catalog.pg_extension WHERE extname = ")
			b.Literal(o.Name)
		case schema.View:
			b.WriteString("SELECT 1 FROM pg_catalog.pg_class WHERE relkind IN ('v', 'm') AND oid = pg_catalog.to_regclass(")
			b.Literal(o.Name)
			b.WriteString(")")
		default:
			namespace := o.Namespace
			if namespace == "" {
				namespace = c.namespace
			}
			b.WriteString("SELECT 1 FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid " +
				"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ")
			b.Literal(namespace)
			b.WriteString(" AND c.relname = ")
			b.Literal(o.Table)
			b.WriteString(" AND p.polname = ")
			b.Literal(o.Name)
		}
		b.WriteString(")")
	}
	if b.Len() == 0 {
		return nil, nil
	}
	rows, err := c.q.Query(ctx, label+b.String())
	if err != nil {
		return nil, fmt.Errorf("ddl: look for the registered objects: %w", err)
	}
	out := make(map[objectKey]bool, len(rows))
	for _, row := range rows {
		i, err := strconv.Atoi(row[0])
		if err != nil {
			return nil, fmt.Errorf("ddl: look for the registered objects: %w", err)
		}
		o := &c.s.Objects[i]
		switch o.Kind {
		case schema.Extension:
			out[objectKey{KindExtension, place{}, o.Name}] = true
		case schema.View:
			out[objectKey{KindView, place{}, o.Name}] = true
		default:
			at := place{o.Namespace, o.Table}
			out[objectKey{KindPolicy, at, o.Name}] = true
			out[objectKey{KindRowSecurity, at, o.Table}] = true
		}
	}
	return out, nil
}

// lacks reports whether st makes something that was looked for in vain.
func lacks(lacking map[objectKey]bool, st Statement) bool {
	at := place{}
	if st.Kind == KindPolicy || st.Kind == KindRowSecurity {
		at = place{st.Namespace, st.Table}
	}
	return lacking[objectKey{st.Kind, at, st.Name}]
}

// notAsNamed is the error for SQL that made something else than it is registered as.
func (c *creation) notAsNamed(ctx context.Context) error {
	lacking, err := c.lacking(ctx)
	if err != nil {
		return err
	}
	for i := range c.s.Objects {
		o := &c.s.Objects[i]
		key := objectKey{KindView, place{}, o.Name}
		if o.Kind == schema.Policy {
			key = objectKey{KindPolicy, place{o.Namespace, o.Table}, o.Name}
		}
		if (o.Kind == schema.View || o.Kind == schema.Policy) && lacking[key] {
			return fmt.Errorf("ddl: %s %s: its SQL made no %s of this name; check the name", o.Kind, o.Name, o.Kind)
		}
	}
	return nil
}
