package autogenerate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/schema"
)

// declared are the renamings that models declare and that are still to be done:
// the database has the old name and not the new one. What asked says goes first.
func declared(database *catalog.Catalog, models *schema.Schema, asked []Renaming) []Renaming {
	var out []Renaming
	add := func(r Renaming) {
		same := func(other Renaming) bool {
			return other.Kind == r.Kind && other.Table == r.Table && cmp.Or(other.Namespace, database.Namespace) == r.Namespace &&
				(other.To == r.To || other.From == r.From)
		}
		before := asItWas(database, append(slices.Clip(out), asked...), r)
		if r.From != "" && exists(database, before, r.From) && !exists(database, before, r.To) && !slices.ContainsFunc(asked, same) {
			out = append(out, r)
		}
	}
	managed := func(yield func(*schema.Table, string) bool) {
		for i := range models.Tables {
			if t := &models.Tables[i]; !t.Unmanaged && !yield(t, cmp.Or(t.Namespace, database.Namespace)) {
				return
			}
		}
	}
	for t, namespace := range managed {
		add(Renaming{Kind: catalog.KindTable, Namespace: namespace, From: t.RenamedFrom, To: t.Name})
	}
	for t, namespace := range managed {
		for i := range t.Columns {
			add(Renaming{Kind: catalog.KindColumn, Namespace: namespace, Table: t.Name, From: t.Columns[i].RenamedFrom, To: t.Columns[i].Name})
		}
	}
	return out
}

// asItWas is r with the table's name as the database says it, where that is
// renamed, too.
func asItWas(database *catalog.Catalog, all []Renaming, r Renaming) Renaming {
	for _, t := range all {
		if t.Kind == catalog.KindTable && t.To == r.Table && cmp.Or(t.Namespace, database.Namespace) == r.Namespace {
			if _, still := database.Table(r.Namespace, t.From); still {
				r.Table = t.From
			}
		}
	}
	return r
}

// hints keeps the renamings that are still to be done, tables before columns.
func hints(database, models *catalog.Catalog, all []Renaming) ([]Renaming, error) {
	var out []Renaming
	for _, r := range all {
		if r.Namespace == "" {
			r.Namespace = database.Namespace
		}
		before := asItWas(database, all, r)
		from, done := exists(database, before, r.From), exists(database, before, r.To)
		switch {
		case !exists(models, r, r.To):
			return nil, fmt.Errorf("autogenerate: rename of %s %s to %s: the models have no %s", r.Kind, r.From, r.To, r.To)
		case exists(models, r, r.From):
			return nil, fmt.Errorf("autogenerate: rename of %s %s to %s: the models still have %s", r.Kind, r.From, r.To, r.From)
		case from && done:
			return nil, fmt.Errorf("autogenerate: rename of %s %s to %s: the database has both", r.Kind, r.From, r.To)
		case from:
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b Renaming) int { return slices.Index(kindOrder, a.Kind) - slices.Index(kindOrder, b.Kind) })
	return out, nil
}

func exists(c *catalog.Catalog, r Renaming, name string) bool {
	var ok bool
	switch r.Kind {
	case catalog.KindTable:
		_, ok = c.Table(r.Namespace, name)
	case catalog.KindType:
		_, ok = c.Type(r.Namespace, name)
	case catalog.KindColumn:
		if t, found := c.Table(r.Namespace, r.Table); found {
			_, ok = t.Column(name)
		}
	}
	return ok
}

