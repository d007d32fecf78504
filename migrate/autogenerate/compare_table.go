package autogenerate

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/retort-go/retort/migrate/catalog"
)

func (c *comparison) tables() {
	both(c.database.Tables, c.models.Tables, func(t *catalog.Table) string { return t.Ref().String() },
		func(db, model *catalog.Table) {
			if db == nil {
				c.add(object(Add, model.Ref()))
				return
			}
			c.table(db, model)
		},
		func(db *catalog.Table) {
			if db.Foreign {
				return // as its server is, which nothing here sees
			}
			if c.holdsRowsOfModel(db) {
				if c.opts.DropPartitions {
					c.add(object(Drop, db.Ref()))
				}
				return
			}
			c.unclaimed(db.Ref())
		})
}

// holdsRowsOfModel reports whether t is a partition, at any depth, of a table
// that a model claims.
func (c *comparison) holdsRowsOfModel(t *catalog.Table) bool {
	for range len(c.database.Tables) { // a bound, should the catalog ever hold a circle
		if !t.Partition() || len(t.Inherits) != 1 {
			return false
		}
		parent := t.Inherits[0]
		if _, claimed := c.models.Table(parent.Namespace, parent.Name); claimed {
			return true
		}
		var ok bool
		if t, ok = c.database.Table(parent.Namespace, parent.Name); !ok {
			return false
		}
	}
	return false
}

func (c *comparison) table(db, model *catalog.Table) {
	d := object(Alter, model.Ref())
	c.alter(d, Partitions, db.PartitionBy, model.PartitionBy)
	c.alter(d, Inheritance, parents(db), parents(model))
	c.alter(d, Access, db.Access, model.Access)
	c.alter(d, Persistence, string(db.Persistence), string(model.Persistence))
	c.storage(d, db.Storage, model.Storage)
	if model.RowSecurity || c.opts.DropUnclaimed {
		c.alter(d, RowSecurity, rowSecurity(db), rowSecurity(model))
	}
	c.optional(d, Replica, db.Identity, model.Identity)
	c.optional(d, Comment, db.Comment, model.Comment)
	c.columns(db, model)
	c.constraints(db, model)
	c.indexes(model.Ref(), db.Indexes, model.Indexes)
	c.triggers(model.Ref(), db.Triggers, model.Triggers)
	c.policies(db, model)
}

func parents(t *catalog.Table) string {
	var out []string
	for _, p := range t.Inherits {
		out = append(out, p.String())
	}
	if t.Partition() {
		out = append(out, t.PartitionBound)
	}
	return strings.Join(out, ", ")
}

func rowSecurity(t *catalog.Table) string {
	switch {
	case t.RowSecurity && t.ForceSecurity:
		return "ENABLE, FORCE"
	case t.RowSecurity:
		return "ENABLE"
	case t.ForceSecurity:
		return "FORCE"
	default:
		return ""
	}
}

// storage compares storage parameters one by one; what only the database has is
// somebody else's unless asked.
func (c *comparison) storage(d Difference, database, models string) {
	db, want := parameters(database), parameters(models)
	if !c.opts.DropUnclaimed {
		maps.DeleteFunc(db, func(name, _ string) bool { _, known := want[name]; return !known })
	}
	c.alter(d, Storage, parameterText(db), parameterText(want))
}

func parameters(text string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(text, ", ") {
		if name, value, ok := strings.Cut(part, "="); ok {
			out[name] = value
		}
	}
	return out
}

func parameterText(values map[string]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, name+"="+values[name])
	}
	return strings.Join(out, ", ")
}

func part(t catalog.Ref, kind catalog.Kind, name string) Difference {
	return Difference{Action: Add, Kind: kind, Namespace: t.Namespace, Table: t.Name, Name: name}
}

func dropped(d Difference) Difference {
	d.Action = Drop
	return d
}

func (c *comparison) columns(dbTable, table *catalog.Table) {
	ref := table.Ref()
	both(dbTable.Columns, table.Columns, func(col *catalog.Column) string { return col.Name },
		func(db, model *catalog.Column) {
			d := part(ref, catalog.KindColumn, model.Name)
			if db == nil {
				if !model.Inherited && !c.ofParent(dbTable, table, model.Name) {
					c.add(d)
				}
				return
			}
			if !model.Inherited && !c.ofParent(dbTable, table, model.Name) {
				c.alter(d, DataType, columnType(db), columnType(model))
				c.alter(d, Generated, generated(db), generated(model))
			}
			c.alter(d, Nullability, nullability(db), nullability(model))
			c.alter(d, Default, db.Default, model.Default)
			if !model.Inherited || !table.Partition() { // a partition counts with its table
				c.alter(d, Identity, identity(db), identity(model))
			}
			c.optional(d, Storage, db.Storage, model.Storage)
			c.optional(d, Compression, db.Compression, model.Compression)
			c.optional(d, Comment, db.Comment, model.Comment)
		},
		func(db *catalog.Column) {
			if !db.Inherited {
				c.add(dropped(part(ref, catalog.KindColumn, db.Name)))
			}
		})
}

// ofParent reports whether a column that a table declares is its parent's, too: it
// comes and changes with that one, and PostgreSQL refuses both here.
func (c *comparison) ofParent(dbTable, table *catalog.Table, name string) bool {
	return slices.ContainsFunc(table.Inherits, func(ref catalog.Ref) bool {
		parent, ok := c.models.Table(ref.Namespace, ref.Name)
		if ok = ok && slices.Contains(dbTable.Inherits, ref); !ok {
			return false
		}
		_, ok = parent.Column(name)
		return ok
	})
}

