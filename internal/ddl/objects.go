package ddl

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// alone tells the kinds of objects that are created where they are missing and
// not compared: that is the business of migrations.
func alone(kind schema.ObjectKind) bool {
	return kind == schema.Extension || kind == schema.View || kind == schema.Policy || kind == schema.SequenceObject
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
		out = appendComment(out, o)
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
	var keys [][]objectKey
	ask := func(text string, made ...objectKey) {
		if b.Len() > 0 {
			b.WriteString("\nUNION ALL ")
		}
		b.WriteString("SELECT '" + strconv.Itoa(len(keys)) + "' WHERE NOT EXISTS (SELECT 1 FROM pg_catalog." + text + ")")
		keys = append(keys, made)
	}
	for i := range c.s.Objects {
		o := &c.s.Objects[i]
		if !alone(o.Kind) {
			continue
		}
		name := sqltext.Literal(o.Name)
		switch o.Kind {
		case schema.Extension:
			ask("pg_extension WHERE extname = "+name, objectKey{KindExtension, place{}, o.Name})
		case schema.SequenceObject:
			ask("pg_class WHERE relkind = 'S' AND oid = pg_catalog.to_regclass("+name+")", objectKey{KindSequence, place{}, o.Name})
		case schema.View:
			ask("pg_class WHERE relkind IN ('v', 'm') AND oid = pg_catalog.to_regclass("+name+")", objectKey{KindView, place{}, o.Name})
			for _, ix := range o.Indexes {
				ask("pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE c.relname = "+sqltext.Literal(ix.Name)+
					" AND x.indrelid = pg_catalog.to_regclass("+name+")", objectKey{KindViewIndex, place{name: o.Name}, ix.Name})
			}
		default:
			at := place{o.Namespace, o.Table}
			namespace := cmp.Or(o.Namespace, c.namespace)
			ask("pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "+
				sqltext.Literal(namespace)+" AND c.relname = "+sqltext.Literal(o.Table)+" AND p.polname = "+name,
				objectKey{KindPolicy, at, o.Name}, objectKey{KindRowSecurity, at, o.Table})
		}
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
		for _, key := range keys[i] {
			out[key] = true
		}
	}
	return out, nil
}

// lacks reports whether st makes something that was looked for in vain.
func lacks(lacking map[objectKey]bool, st Statement) bool {
	at := place{}
	if st.Kind == KindPolicy || st.Kind == KindRowSecurity || st.Kind == KindViewIndex {
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
		var key objectKey
		switch o.Kind {
		case schema.View:
			key = objectKey{KindView, place{}, o.Name}
			for _, ix := range o.Indexes {
				if lacking[objectKey{KindViewIndex, place{name: o.Name}, ix.Name}] {
					return fmt.Errorf("ddl: index %s of view %s: its SQL made no index of this name there; check the name, and the view in it", ix.Name, o.Name)
				}
			}
		case schema.SequenceObject:
			key = objectKey{KindSequence, place{}, o.Name}
		case schema.Policy:
			key = objectKey{KindPolicy, place{o.Namespace, o.Table}, o.Name}
		default:
			continue
		}
		if lacking[key] {
			return fmt.Errorf("ddl: %s %s: its SQL made no %s of this name; check the name", o.Kind, o.Name, o.Kind)
		}
	}
	return nil
}
