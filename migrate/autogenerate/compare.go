package autogenerate

import (
	"fmt"

	"github.com/retort-go/retort/migrate/catalog"
)

// Options says what [Compare] proposes; the zero value never drops what no model
// claims.
type Options struct {
	// DropUnclaimed also proposes to drop what the models do not name at all:
	// schemas, extensions, types, sequences, functions, tables, views, triggers,
	// policies, row security, comments and storage parameters. Columns, constraints
	// and indexes of a table that a model claims are the model's business anyway. The
	// books of migration tools (catalog.Keeper) are never dropped.
	DropUnclaimed bool

	// DropPartitions also proposes to drop partitions of tables that a model
	// claims. They hold its rows, so DropUnclaimed alone leaves them.
	DropPartitions bool

	// Renames are hints: what was called From is what the models call To.
	Renames []Renaming
}

// Renaming says that something got another name.
//
//   - Shape: Kind is that of a table, column or type. Table is set for columns, by
//     the model's name. An empty Namespace is the current schema.
type Renaming struct {
	Kind      catalog.Kind
	Namespace string
	Table     string
	From, To  string
}

// Compare lists what must change in the database for it to be what the models
// say. Both sides were read by [catalog.Read] on servers of the same major
// version, with the same current schema.
//
//   - Shape: an order that depends on nothing but the names; nil when they agree.
//     The order of columns does not count, nor do owners, privileges and versions
//     of extensions. Partitions are their table's: what they inherit is not compared.
//   - Errors: sides that cannot be compared; a hint that matches nothing on a side,
//     unless it is fulfilled already.
func Compare(database, models *catalog.Catalog, opts Options) ([]Difference, error) {
	if database.Version/10000 != models.Version/10000 {
		return nil, fmt.Errorf("autogenerate: the database runs PostgreSQL %d, the models were built on %d; "+
			"build them on the same major version", database.Version/10000, models.Version/10000)
	}
	if database.Namespace != models.Namespace {
		return nil, fmt.Errorf("autogenerate: the current schema is %q in the database and %q where the models were built; "+
			"set the same search_path for both", database.Namespace, models.Namespace)
	}
	books := database
	database = database.WithoutBooks(func(ref catalog.Ref) bool { _, ok := models.Table(ref.Namespace, ref.Name); return ok })
	renames, err := hints(database, models, opts.Renames)
	if err != nil {
		return nil, err
	}
	c := comparison{database: renamed(database, renames), models: models, opts: opts, books: map[string]bool{}}
	for i := range books.Tables {
		if t := &books.Tables[i]; catalog.Keeper(t) != "" {
			c.books[t.Namespace] = true
		}
	}
	for _, r := range renames {
		c.add(Difference{Action: Rename, Kind: r.Kind, Namespace: r.Namespace, Table: r.Table, Name: r.To, From: r.From})
	}
	c.namespaces()
	c.extensions()
	c.types()
	c.sequences()
	c.functions()
	c.tables()
	c.views()
	sortDifferences(c.out)
	return c.out, nil
}

// comparison is one run of [Compare].
type comparison struct {
	database, models *catalog.Catalog
	opts             Options
	books            map[string]bool // schemas with the books of a migration tool
	out              []Difference
}

func (c *comparison) add(d Difference) { c.out = append(c.out, d) }

// alter adds a difference of one aspect, if there is one.
func (c *comparison) alter(d Difference, aspect Aspect, database, models string) {
	if database != models && (aspect == Comment || !same(database, models)) {
		d.Action, d.Aspect, d.Database, d.Model = Alter, aspect, database, models
		c.add(d)
	}
}

// optional is alter for what the models may leave to others.
func (c *comparison) optional(d Difference, aspect Aspect, database, models string) {
	if models != "" || c.opts.DropUnclaimed {
		c.alter(d, aspect, database, models)
	}
}

// both walks two lists by name: what is in the models and perhaps in the
// database, then what is in the database alone.
func both[T any](database, models []T, name func(*T) string, common func(db, model *T), extra func(db *T)) {
	known := make(map[string]*T, len(database))
	for i := range database {
		known[name(&database[i])] = &database[i]
	}
	for i := range models {
		key := name(&models[i])
		common(known[key], &models[i])
		delete(known, key)
	}
	for i := range database {
		if known[name(&database[i])] != nil {
			extra(&database[i])
		}
	}
}