// renamed is what c looks like once the renamings are done. The server writes
// its texts anew then; here the names in them are exchanged, strings left alone.
func renamed(c *catalog.Catalog, renames []Renaming) *catalog.Catalog {
	if len(renames) == 0 {
		return c
	}
	out := clone(c)
	for _, r := range renames {
		rename := func(texts ...*string) {
			for _, text := range texts {
				*text = exchange(*text, r.From, r.To)
			}
		}
		ref := func(list ...*catalog.Ref) {
			for _, x := range list {
				if x.Kind == r.Kind && x.Namespace == r.Namespace && x.Name == r.From {
					x.Name = r.To
				}
			}
		}
		for i := range out.Types {
			if t := &out.Types[i]; r.Kind == catalog.KindType && t.Namespace == r.Namespace && t.Name == r.From {
				t.Name = r.To
			}
		}
		for i := range out.Tables {
			t := &out.Tables[i]
			if r.Kind == catalog.KindTable && t.Namespace == r.Namespace && t.Name == r.From {
				t.Name = r.To
			}
			inside := r.Kind != catalog.KindColumn || t.Namespace == r.Namespace && t.Name == r.Table
			renameTable(t, r, inside, rename, ref)
		}
		for i := range out.Views {
			rename(&out.Views[i].Definition)
		}
		for i := range out.Functions {
			rename(&out.Functions[i].Result, &out.Functions[i].Arguments)
			// A body in quotes is text that the server does not change.
			if head, body, quoted := strings.Cut(out.Functions[i].Definition, "\nAS $"); quoted {
				out.Functions[i].Definition = exchange(head, r.From, r.To) + "\nAS $" + body
			} else {
				rename(&out.Functions[i].Definition)
			}
		}
		for i := range out.Sequences {
			s := &out.Sequences[i]
			if r.Kind == catalog.KindTable && s.OwnerNamespace == r.Namespace && s.OwnerTable == r.From {
				s.OwnerTable = r.To
			}
			if r.Kind == catalog.KindColumn && s.OwnerNamespace == r.Namespace && s.OwnerTable == r.Table && s.OwnerColumn == r.From {
				s.OwnerColumn = r.To
			}
		}
		for i := range out.Uses {
			ref(&out.Uses[i].By, &out.Uses[i].On)
			if u := &out.Uses[i]; r.Kind == catalog.KindColumn && u.On.Namespace == r.Namespace && u.On.Name == r.Table && u.Column == r.From {
				u.Column = r.To
			}
		}
		for i := range out.Order {
			ref(&out.Order[i])
		}
	}
	return out
}

func renameTable(t *catalog.Table, r Renaming, inside bool, rename func(...*string), ref func(...*catalog.Ref)) {
	for i := range t.Inherits {
		ref(&t.Inherits[i])
	}
	for i := range t.Columns {
		col := &t.Columns[i]
		ref(&col.TypeRef)
		if r.Kind == catalog.KindType {
			rename(&col.Type, &col.Default)
		}
		if inside {
			rename(&col.Generated)
			if r.Kind == catalog.KindColumn && col.Name == r.From {
				col.Name = r.To
			}
		}
	}
	for i := range t.Constraints {
		k := &t.Constraints[i]
		ref(&k.RefTable)
		refers := r.Kind == catalog.KindColumn && k.RefTable.Namespace == r.Namespace && k.RefTable.Name == r.Table
		if inside || refers {
			rename(&k.Definition, &k.IndexDefinition)
		}
		if inside && r.Kind == catalog.KindColumn {
			for j := range k.Columns {
				if k.Columns[j] == r.From {
					k.Columns[j] = r.To
				}
			}
		}
	}
	if !inside {
		return
	}
	for i := range t.Indexes {
		rename(&t.Indexes[i].Definition, &t.Indexes[i].Predicate)
		for j := range t.Indexes[i].Keys {
			rename(&t.Indexes[i].Keys[j])
		}
	}
	for i := range t.Triggers {
		rename(&t.Triggers[i].Definition)
	}
	for i := range t.Policies {
		rename(&t.Policies[i].Using, &t.Policies[i].Check)
	}
	rename(&t.PartitionBy)
}

// exchange puts one name in the place of another where it stands as a whole,
// in quotes or not, but not inside a string.
func exchange(text, from, to string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		end := i + 1
		word := ""
		switch c := text[i]; {
		case c == '\'':
			for end < len(text) && text[end] != '\'' {
				end++
			}
			end = min(end+1, len(text))
		case c == '"':
			for end < len(text) && (text[end] != '"' || end+1 < len(text) && text[end+1] == '"') {
				if text[end] == '"' {
					end++
				}
				end++
			}
			end = min(end+1, len(text))
			word = strings.ReplaceAll(strings.Trim(text[i:end], `"`), `""`, `"`)
		case wordStart(c):
			for end < len(text) && (wordStart(text[end]) || text[end] >= '0' && text[end] <= '9' || text[end] == '$') {
				end++
			}
			word = text[i:end]
		}
		if word == from && word != "" {
			b.WriteString(plain(to))
		} else {
			b.WriteString(text[i:end])
		}
		i = end
	}
	return b.String()
}

func wordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// plain is a name as the server writes it: in quotes only where it must be.
func plain(name string) string {
	for i, r := range name {
		if r != '_' && !unicode.IsLower(r) && (i == 0 || !unicode.IsDigit(r)) || r >= 0x80 {
			return sqltext.Ident(name)
		}
	}
	return name
}
