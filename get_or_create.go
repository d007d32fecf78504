package retort

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/query"
)

// GetOrCreate inserts a row unless one with the same values of its unique columns
// is there, and returns the one that is there then, an object of the session. Of
// two that try at once one creates and the other gets.
//
//		tag, created, err := retort.GetOrCreate(ctx, s, Tags.Insert(&Tag{Name: "tea"}).OnConflict(&c.Name))
//
//	  - Shape: one round trip, inside the session's transaction. The row that is
//	    there is not changed, and neither is the object given to Insert.
//	  - Errors: more rows than one; a conflict without columns; [ErrNotFound] where
//	    the row that is there cannot be seen: a filter of the session hides it, it is
//	    marked as deleted, or it was deleted in that moment; above READ COMMITTED a
//	    serialization failure where it is younger than the transaction.
func GetOrCreate[T any](ctx context.Context, s *Session, c *Conflict[T]) (row *T, created bool, err error) {
	o, created, err := (*Insert[T])(c).core().getOrCreate(ctx, s)
	if err != nil {
		return nil, false, err
	}
	return mapper.At[T](o), created, nil
}

func (in *insertion) getOrCreate(ctx context.Context, s *Session) (mapper.Object, bool, error) {
	none := mapper.Object{}
	form, err := in.build(s)
	switch {
	case err != nil:
		return none, false, err
	case !in.rows || len(in.objects) != 1:
		return none, false, fmt.Errorf("retort: GetOrCreate: %d rows given; pass one to Insert", len(in.objects))
	case form.Conflict == nil || len(form.Conflict.Fields) == 0:
		return none, false, errors.New("retort: GetOrCreate: say which unique columns tell the row, as in .OnConflict(&c.Email)")
	}
	form.Returning.Whole = true
	insert, err := query.Read(form, s.world(), label("insert.get", in.name))
	if err != nil {
		return none, false, err
	}
	t := s.eng.models.Model(form.Declaration)
	sel := query.Select{Label: label("query.get", in.name), Table: t, World: s.world(), Limit: 1, Where: slices.Clone(form.Conflict.Where)}
	for _, field := range form.Conflict.Fields {
		sel.Where = append(sel.Where, query.Holds("GetOrCreate", field, in.objects[0]))
	}
	find, err := sel.Rows()
	if err != nil {
		return none, false, err
	}
	if err := s.ready(); err != nil {
		return none, false, err
	}
	defer s.leave()
	made, there := receiver{table: t}, receiver{table: t}
	trip := trip{opens: true, wrote: true, reset: func() { made.reset(); there.reset() }}
	if err := s.readTrip(ctx, trip, []flight.Statement{statement(insert, made.row), statement(find, there.row)}...); err != nil {
		return none, false, err
	}
	switch {
	case len(made.objects) == 1:
		return made.created(s)[0], true, nil
	case len(there.objects) == 1:
		return there.load(s)[0], false, nil
	}
	return none, false, fmt.Errorf("%w: GetOrCreate: a row of %q with these values is there, but this session cannot see it: "+
		"a filter hides it, it is marked as deleted, or it was deleted just now", ErrNotFound, t.Name())
}
