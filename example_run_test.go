package retort_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
)

// Run repeats the whole function when PostgreSQL reports a serialization failure
// or a deadlock, so side effects outside the database belong behind it.
func ExampleRun() {
	var eng *retort.Engine // from Open
	ctx := context.Background()

	sold, err := retort.Run(ctx, eng, retort.TxOptions{Isolation: retort.Serializable},
		func(ctx context.Context, s *retort.Session) (int64, error) {
			book, err := Books.Where(retort.Eq(&Books.C.Title, "Emma")).One(ctx, s)
			if err != nil {
				return 0, err
			}
			book.Sold++ // written by COMMIT, in the same round trip
			return book.Sold, nil
		})
	switch {
	case errors.Is(err, retort.ErrNotFound):
		fmt.Println("no such book")
	case errors.Is(err, retort.ErrCommitUnknown):
		fmt.Println("look for it before selling it again")
	case err == nil:
		fmt.Println("copies sold:", sold)
	}
}

// InSessionView makes of a function that works in a session one that does not
// know of it: what the view sees is committed.
func ExampleInSessionView() {
	var eng *retort.Engine // from Open
	type input struct{ Name, Email string }
	type answer struct{ ID, Since string }

	register := retort.InSessionView(eng, retort.TxOptions{},
		func(_ context.Context, s *retort.Session, in *input) (*Author, error) {
			a := &Author{Name: in.Name, Email: in.Email}
			s.Add(a)
			return a, nil
		},
		func(a *Author) *answer {
			return &answer{ID: a.ID.String(), Since: a.CreatedAt.String()}
		})
	_ = register // func(context.Context, *input) (*answer, error)
}

// A session holds one unit of work: one BEGIN, one COMMIT, and no connection
// before the first write.
func ExampleSession() {
	var eng *retort.Engine // from Open
	rename := func(ctx context.Context, id uuid.UUID, name string) error {
		s := eng.Session()
		defer s.Close(ctx) // rolls back what was not committed

		author, err := Authors.Get(ctx, s, id)
		if err != nil {
			return err
		}
		author.Name = name
		return s.Commit(ctx) // [BEGIN, UPDATE … SET name, COMMIT] in one round trip
	}
	_ = rename
}
