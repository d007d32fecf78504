package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Source runs SELECTs in one snapshot and, if it can, in one round trip;
// *retort.Engine is one.
//
//   - Shape: one list of rows for each statement, in order; all columns are of
//     type text, NULL is read as "". What a statement sets for its transaction
//     holds for those behind it and ends with them.
type Source interface {
	Snapshot(ctx context.Context, statements ...string) ([][][]string, error)
}

// Options says what [Read] reads; the zero value is everything but privileges.
type Options struct {
	// Include keeps only what matches one of these patterns, Exclude drops what
	// matches one of its own. A pattern is a schema's name, or that of an object
	// behind it and a period ("audit", "public.old_*"), with * and ? as wildcards.
	// Parts go with their table. Extensions are never dropped.
	Include []string
	Exclude []string

	// Grants reads privileges too, those of the owner left out.
	Grants bool
}

// Read reads the database behind src.
//
//   - Shape: one round trip, one snapshot, read only.
//   - Errors: a pattern that cannot be read, before anything is sent; else what the
//     server said.
func Read(ctx context.Context, src Source, opts Options) (*Catalog, error) {
	keep, err := newFilter(opts)
	if err != nil {
		return nil, err
	}
	statements := []string{
		settingsSQL, namespacesSQL, extensionsSQL, typesSQL, sequencesSQL, functionsSQL, relationsSQL,
		columnsSQL, constraintsSQL, indexesSQL, triggersSQL, policiesSQL, dependsSQL,
	}
	if opts.Grants {
		statements = append(statements, grantsSQL)
	}
	results, err := src.Snapshot(ctx, statements...)
	if err != nil {
		return nil, fmt.Errorf("catalog: read the database: %w", err)
	}
	if len(results) != len(statements) || len(results[0]) != 1 || len(results[0][0]) != 10 {
		return nil, fmt.Errorf("catalog: the source answered %d of %d statements", len(results), len(statements))
	}
	r := reader{keep: keep, out: &Catalog{}, owners: map[string]owner{}, domains: map[string]int{}, refs: map[string]Ref{}}
	r.settings(results[0][0])
	for i, add := range []func(*row){
		r.namespace, r.extension, r.typ, r.sequence, r.function, r.relation,
		r.column, r.constraint, r.index, r.trigger, r.policy, r.use, r.grant,
	} {
		if i+1 == len(results) {
			break
		}
		for _, values := range results[i+1] {
			add(&row{values: values})
		}
	}
	if r.problem != nil {
		return nil, fmt.Errorf("catalog: read the database: %w", r.problem)
	}
	r.parents()
	r.out.sortOrder(r.all)
	return r.out, nil
}

// reader puts rows where they belong.
type reader struct {
	keep    *filter
	out     *Catalog
	owners  map[string]owner // by oid of the relation
	domains map[string]int   // by oid of the type
	refs    map[string]Ref   // by the letter of their catalog and oid
	all     []Ref
	problem error
}

// owner says where parts of a relation go: an index into Tables, Views or Types.
type owner struct {
	kind Kind
	at   int
}

// row hands out the values of one row from left to right.
type row struct {
	values []string
	at     int
}

func (r *row) next() string {
	if r.at == len(r.values) {
		return ""
	}
	r.at++
	return r.values[r.at-1]
}

func (r *row) is() bool { return r.next() == "true" }

// list reads an array of texts.
func (rd *reader) list(text string) []string {
	if text == "" || text == "[]" {
		return nil
	}
	var out []string
	if err := json.Unmarshal([]byte(text), &out); err != nil && rd.problem == nil {
		rd.problem = fmt.Errorf("a list that cannot be read: %w", err)
	}
	return out
}

func (rd *reader) settings(values []string) {
	version, err := strconv.Atoi(values[8])
	if err != nil {
		rd.problem = fmt.Errorf("server_version_num: %w", err)
	}
	rd.out.Namespace, rd.out.Version, rd.out.Database = values[7], version, values[9]
}

func (rd *reader) know(key string, ref Ref) {
	rd.refs[key] = ref
	rd.all = append(rd.all, ref)
}

func (rd *reader) namespace(r *row) {
	n := Namespace{Name: r.next(), Comment: r.next()}
	if rd.keep.namespace(n.Name) {
		rd.out.Namespaces = append(rd.out.Namespaces, n)
	}
}

func (rd *reader) extension(r *row) {
	rd.out.Extensions = append(rd.out.Extensions, Extension{Name: r.next(), Namespace: r.next(), Version: r.next()})
}

var typeKinds = map[string]TypeKind{"e": Enum, "d": Domain, "c": Composite, "r": Range, "b": BaseType}

func (rd *reader) typ(r *row) {
	oid, relation := r.next(), r.next()
	t := Type{Namespace: r.next(), Name: r.next(), Kind: typeKinds[r.next()]}
	if !rd.keep.object(t.Namespace, t.Name) {
		return
	}
	t.Labels, t.Base, t.Collation = rd.list(r.next()), r.next(), r.next()
	t.NotNull, t.Default, t.Options, t.Comment = r.is(), r.next(), r.next(), r.next()
	rd.know("t"+oid, t.Ref())
	rd.domains[oid] = len(rd.out.Types)
	rd.owners[relation] = owner{KindType, len(rd.out.Types)}
	rd.out.Types = append(rd.out.Types, t)
}

func (rd *reader) sequence(r *row) {
	oid := r.next()
	s := Sequence{
		Namespace: r.next(), Name: r.next(), Type: r.next(), Start: r.next(), Increment: r.next(), Min: r.next(), Max: r.next(),
		Cache: r.next(), Cycle: r.is(), Unlogged: r.next() == "u", OwnerNamespace: r.next(), OwnerTable: r.next(), OwnerColumn: r.next(),
		Comment: r.next(),
	}
	if rd.keep.object(s.Namespace, s.Name) {
		rd.know("r"+oid, s.Ref())
		rd.out.Sequences = append(rd.out.Sequences, s)
	}
}

var functionKinds = map[string]string{"f": "FUNCTION", "p": "PROCEDURE", "a": "AGGREGATE", "w": "WINDOW"}

func (rd *reader) function(r *row) {
	oid := r.next()
	f := Function{
		Namespace: r.next(), Name: r.next(), Kind: functionKinds[r.next()], Arguments: r.next(), Signature: r.next(),
		Result: r.next(), Language: r.next(), Definition: strings.TrimRight(r.next(), "\n"), Comment: r.next(),
	}
	if rd.keep.object(f.Namespace, f.Name) {
		rd.know("f"+oid, f.Ref())
		rd.out.Functions = append(rd.out.Functions, f)
	}
}

// use keeps what both ends of are kept.
func (rd *reader) use(r *row) {
	by, known := rd.refs[r.next()]
	on, both := rd.refs[r.next()]
	if known && both {
		rd.out.Uses = append(rd.out.Uses, Use{By: by, On: on, Column: r.next()})
	}
}

func (rd *reader) grant(r *row) {
	kind, oid, namespace := r.next(), r.next(), r.next()
	on, known := rd.refs[kind+oid]
	if kind == "n" && rd.keep.namespace(namespace) {
		on, known = Ref{Kind: KindNamespace, Name: namespace}, true
	}
	if known {
		rd.out.Grants = append(rd.out.Grants, Grant{On: on, Column: r.next(), Grantee: r.next(), Privilege: r.next(), Grantable: r.is()})
	}
}
