package retorttest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// exampleTB stands for the *testing.T that an example does not have.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (*exampleTB) Helper()                        {}
func (*exampleTB) Name() string                   { return "Example" }
func (*exampleTB) Failed() bool                   { return false }
func (*exampleTB) Context() context.Context       { return context.Background() }
func (*exampleTB) Errorf(format string, a ...any) { fmt.Printf(format+"\n", a...) }
func (*exampleTB) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (e *exampleTB) Cleanup(f func())             { e.cleanups = append(e.cleanups, f) }

func (e *exampleTB) done() {
	for i := len(e.cleanups) - 1; i >= 0; i-- {
		e.cleanups[i]()
	}
}

// A handler's test: the whole path with COMMIT, and what it costs.
func ExampleCall() {
	t := &exampleTB{} // go test gives a *testing.T
	defer t.done()
	k := retorttest.New(t, shop)
	k.WantTrips(t, 1, func() { // BEGIN, INSERT and COMMIT fly together
		item, err := retorttest.Call(t, k, create, &Item{Name: "lamp", Price: 3})
		fmt.Println(item.Version.Version, err)
	})
	fmt.Println(k.Rows(t, "SELECT name, price FROM items"), k.QueryInt(t, "SELECT count(*) FROM items"))
	// Output:
	// 1 <nil>
	// [lamp | 3] 1
}

// Rows that a test needs and does not care about.
func ExampleMake() {
	t := &exampleTB{}
	defer t.done()
	k := retorttest.New(t, zoo)
	pet := retorttest.Make(t, k, func(p *Pet) { p.Tame = true }) // with its owner, and the owner's country
	owner := retorttest.MakeFrom(t, k, Owner{Name: "Ada"})
	fmt.Println(pet.OwnerID, pet.Mood, owner.Name)
	fmt.Println(k.QueryString(t, "SELECT count(*) FROM owners o JOIN countries c ON c.code = o.country"))
	// Output:
	// 1 happy Ada
	// 2
}

// Faults by name: a COMMIT that conflicts, a statement that is refused, a reply
// that is lost.
func ExampleKit_Fail() {
	t := &exampleTB{}
	defer t.done()
	k := retorttest.New(t, shop)
	try := func(name string, opts ...retort.TxOptions) error {
		_, err := retorttest.Call(t, k, create, &Item{Name: name}, opts...)
		return err
	}
	k.Fail(retorttest.OnCommit, "40001")
	fmt.Println(pgerr.KindOf(try("a")))
	k.Fail(retorttest.OnBegin, "40001").Times(2)
	fmt.Println(try("a", retort.TxOptions{Repeatable: true})) // run three times
	k.Fail(retorttest.OnStatement(1), "53100")
	fmt.Println(pgerr.Code(try("b")))
	k.Fail(retorttest.OnLabel("session.flush"), "55P03")
	fmt.Println(pgerr.KindOf(try("b")))
	k.CutReply(retorttest.OnCommit)
	fmt.Println(errors.Is(try("c"), retort.ErrCommitUnknown))
	k.CutBefore(retorttest.OnSQL("insert into"))
	fmt.Println(errors.Is(try("d"), retort.ErrCommitUnknown))
	fmt.Println(k.QueryString(t, "SELECT string_agg(name, ' ' ORDER BY name) FROM items"))
	// Output:
	// serialization
	// <nil>
	// 53100
	// lock_not_available
	// true
	// true
	// a c
}

// The database goes away and comes back.
func ExampleKit_Refuse() {
	t := &exampleTB{}
	defer t.done()
	k := retorttest.New(t, shop)
	k.Refuse(true)
	fmt.Println(pgerr.KindOf(k.Engine.Ping(t.Context())))
	k.Refuse(false)
	fmt.Println(k.Engine.Ping(t.Context()))
	// Output:
	// connection
	// <nil>
}

// A function that is declared repeatable and is not: it keeps what it did.
func ExampleTwice() {
	t := &exampleTB{}
	defer t.done()
	k := retorttest.New(t, shop, retorttest.Twice)
	stored := false
	_, err := retort.Run(t.Context(), k.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (bool, error) {
		if !stored {
			s.Add(&Item{Name: "lamp"})
			stored = true
		}
		return stored, nil
	})
	fmt.Println(errors.Is(err, retort.ErrNotRepeatable))
	// Output: true
}

// The guard against a query in a loop.
func ExampleKit_WantStatements() {
	t := &exampleTB{}
	defer t.done()
	k := retorttest.New(t, shop)
	one, two := retorttest.Make[Item](t, k), retorttest.Make[Item](t, k)
	k.WantStatements(t, 2, func() { // a Get for each is two
		s := k.Engine.Session()
		defer s.Close(t.Context())
		for _, item := range []*Item{one, two} {
			if _, err := Items.Get(t.Context(), s, item.ID); err != nil {
				t.Errorf("%v", err)
			}
		}
	})
	fmt.Println(k.RoundTrips(func() {}), len(k.Statements(func() {})))
	// Output: 0 0
}

// The server that all tests of the process share.
func ExampleServer() {
	t := &exampleTB{}
	defer t.done()
	server := retorttest.Server(t)
	fmt.Println(server.PID() > 0, server == retorttest.Server(t))
	// Output: true true
}
