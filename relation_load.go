package retort

import (
	"context"
	"fmt"
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/query"
)

// Loading is a relation to load, with what it is to hold; see [Load].
//
//   - Shape: a value; every call returns a new one and leaves the old as it was.
type Loading struct {
	field   any
	where   []Predicate
	order   []Order
	limit   int
	limited bool
	deleted bool
	with    []Relation
}

// Load loads a relation with conditions, an order, a limit for each object, or
// relations of its rows; it goes where a relation goes.
//
//	Authors.With(retort.Load(&a.Books).Where(retort.Eq(&b.Genre, Novel)).Limit(3).With(&b.Chapters))
//
// What is loaded in part stays so: a later Replace of the relation is refused.
func Load(relation Relation) Loading {
	if relation == nil {
		return Loading{}
	}
	return relation.loading()
}

func (l Loading) loading() Loading { return l }

// Where loads the rows only for which ps hold.
func (l Loading) Where(ps ...Predicate) Loading {
	l.where = append(slices.Clip(l.where), ps...)
	return l
}

// OrderBy sets the order of the rows, in place of that of the relation.
func (l Loading) OrderBy(keys ...Order) Loading {
	l.order = append(slices.Clip(l.order), keys...)
	return l
}

// Limit loads at most the first n rows of each object.
//
//   - Errors: n below zero, a relation to one row; when the query runs.
func (l Loading) Limit(n int) Loading {
	l.limit, l.limited = n, true
	return l
}

// WithDeleted loads rows that are marked as deleted, too; see [SoftDelete].
func (l Loading) WithDeleted() Loading {
	l.deleted = true
	return l
}

// With loads relations of the rows with them, in the same round trip.
func (l Loading) With(relations ...Relation) Loading {
	l.with = append(slices.Clip(l.with), relations...)
	return l
}

// loader reads one relation of many objects.
type loader struct {
	relation *model.Relation
	spec     Loading
	deleted  bool
	lifted   []string
	def      *RelationDef
	world    query.World
	nested   []*loader
}

// loaders resolves relations of t, or of its alias. With deleted they read what is marked as
// deleted, too; lifted are the filters that they leave out.
func (s *Session) loaders(t *model.Table, alias *mapper.StandIn, relations []Relation, deleted bool, lifted []string) ([]*loader, error) {
	var all []*loader
	for _, r := range relations {
		if r == nil {
			return nil, fmt.Errorf("retort: With: got nil; pass &%s.C.Field for a field of type retort.Many or retort.One", t.Type.Name())
		}
		spec := r.loading()
		rel, ok := t.Relation(spec.field)
		if !ok {
			rel, ok = t.RelationOf(alias, spec.field)
		}
		switch {
		case !ok:
			return nil, fmt.Errorf("retort: With: %T is not a relation of %s; pass &%s.C.Field for a field of type retort.Many or retort.One", spec.field, t.Type, t.Type.Name())
		case spec.limited && spec.limit < 0:
			return nil, fmt.Errorf("retort: Limit(%d) of %s: a limit is 0 or more", spec.limit, rel.FullName())
		case spec.limited && rel.ToOne():
			return nil, fmt.Errorf("retort: Limit(%d) of %s: the relation holds one row at most; leave the limit out", spec.limit, rel.FullName())
		}
		l := &loader{relation: rel, spec: spec, deleted: deleted || spec.deleted, lifted: lifted, def: s.eng.models.relations[rel], world: s.world()}
		var err error
		if l.nested, err = s.loaders(rel.Child, nil, spec.with, l.deleted, lifted); err != nil {
			return nil, err
		}
		if all, err = merged(all, l); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// merged adds l to all; a relation that is asked for twice is read once.
func merged(all []*loader, l *loader) ([]*loader, error) {
	i := slices.IndexFunc(all, func(x *loader) bool { return x.relation == l.relation })
	if i < 0 {
		return append(all, l), nil
	}
	if !all[i].plain() || !l.plain() {
		return nil, fmt.Errorf("retort: With: %s is asked for twice, with conditions; ask for it once", l.relation.FullName())
	}
	for _, n := range l.nested {
		var err error
		if all[i].nested, err = merged(all[i].nested, n); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (l *loader) plain() bool {
	return len(l.spec.where)+len(l.spec.order) == 0 && !l.spec.limited && !l.spec.deleted
}

// whole tells whether all rows of the relation are loaded.
func (l *loader) whole() bool { return len(l.spec.where) == 0 && !l.spec.limited }

// children is the statement for parents.
func (l *loader) children(label string, parents query.Parents) *query.Children {
	c := &query.Children{
		Label: label, Relation: l.relation, Limit: -1, Deleted: l.deleted, Parents: parents,
		World: l.world, Lifted: l.lifted,
		Where: append(slices.Clip(l.def.where), l.spec.where...), Order: l.def.order,
	}
	if len(l.spec.order) > 0 {
		c.Order = l.spec.order
	}
	if l.spec.limited {
		c.Limit = l.spec.limit
	}
	return c
}

// LoadRelated loads relations of objects that were read before, for all of them
// at once: what [Query.With] does, later.
//
//		err := retort.LoadRelated(ctx, s, orders, &Orders.C.Lines)
//
//	  - Shape: one round trip for any number of objects and relations, and for
//	    relations of their rows; inside a transaction at READ COMMITTED one for each
//	    level. None without objects. What was loaded before is read again.
//	  - Errors: an object that this session does not have; what is wrong with the
//	    relations.
func LoadRelated[T any](ctx context.Context, s *Session, objects []*T, relations ...Relation) error {
	if err := s.ready(); err != nil {
		return err
	}
	defer s.leave()
	t, ok := s.eng.models.byType[typeOf[T]()]
	if !ok {
		return fmt.Errorf("retort: LoadRelated: %s is not a model of this engine's Base; list its table in NewBase", typeOf[T]())
	}
	loaders, err := s.loaders(t, nil, relations, false, nil)
	if err != nil {
		return err
	}
	parents := make([]mapper.Object, 0, len(objects))
	known := make(map[mapper.Object]bool, len(objects))
	for i, p := range objects {
		o := mapper.ObjectAt(p)
		if p == nil {
			return fmt.Errorf("retort: LoadRelated: object %d of %d is nil", i+1, len(objects))
		}
		if !known[o] {
			known[o] = true
			parents = append(parents, o)
		}
	}
	if err := s.withRows(ctx, "LoadRelated", t, parents); err != nil {
		return err
	}
	return s.loadRelated(ctx, "load.related", parents, loaders)
}
