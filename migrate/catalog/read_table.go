package catalog

import "strings"

func (rd *reader) relation(r *row) {
	oid, namespace, name, kind := r.next(), r.next(), r.next(), r.next()
	if !rd.keep.object(namespace, name) {
		return
	}
	persistence := Logged
	if r.next() == "u" {
		persistence = Unlogged
	}
	by, bound, parents, storage, access := r.next(), r.next(), rd.list(r.next()), r.next(), r.next()
	security, force, identity, definition, populated, comment := r.is(), r.is(), r.next(), r.next(), r.is(), r.next()
	if kind == "v" || kind == "m" {
		v := View{
			Materialized: kind == "m", Namespace: namespace, Name: name, Populated: populated, Options: storage, Comment: comment,
			Definition: strings.TrimSuffix(strings.TrimSpace(definition), ";"),
		}
		rd.know("r"+oid, v.Ref())
		rd.owners[oid] = owner{KindView, len(rd.out.Views)}
		rd.out.Views = append(rd.out.Views, v)
		return
	}
	t := Table{
		Namespace: namespace, Name: name, Foreign: kind == "f", Persistence: persistence, PartitionBy: by, PartitionBound: bound,
		Storage: storage, Access: access, RowSecurity: security, ForceSecurity: force, Identity: identity, Comment: comment,
	}
	rd.know("r"+oid, t.Ref())
	rd.owners[oid] = owner{KindTable, len(rd.out.Tables)}
	for _, parent := range parents {
		// Parents come in any order: they are looked up when all tables are there.
		t.Inherits = append(t.Inherits, Ref{Name: parent})
	}
	rd.out.Tables = append(rd.out.Tables, t)
}

// parents puts names where relation left oids.
func (rd *reader) parents() {
	for i := range rd.out.Tables {
		t := &rd.out.Tables[i]
		for j := range t.Inherits {
			if ref, ok := rd.refs["r"+t.Inherits[j].Name]; ok {
				t.Inherits[j] = ref
			} else {
				t.Inherits[j] = Ref{Kind: KindTable} // left out by the filter
			}
		}
	}
}

func (rd *reader) column(r *row) {
	o, ok := rd.owners[r.next()]
	if !ok {
		return
	}
	c := Column{Name: r.next(), Type: r.next()}
	if namespace, name := r.next(), r.next(); namespace != "" {
		c.TypeRef = Ref{KindType, namespace, name}
	}
	c.Enum, c.Collation, c.NotNull = r.is(), r.next(), r.is()
	expression := r.next()
	switch generated := r.next(); generated {
	case "":
		c.Default = expression
	default:
		c.Generated, c.Virtual = expression, generated == "v"
	}
	switch r.next() {
	case "a":
		c.Identity = "ALWAYS"
	case "d":
		c.Identity = "BY DEFAULT"
	}
	c.Sequence, c.Storage, c.Compression = strings.TrimSpace(r.next()), r.next(), r.next()
	c.Inherited, c.Comment = r.is(), r.next()
	switch o.kind {
	case KindTable:
		rd.out.Tables[o.at].Columns = append(rd.out.Tables[o.at].Columns, c)
	case KindView:
		rd.out.Views[o.at].Columns = append(rd.out.Views[o.at].Columns, c)
	case KindType:
		rd.out.Types[o.at].Fields = append(rd.out.Types[o.at].Fields, c)
	}
}

var constraintKinds = map[string]ConstraintKind{"p": PrimaryKey, "u": Unique, "c": Check, "f": ForeignKey, "x": Exclusion}

var actions = map[string]string{"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}

func (rd *reader) constraint(r *row) {
	oid := r.next()
	c := Constraint{
		Name: r.next(), Kind: constraintKinds[r.next()], Definition: r.next(), Columns: rd.list(r.next()),
		Deferrable: r.is(), Deferred: r.is(), Valid: r.is(), Index: r.next(), IndexDefinition: r.next(), NullsNotDistinct: r.is(),
	}
	if _, using, found := strings.Cut(c.IndexDefinition, " USING "); found {
		c.IndexDefinition = "USING " + using
	}
	if c.Kind == ForeignKey {
		c.RefTable = Ref{KindTable, r.next(), r.next()}
		c.RefConstraint, c.OnDelete, c.OnUpdate = r.next(), actions[r.next()], actions[r.next()]
	} else {
		for range 5 {
			r.next()
		}
	}
	c.Inherited, c.Comment = r.is(), r.next()
	if o, ok := rd.owners[oid]; ok && o.kind == KindTable {
		rd.out.Tables[o.at].Constraints = append(rd.out.Tables[o.at].Constraints, c)
	} else if at, ok := rd.domains[oid]; ok && c.Kind == Check {
		rd.out.Types[at].Checks = append(rd.out.Types[at].Checks, c)
	}
}

func (rd *reader) index(r *row) {
	o, ok := rd.owners[r.next()]
	if !ok {
		return
	}
	ix := Index{
		Name: r.next(), Unique: r.is(), Method: r.next(), Definition: r.next(), Keys: rd.list(r.next()), Included: rd.list(r.next()),
		Predicate: r.next(), Storage: r.next(), NullsNotDistinct: r.is(), Valid: r.is(), Attached: r.is(), Clustered: r.is(), Comment: r.next(),
	}
	ix.Definition = strings.TrimPrefix(ix.Definition, r.next())
	if o.kind == KindView {
		rd.out.Views[o.at].Indexes = append(rd.out.Views[o.at].Indexes, ix)
		return
	}
	rd.out.Tables[o.at].Indexes = append(rd.out.Tables[o.at].Indexes, ix)
}

func (rd *reader) trigger(r *row) {
	o, ok := rd.owners[r.next()]
	if !ok {
		return
	}
	t := Trigger{Name: r.next(), Constraint: r.is(), Definition: r.next(), Function: Ref{KindFunction, r.next(), r.next()}, Enabled: r.next(), Comment: r.next()}
	t.Definition = strings.TrimPrefix(t.Definition, r.next())
	t.Definition = strings.Replace(t.Definition, r.next(), " ON {table} ", 1)
	if o.kind == KindView {
		rd.out.Views[o.at].Triggers = append(rd.out.Views[o.at].Triggers, t)
		return
	}
	rd.out.Tables[o.at].Triggers = append(rd.out.Tables[o.at].Triggers, t)
}

func (rd *reader) policy(r *row) {
	o, ok := rd.owners[r.next()]
	if !ok || o.kind != KindTable {
		return
	}
	rd.out.Tables[o.at].Policies = append(rd.out.Tables[o.at].Policies, Policy{
		Name: r.next(), Permissive: r.is(), Command: r.next(), Roles: rd.list(r.next()), Using: r.next(), Check: r.next(), Comment: r.next(),
	})
}
