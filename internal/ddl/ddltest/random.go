// Package ddltest draws random schemas for property tests.
//
// The one idea: what models can declare is a [schema.Schema], so a generator of
// schemas is one of models. It is above schema and below the tests of
// internal/ddl and migrate/autogenerate.
package ddltest

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/retort-go/retort/schema"
)

// RandomSchema draws the facts of up to three tables that a server of the version
// accepts, which is as server_version_num has it.
func RandomSchema(rt *rapid.T, version int) *schema.Schema {
	s := &schema.Schema{}
	for i := range rapid.IntRange(1, 3).Draw(rt, "tables") {
		t := schema.Table{
			Namespace: rapid.SampledFrom([]string{"", "", "audit", "public", `o"d.d`}).Draw(rt, "namespace"),
			Name:      fmt.Sprintf("t%d", i),
			Unlogged:  rapid.Bool().Draw(rt, "unlogged"),
			Comment:   rapid.SampledFrom([]string{"", "it's", `back\slash`, "two\nlines"}).Draw(rt, "comment"),
			Storage:   rapid.SampledFrom([]string{"", "fillfactor = 50", "fillfactor = 50, autovacuum_enabled = off"}).Draw(rt, "storage"),
		}
		for j := range rapid.IntRange(2, 6).Draw(rt, "columns") {
			t.Columns = append(t.Columns, randomColumn(rt, fmt.Sprintf("c%d", j)))
		}
		key := subset(rt, &t, 3)
		t.PrimaryKey = &schema.PrimaryKey{Name: t.Name + "_pk", Columns: key}
		for _, name := range key {
			c, _ := t.Column(name)
			c.NotNull = true
		}
		randomRules(rt, version, &t)
		if len(s.Tables) > 0 && rapid.Bool().Draw(rt, "refers") {
			refer(rt, &t, &s.Tables[rapid.IntRange(0, len(s.Tables)-1).Draw(rt, "ref")])
		}
		s.Tables = append(s.Tables, t)
	}
	return s
}

func randomColumn(rt *rapid.T, name string) schema.Column {
	c := schema.Column{Name: name, NotNull: rapid.Bool().Draw(rt, "not null")}
	switch rapid.IntRange(0, 5).Draw(rt, "kind of column") {
	case 0:
		c.Type = "text"
		c.Collation = rapid.SampledFrom([]string{"", "C", "POSIX", "default"}).Draw(rt, "collation")
	case 1:
		c.Type = rapid.SampledFrom([]string{"varchar(9)", "VARCHAR ( 9 )", "character varying"}).Draw(rt, "type")
		c.Default = rapid.SampledFrom([]string{"", "'x'", "lower('X')", "'it''s' -- so"}).Draw(rt, "default")
	case 2:
		c.Type = rapid.SampledFrom([]string{"smallint", "int", "bigint"}).Draw(rt, "type")
		c.Identity = rapid.SampledFrom([]schema.Identity{schema.IdentityAlways, schema.IdentityByDefault}).Draw(rt, "identity")
		c.Sequence.Increment = rapid.Int64Range(-3, 3).Draw(rt, "increment")
		if c.Sequence.Increment >= 0 {
			c.Sequence.Start = rapid.Int64Range(0, 1000).Draw(rt, "start")
		}
	case 3:
		c.Type = "text"
		c.Generated = rapid.SampledFrom([]string{"'a' || 'b'", "CASE WHEN 1 IN (1, 2) THEN 'a' END", "repeat('x', 2) -- up"}).Draw(rt, "generated")
	case 4:
		c.Type = rapid.SampledFrom([]string{"timestamptz", "timestamptz(3)", "timestamp with time zone"}).Draw(rt, "type")
		c.Default = rapid.SampledFrom([]string{"", "now()", "CURRENT_TIMESTAMP"}).Draw(rt, "default")
	default:
		c.Type = rapid.SampledFrom([]string{"numeric(9,2)", "numeric", "integer"}).Draw(rt, "type")
		c.Default = rapid.SampledFrom([]string{"", "1", "1 + 1"}).Draw(rt, "default")
	}
	c.Comment = rapid.SampledFrom([]string{"", "", "said"}).Draw(rt, "comment")
	return c
}

func subset(rt *rapid.T, t *schema.Table, most int) []string {
	var names []string
	for i := range t.Columns {
		names = append(names, t.Columns[i].Name)
	}
	names = rapid.Permutation(names).Draw(rt, "order")
	return names[:rapid.IntRange(1, min(most, len(names))).Draw(rt, "count")]
}

