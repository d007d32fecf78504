package retort_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// exampleTB lets an example, which has no testing.T, use the test kit.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (*exampleTB) Helper()                        {}
func (*exampleTB) Name() string                   { return "Example" }
func (*exampleTB) Failed() bool                   { return false }
func (*exampleTB) Context() context.Context       { return context.Background() }
func (*exampleTB) Logf(string, ...any)            {}
func (*exampleTB) Errorf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (*exampleTB) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (e *exampleTB) Cleanup(f func())             { e.cleanups = append(e.cleanups, f) }

func (e *exampleTB) done() {
	for i := len(e.cleanups) - 1; i >= 0; i-- {
		e.cleanups[i]()
	}
}

// exampleEngine is an engine on a database with two authors and three books.
func exampleEngine() (eng *retort.Engine, done func()) {
	tb := &exampleTB{}
	eng = retorttest.New(tb, library).Engine
	s := eng.Session()
	defer s.Close(context.Background())
	note := "Hampshire"
	id := func(n byte) (u uuid.UUID) { u[15] = n; return u }
	austen := &Author{Name: "Jane Austen", Email: "jane@example.org", Note: &note}
	austen.ID = id(1)
	bronte := &Author{Name: "Anne Brontë", Email: "anne@example.org"}
	bronte.ID = id(2)
	s.Add(austen, bronte)
	for n, title := range []string{"Emma", "Persuasion", "Agnes Grey"} {
		b := newBook(austen, title)
		if b.Pages = int32(100 * (n + 1)); n == 2 {
			b.AuthorID = bronte.ID
		}
		b.ID = id(byte(n + 1))
		s.Add(b)
	}
	must(tb, s.Commit(context.Background()))
	return eng, tb.done
}

// exampleSession is a session of such an engine.
func exampleSession() (ctx context.Context, s *retort.Session, done func()) {
	eng, end := exampleEngine()
	ctx, s = context.Background(), eng.Session()
	return ctx, s, func() {
		_ = s.Close(ctx)
		end()
	}
}

// exampleAuthor is Jane Austen as an object of s.
func exampleAuthor(ctx context.Context, s *retort.Session) *Author {
	austen, err := Authors.Where(retort.Eq(&Authors.C.Name, "Jane Austen")).One(ctx, s)
	if err != nil {
		panic(err)
	}
	return austen
}