func columnType(col *catalog.Column) string {
	if col.Collation != "" {
		return col.Type + " COLLATE " + col.Collation
	}
	return col.Type
}

func nullability(col *catalog.Column) string {
	if col.NotNull {
		return "NOT NULL"
	}
	return "NULL"
}

func generated(col *catalog.Column) string {
	switch {
	case col.Generated == "":
		return ""
	case col.Virtual:
		return col.Generated + " VIRTUAL"
	default:
		return col.Generated + " STORED"
	}
}

func identity(col *catalog.Column) string {
	return strings.TrimSpace(col.Identity + " " + col.Sequence)
}

// constraints compares by name. What has another name and the same definition is
// a new name for the same rule.
func (c *comparison) constraints(dbTable, table *catalog.Table) {
	ref := table.Ref()
	var added, gone []*catalog.Constraint
	both(dbTable.Constraints, table.Constraints, func(k *catalog.Constraint) string { return k.Name },
		func(db, model *catalog.Constraint) {
			if db == nil {
				if !model.Inherited {
					added = append(added, model)
				}
				return
			}
			if model.Inherited && db.Inherited {
				return // it changes with its parent
			}
			d := part(ref, catalog.KindConstraint, model.Name)
			if same(withoutValidity(db), withoutValidity(model)) {
				c.alter(d, Validity, validity(db.Valid), validity(model.Valid))
			} else {
				c.alter(d, Definition, db.Definition, model.Definition)
			}
			c.optional(d, Comment, db.Comment, model.Comment)
		},
		func(db *catalog.Constraint) {
			if !db.Inherited {
				gone = append(gone, db)
			}
		})
	for _, model := range added {
		d := part(ref, catalog.KindConstraint, model.Name)
		equal := func(k *catalog.Constraint) bool { return same(k.Definition, model.Definition) }
		if i := slices.IndexFunc(gone, equal); i >= 0 {
			c.optional(d, Comment, gone[i].Comment, model.Comment)
			d.Action, d.From = Rename, gone[i].Name
			gone = slices.Delete(gone, i, i+1)
		}
		c.add(d)
	}
	for _, db := range gone {
		c.add(dropped(part(ref, catalog.KindConstraint, db.Name)))
	}
}

func withoutValidity(k *catalog.Constraint) string {
	return strings.TrimSuffix(k.Definition, " NOT VALID")
}

func validity(valid bool) string {
	if valid {
		return "valid"
	}
	return "not valid"
}

func (c *comparison) indexes(ref catalog.Ref, database, models []catalog.Index) {
	var added, gone []*catalog.Index
	both(database, models, func(ix *catalog.Index) string { return ix.Name },
		func(db, model *catalog.Index) {
			if db == nil {
				if !model.Attached {
					added = append(added, model)
				}
				return
			}
			d := part(ref, catalog.KindIndex, model.Name)
			c.alter(d, Definition, indexText(db), indexText(model))
			c.alter(d, Validity, validity(db.Valid), validity(model.Valid))
			c.optional(d, Comment, db.Comment, model.Comment)
		},
		func(db *catalog.Index) {
			if !db.Attached {
				gone = append(gone, db)
			}
		})
	for _, model := range added {
		d := part(ref, catalog.KindIndex, model.Name)
		equal := func(ix *catalog.Index) bool {
			return ix.Valid && same(indexText(ix), indexText(model))
		}
		if i := slices.IndexFunc(gone, equal); i >= 0 {
			c.optional(d, Comment, gone[i].Comment, model.Comment)
			d.Action, d.From = Rename, gone[i].Name
			gone = slices.Delete(gone, i, i+1)
		}
		c.add(d)
	}
	for _, db := range gone {
		c.add(dropped(part(ref, catalog.KindIndex, db.Name)))
	}
}

func indexText(ix *catalog.Index) string {
	if ix.Unique {
		return "UNIQUE " + ix.Definition
	}
	return ix.Definition
}

func (c *comparison) triggers(ref catalog.Ref, database, models []catalog.Trigger) {
	both(database, models, func(t *catalog.Trigger) string { return t.Name },
		func(db, model *catalog.Trigger) {
			d := part(ref, catalog.KindTrigger, model.Name)
			if db == nil {
				c.add(d)
				return
			}
			c.alter(d, Definition, triggerText(db), triggerText(model))
			c.alter(d, Enabled, cmp.Or(db.Enabled, "ENABLE"), cmp.Or(model.Enabled, "ENABLE"))
			c.optional(d, Comment, db.Comment, model.Comment)
		},
		func(db *catalog.Trigger) {
			if c.opts.DropUnclaimed {
				c.add(dropped(part(ref, catalog.KindTrigger, db.Name)))
			}
		})
}

func triggerText(t *catalog.Trigger) string {
	if t.Constraint {
		return "CONSTRAINT " + t.Definition
	}
	return t.Definition
}

func (c *comparison) policies(dbTable, table *catalog.Table) {
	ref := table.Ref()
	both(dbTable.Policies, table.Policies, func(p *catalog.Policy) string { return p.Name },
		func(db, model *catalog.Policy) {
			d := part(ref, catalog.KindPolicy, model.Name)
			if db == nil {
				c.add(d)
				return
			}
			c.alter(d, Definition, policyText(db), policyText(model))
			c.optional(d, Comment, db.Comment, model.Comment)
		},
		func(db *catalog.Policy) {
			if c.opts.DropUnclaimed {
				c.add(dropped(part(ref, catalog.KindPolicy, db.Name)))
			}
		})
}

func labels(t *catalog.Type) string {
	quoted := make([]string, len(t.Labels))
	for i, label := range t.Labels {
		quoted[i] = strconv.Quote(label)
	}
	return strings.Join(quoted, ", ")
}
