package ddl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// scratch holds the schemas in which a model is built to be looked at: one in
// place of the current schema, one for each namespace. A nil scratch leaves
// everything as it is.
type scratch struct {
	main       string
	current    string            // the schema that main stands for
	namespaces map[string]string // of a namespace to its scratch schema
	quoted     map[string]string // of a scratch schema to what it stands for, as the server quotes it
}

func (c *creation) newScratch(ctx context.Context) (*scratch, error) {
	names := append([]string{c.namespace}, c.s.Namespaces()...)
	rows, err := c.q.Query(ctx, label+"SELECT 'retort_scratch_' || pg_catalog.pg_backend_pid(), pg_catalog.quote_ident(name)\n"+
		"FROM pg_catalog.unnest("+nameArray(names)+") WITH ORDINALITY AS n(name, i)\nORDER BY i")
	if err != nil {
		return nil, fmt.Errorf("ddl: name a scratch schema: %w", err)
	}
	sc := &scratch{main: rows[0][0], current: c.namespace, namespaces: map[string]string{}, quoted: map[string]string{}}
	for i, row := range rows {
		name := row[0]
		if i > 0 {
			name = fmt.Sprintf("%s_%d", name, i)
		}
		if i > 0 && names[i] == c.namespace {
			name = sc.main // the current schema under its own name
		}
		sc.namespaces[names[i]] = name
		sc.quoted[name] = row[1]
	}
	return sc, nil
}

// of is the schema where the tables of namespace are.
func (sc *scratch) of(namespace string) string {
	if sc == nil || namespace == "" {
		return namespace
	}
	return sc.namespaces[namespace]
}

// all lists the scratch schemas.
func (sc *scratch) all() []string {
	names := []string{sc.main}
	for _, name := range sc.namespaces {
		if name != sc.main {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// moved is s with every namespace exchanged for its scratch schema; unmanaged
// tables stay where they are, and so do the enums of a namespace: SQL of the models
// may name them.
func (sc *scratch) moved(s *schema.Schema) *schema.Schema {
	out := *s
	out.Tables = slices.Clone(s.Tables)
	for i := range out.Tables {
		t := &out.Tables[i]
		if t.Unmanaged {
			continue
		}
		t.Namespace = sc.of(t.Namespace)
		t.ForeignKeys = slices.Clone(t.ForeignKeys)
		for j := range t.ForeignKeys {
			fk := &t.ForeignKeys[j]
			if ref, ok := s.TableIn(fk.RefNamespace, fk.RefTable); ok && !ref.Unmanaged {
				fk.RefNamespace = sc.of(fk.RefNamespace)
			}
		}
	}
	out.Objects = slices.Clone(s.Objects)
	for i := range out.Objects {
		o := &out.Objects[i]
		if o.Kind == schema.Function {
			o.Namespace = sc.of(o.Namespace)
		} else if t, ok := s.TableIn(o.Namespace, o.Table); ok && !t.Unmanaged {
			o.Namespace = sc.of(o.Namespace)
		}
	}
	return &out
}

// path is a search_path in which every scratch schema comes before the one it
// stands for, so that the server leaves out the same qualifiers on both sides.
func (sc *scratch) path(current string) string {
	out := []string{sc.main}
	for _, element := range splitPath(current) {
		if name, ok := sc.namespaces[unquoted(element)]; ok && name != sc.main {
			out = append(out, name)
		}
		out = append(out, element)
	}
	return strings.Join(out, ", ")
}

// withoutNames puts the schemas that sc stands for into a text of the server.
func (sc *scratch) withoutNames(text string) string {
	if sc == nil || !strings.Contains(text, sc.main) {
		return text
	}
	for name, quoted := range sc.quoted {
		text = strings.ReplaceAll(text, name+".", quoted+".")
	}
	return text
}

// withoutPath takes the scratch schemas out of the one place where the server
// writes them into a function's definition: SET search_path FROM CURRENT.
func (sc *scratch) withoutPath(definition string) string {
	if sc == nil {
		return definition
	}
	for name := range sc.quoted {
		definition = strings.ReplaceAll(definition, "'"+name+"', ", "")
	}
	return sc.withoutNames(definition)
}

// splitPath splits a search_path as the server shows it.
func splitPath(path string) []string {
	var out []string
	quoted, start := false, 0
	for i := range len(path) {
		switch {
		case path[i] == '"':
			quoted = !quoted
		case path[i] == ',' && !quoted:
			out, start = append(out, strings.TrimSpace(path[start:i])), i+1
		}
	}
	if last := strings.TrimSpace(path[start:]); last != "" {
		out = append(out, last)
	}
	return out
}

func unquoted(name string) string {
	if inner, ok := strings.CutPrefix(name, `"`); ok {
		return strings.ReplaceAll(strings.TrimSuffix(inner, `"`), `""`, `"`)
	}
	return strings.ToLower(name)
}

// enter makes the scratch schemas and searches them first.
func (c *creation) enter(ctx context.Context, sc *scratch) error {
	for _, name := range sc.all() {
		if err := c.q.Exec(ctx, label+"CREATE SCHEMA "+sqltext.Ident(name)); err != nil {
			return fmt.Errorf("ddl: some of the models' tables exist, and comparing them needs a scratch schema "+
				"(GRANT CREATE ON DATABASE, or create the tables by migrations): %w", err)
		}
	}
	rows, err := c.q.Query(ctx, label+"SELECT pg_catalog.current_setting('search_path')")
	if err == nil {
		_, err = c.q.Query(ctx, label+"SELECT pg_catalog.set_config('search_path', "+sqltext.Literal(sc.path(rows[0][0]))+", true)")
	}
	if err != nil {
		return fmt.Errorf("ddl: search the scratch schema first: %w", err)
	}
	return nil
}