func (c *comparison) namespaces() {
	both(c.database.Namespaces, c.models.Namespaces, func(n *catalog.Namespace) string { return n.Name },
		func(db, model *catalog.Namespace) {
			d := Difference{Action: Add, Kind: catalog.KindNamespace, Name: model.Name}
			if db == nil {
				c.add(d)
				return
			}
			c.optional(d, Comment, db.Comment, model.Comment)
		},
		func(db *catalog.Namespace) {
			if c.opts.DropUnclaimed && !c.books[db.Name] {
				c.add(Difference{Action: Drop, Kind: catalog.KindNamespace, Name: db.Name})
			}
		})
}

func (c *comparison) extensions() {
	both(c.database.Extensions, c.models.Extensions, func(e *catalog.Extension) string { return e.Name },
		func(db, model *catalog.Extension) {
			if db == nil {
				c.add(Difference{Action: Add, Kind: catalog.KindExtension, Name: model.Name})
			}
		},
		func(db *catalog.Extension) {
			if c.opts.DropUnclaimed {
				c.add(Difference{Action: Drop, Kind: catalog.KindExtension, Name: db.Name})
			}
		})
}

// object begins a difference about what ref names.
func object(action Action, ref catalog.Ref) Difference {
	return Difference{Action: action, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
}

// unclaimed proposes to drop an object that the models do not name, when asked.
func (c *comparison) unclaimed(ref catalog.Ref) {
	if c.opts.DropUnclaimed {
		c.add(object(Drop, ref))
	}
}

func (c *comparison) sequences() {
	both(c.database.Sequences, c.models.Sequences, func(s *catalog.Sequence) string { return s.Ref().String() },
		func(db, model *catalog.Sequence) {
			if db == nil {
				c.add(object(Add, model.Ref()))
				return
			}
			d := object(Alter, model.Ref())
			c.alter(d, Definition, sequenceOptions(db)+ownedBy(c.database, db), sequenceOptions(model)+ownedBy(c.models, model))
			c.alter(d, Persistence, persistence(db.Unlogged), persistence(model.Unlogged))
			c.optional(d, Comment, db.Comment, model.Comment)
		},
		func(db *catalog.Sequence) { c.unclaimed(db.Ref()) })
}

func persistence(unlogged bool) string {
	if unlogged {
		return string(catalog.Unlogged)
	}
	return string(catalog.Logged)
}

func (c *comparison) functions() {
	both(c.database.Functions, c.models.Functions, func(f *catalog.Function) string { return f.Ref().String() },
		func(db, model *catalog.Function) {
			if db == nil {
				c.add(object(Add, model.Ref()))
				return
			}
			d := object(Alter, model.Ref())
			c.alter(d, Definition, db.Kind+db.Definition, model.Kind+model.Definition)
			c.optional(d, Comment, db.Comment, model.Comment)
		},
		func(db *catalog.Function) { c.unclaimed(db.Ref()) })
}

func (c *comparison) views() {
	both(c.database.Views, c.models.Views, func(v *catalog.View) string { return v.Ref().String() },
		func(db, model *catalog.View) {
			if db == nil {
				c.add(object(Add, model.Ref()))
				return
			}
			d := object(Alter, model.Ref())
			c.alter(d, Definition, viewText(db), viewText(model))
			c.optional(d, Comment, db.Comment, model.Comment)
			if db.Materialized && model.Materialized {
				c.indexes(model.Ref(), db.Indexes, model.Indexes)
			}
			c.triggers(model.Ref(), db.Triggers, model.Triggers)
		},
		func(db *catalog.View) { c.unclaimed(db.Ref()) })
}

func viewText(v *catalog.View) string {
	kind := "VIEW"
	if v.Materialized {
		kind = "MATERIALIZED VIEW"
	}
	if v.Options != "" {
		kind += " WITH (" + v.Options + ")"
	}
	return kind + " AS " + v.Definition
}

func (c *comparison) types() {
	both(c.database.Types, c.models.Types, func(t *catalog.Type) string { return t.Ref().String() },
		func(db, model *catalog.Type) {
			if db == nil {
				c.add(object(Add, model.Ref()))
				return
			}
			d := object(Alter, model.Ref())
			if db.Kind == catalog.Enum && model.Kind == catalog.Enum {
				c.alter(d, Labels, labels(db), labels(model))
			} else {
				c.alter(d, Definition, typeText(db), typeText(model))
			}
			c.optional(d, Comment, db.Comment, model.Comment)
		},
		func(db *catalog.Type) { c.unclaimed(db.Ref()) })
}
