package retort_test

import (
	"context"
	"testing"

	"github.com/retort-go/retort"
)

// A locked read tells what the row holds now, also of objects that the session has.
func TestForUpdate_gives_fresh_values_to_objects_that_are_there(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	c := &Counter{Name: "hits", Value: 1}
	commit(t, k.Engine, c)
	s := k.Engine.Session()
	defer s.Close(context.Background())
	mine, err := Counters.Get(ctx, s, c.Name)
	must(t, err)
	k.Exec(t, "UPDATE counters SET value = 7")
	query := Counters.Where(retort.Eq(&Counters.C.Name, c.Name))
	// The control: a read without a lock leaves the object as it was read first.
	if got, err := query.One(ctx, s); err != nil || got != mine || mine.Value != 1 {
		t.Errorf("a plain read gave %v, the same object: %t, %v", got, got == mine, err)
	}
	if got, err := query.ForUpdate().One(ctx, s); err != nil || got != mine || mine.Value != 7 {
		t.Errorf("a locked read gave %v, the same object: %t, %v", got, got == mine, err)
	}
}