func randomRules(rt *rapid.T, version int, t *schema.Table) {
	name := func(kind string, i int) string { return fmt.Sprintf("%s_%s%d", t.Name, kind, i) }
	for i := range rapid.IntRange(0, 2).Draw(rt, "uniques") {
		t.Uniques = append(t.Uniques, schema.Unique{
			Name: name("uq", i), Columns: subset(rt, t, 2), Include: subset(rt, t, 1),
			NullsNotDistinct: version >= 150000 && rapid.Bool().Draw(rt, "nulls not distinct"),
			Where:            rapid.SampledFrom([]string{"", "c0 IS NOT NULL"}).Draw(rt, "where"),
		})
	}
	for i := range rapid.IntRange(0, 3).Draw(rt, "indexes") {
		ix := schema.Index{
			Name: name("ix", i), Unique: rapid.Bool().Draw(rt, "unique"), Include: subset(rt, t, 1),
			Storage: rapid.SampledFrom([]string{"", "fillfactor = 70"}).Draw(rt, "storage"),
			Where:   rapid.SampledFrom([]string{"", "c0 IS NOT NULL AND 1::numeric(3) IN (1, 2)"}).Draw(rt, "where"),
			Parts:   schema.Parts(subset(rt, t, 3)...),
		}
		for j := range ix.Parts {
			p := &ix.Parts[j]
			p.Desc = rapid.Bool().Draw(rt, "desc")
			p.Nulls = rapid.SampledFrom([]schema.Nulls{"", schema.NullsFirst, schema.NullsLast}).Draw(rt, "nulls")
			if rapid.Bool().Draw(rt, "expression") {
				*p = schema.IndexPart{Expression: p.Column + " IS NULL", Desc: p.Desc}
			}
		}
		t.Indexes = append(t.Indexes, ix)
	}
	for i := range rapid.IntRange(0, 1).Draw(rt, "exclusions") {
		e := schema.Exclusion{Name: name("ex", i), Method: "btree", Where: "c1 IS NULL", Deferrable: schema.InitiallyDeferred}
		for _, column := range subset(rt, t, 2) {
			e.Parts = append(e.Parts, schema.ExclusionPart{IndexPart: schema.IndexPart{Column: column}, Operator: "="})
		}
		t.Exclusions = append(t.Exclusions, e)
	}
	if rapid.Bool().Draw(rt, "check") {
		t.Checks = append(t.Checks, schema.Check{Name: name("ck", 0), Expression: "c0 IS NOT NULL OR 1::numeric(3) IN (1, 2)"})
	}
}

// refer adds columns that hold the key of ref, and a foreign key over them.
func refer(rt *rapid.T, t, ref *schema.Table) {
	fk := schema.ForeignKey{
		Name: t.Name + "_fk", RefNamespace: ref.Namespace, RefTable: ref.Name, RefColumns: ref.PrimaryKey.Columns,
		OnDelete: rapid.SampledFrom([]schema.Action{"", schema.Cascade, schema.Restrict}).Draw(rt, "on delete"),
	}
	if ref.Unlogged {
		t.Unlogged = true // the other way round is an error of the server's
	}
	for i, name := range ref.PrimaryKey.Columns {
		c, _ := ref.Column(name)
		own := schema.Column{Name: fmt.Sprintf("r%d", i), Type: c.Type, Collation: c.Collation}
		t.Columns = append(t.Columns, own)
		fk.Columns = append(fk.Columns, own.Name)
	}
	t.ForeignKeys = append(t.ForeignKeys, fk)
}

// Spoil changes one fact of t, so that it still is valid, and names it.
func Spoil(rt *rapid.T, t *schema.Table) string {
	changes := map[string]func(){
		"the comment":     func() { t.Comment += "!" },
		"the primary key": func() { t.PrimaryKey.Name += "x" },
		"a comment":       func() { t.Columns[0].Comment += "!" },
		"a check":         func() { t.Checks = append(t.Checks, schema.Check{Name: t.Name + "_ck_new", Expression: "true"}) },
		"the storage":     func() { t.Storage = "fillfactor = 99" },
		"a new column":    func() { t.Columns = append(t.Columns, schema.Column{Name: "new", Type: "int"}) },
		"a new unique index": func() {
			t.Indexes = append(t.Indexes, schema.Index{Name: t.Name + "_ix_new", Unique: true, Parts: schema.Parts("c0")})
		},
	}
	if len(t.Indexes) > 0 {
		ix := &t.Indexes[0]
		changes["an index's uniqueness"] = func() { ix.Unique = !ix.Unique }
		changes["an index's order"] = func() { ix.Parts[0].Desc = !ix.Parts[0].Desc }
		changes["an index's columns"] = func() { ix.Include = append(slices.Clone(ix.Include), "c0") }
	}
	if len(t.Exclusions) > 0 {
		changes["an exclusion"] = func() { t.Exclusions[0].Where = "c1 IS NOT NULL" }
	}
	var names []string
	for name := range changes {
		names = append(names, name)
	}
	slices.Sort(names)
	name := rapid.SampledFrom(names).Draw(rt, "change")
	changes[name]()
	return name
}
