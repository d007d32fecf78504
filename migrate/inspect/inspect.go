package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
)

// Options says what [Models] writes; its zero value is package model with
// everything.
type Options struct {
	// Package is the name of the Go package, empty for model.
	Package string

	// Read says which schemas and objects count. Tables that refer to something left
	// out cannot be said in full.
	Read catalog.Options

	// ScratchURL is where the models are proved; see [autogenerate.Config].
	ScratchURL string
}

// Result is what [Models] found.
//
//   - Shape: Source is one Go file, formatted, the same bytes for the same
//     database. Notes are what the models do not say, in order; the source has them
//     as comments. Managed counts the tables that the models say in full.
type Result struct {
	Source  []byte
	Notes   []Note
	Managed int
	Tables  int
}

// Note says what of the database the models leave out, and why.
type Note struct {
	Ref    catalog.Ref
	Part   string // the column, constraint, trigger or policy; empty for the whole
	Reason string
}

// String is the note on one line.
func (n Note) String() string {
	what := n.Ref.String()
	if n.Part != "" {
		what += ", " + n.Part
	}
	return what + ": " + n.Reason
}

// rounds bounds how often the proof is tried.
const rounds = 50

// Models writes Go models for the database of eng. The books of migration tools are
// left to these.
//
//   - Shape: a struct, its Define and its table for each table with a primary key;
//     relations by foreign keys of one column; enums; other types, extensions,
//     functions, views, triggers and policies by their SQL; a Base that lists all.
//   - Errors: as [catalog.Read] and [autogenerate.ReadModels].
func Models(ctx context.Context, eng *retort.Engine, opts Options) (*Result, error) {
	database, err := catalog.Read(ctx, eng, opts.Read)
	if err != nil {
		return nil, err
	}
	database = database.WithoutBooks(nil)
	refused := refusals{}
	for range rounds {
		d := declare(database, refused)
		again, err := prove(ctx, database, d, refused, opts)
		if err != nil {
			return nil, err
		}
		if again {
			continue
		}
		return d.result(cmp.Or(opts.Package, "model"))
	}
	return nil, fmt.Errorf("inspect: after %d tries the models still differ from the database; leave out what is in its way by Options.Read.Exclude", rounds)
}

// refusals says what models cannot say, by object and part.
type refusals map[partRef]string

// partRef names an object, or with Part a trigger or policy of it.
type partRef struct {
	catalog.Ref
	Part string
}

// add notes the first reason and reports whether it is new.
func (r refusals) add(ref catalog.Ref, part, reason string) bool {
	key := partRef{ref, part}
	if _, known := r[key]; known {
		return false
	}
	r[key] = reason
	return true
}

// prove builds what was declared and compares. What is refused or differs goes
// into refused; again says that something did.
func prove(ctx context.Context, database *catalog.Catalog, d *declared, refused refusals, opts Options) (again bool, err error) {
	if problems := ddl.Validate(&d.schema); len(problems) > 0 {
		return false, fmt.Errorf("inspect: the models would not be valid: %w", errors.Join(problems...))
	}
	built, err := autogenerate.ReadSchema(ctx, &d.schema, database, autogenerate.Config{Read: opts.Read, ScratchURL: opts.ScratchURL})
	if broken, ok := errors.AsType[*autogenerate.BuildError](err); ok {
		return true, d.refuse(refused, broken)
	}
	if err != nil {
		return false, err
	}
	kept := autogenerate.Managed(database, &d.schema)
	differences, err := autogenerate.Compare(kept, built, autogenerate.Options{})
	if err != nil {
		return false, err
	}
	for _, difference := range differences {
		ref, part := catalog.Ref{Kind: difference.Kind, Namespace: difference.Namespace, Name: difference.Name}, ""
		if difference.Table != "" {
			ref = catalog.Ref{Kind: catalog.KindTable, Namespace: difference.Namespace, Name: difference.Table}
			if _, isView := database.View(ref.Namespace, ref.Name); isView {
				ref.Kind = catalog.KindView
			}
			if difference.Kind == catalog.KindTrigger || difference.Kind == catalog.KindPolicy {
				part = string(difference.Kind) + " " + difference.Name
			}
		}
		if difference.Kind == catalog.KindSequence { // of a serial that is not as serial makes it
			if s, ok := database.Sequence(ref.Namespace, ref.Name); ok && s.OwnerTable != "" {
				ref = catalog.Ref{Kind: catalog.KindTable, Namespace: s.OwnerNamespace, Name: s.OwnerTable}
			} else {
				ref = d.serialOf(ref)
			}
		}
		again = refused.add(ref, part, "models cannot say it in full: "+difference.String()) || again
	}
	if len(differences) > 0 && !again {
		return false, fmt.Errorf("inspect: the models differ from the database in a way that cannot be left out: %s", differences[0])
	}
	return again, nil
}

// refuse takes back what the scratch server did not make.
func (d *declared) refuse(refused refusals, broken *autogenerate.BuildError) error {
	namespace := cmp.Or(broken.Namespace, d.database.Namespace)
	reason := "it cannot be made again: " + broken.Err.Error()
	ok := false
	switch {
	case broken.Kind == string(ddl.KindTrigger) || broken.Kind == string(ddl.KindPolicy):
		ok = refused.add(catalog.Ref{Kind: catalog.KindTable, Namespace: namespace, Name: broken.Table}, broken.Kind+" "+broken.Name, reason)
	case broken.Kind == string(ddl.KindViewIndex):
		if ref, known := d.objects["view "+broken.Table]; known {
			ok = refused.add(ref, "", reason)
		}
	case broken.Table != "":
		ok = refused.add(catalog.Ref{Kind: catalog.KindTable, Namespace: namespace, Name: broken.Table}, "", reason)
	default:
		if ref, known := d.objects[objectKey(broken.Kind, broken.Namespace, broken.Name)]; known {
			ok = refused.add(ref, "", reason)
		}
	}
	if !ok {
		return fmt.Errorf("inspect: %w", broken)
	}
	return nil
}

// objectKey is how a statement names what it makes.
func objectKey(kind, namespace, name string) string {
	if namespace != "" {
		name = namespace + "." + name
	}
	return kind + " " + name
}

// notes lists what is refused, in order.
func (r refusals) notes() []Note {
	var out []Note
	for key, reason := range r {
		out = append(out, Note{key.Ref, key.Part, reason})
	}
	slices.SortFunc(out, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Ref.Kind, b.Ref.Kind), cmp.Compare(a.Ref.Namespace, b.Ref.Namespace), cmp.Compare(a.Ref.Name, b.Ref.Name), cmp.Compare(a.Part, b.Part))
	})
	return out
}
