package proxy_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
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

// What pgx does when statements are refused and connections break.
func ExampleProxy_FailWith() {
	t := &exampleTB{}
	defer t.done()
	p := proxy.Start(t, retorttest.NewDatabase(t, retorttest.Template{}).URL())
	ctx := context.Background()
	run := func(sql string) string {
		conn, err := pgx.Connect(ctx, p.URL())
		if err == nil {
			_, err = conn.Exec(ctx, sql)
			conn.Close(ctx)
		}
		switch code := pgerr.Code(err); {
		case err == nil:
			return "ok"
		case code != "":
			return code
		default:
			return pgerr.KindOf(err).String()
		}
	}
	rule := p.FailWith(proxy.Runs("select 1"), "40P01").Times(2)
	fmt.Println(run("SELECT 1"), run("SELECT 1"), run("SELECT 1"), rule.Fired())
	p.FailWith(proxy.Commits, "40001")
	fmt.Println(run("COMMIT"))
	p.CutBefore(proxy.ReplyTo(proxy.Runs("select 2")))
	fmt.Println(run("SELECT 2"))
	p.CutAfter(proxy.Sent("select 3"))
	fmt.Println(run("SELECT 3"))
	p.Before(proxy.Tag("SELECT 1"), func(m proxy.Message) { fmt.Println("answered:", m.Tag()) })
	fmt.Println(run("SELECT 4"))
	p.Before(proxy.Backend('E'), func(m proxy.Message) { fmt.Println("refused:", m.SQLState()) })
	fmt.Println(run("SELECT 1/0"))
	p.RefuseConnections(true)
	fmt.Println(run("SELECT 5"))
	p.RefuseConnections(false)
	p.Delay(time.Millisecond)
	fmt.Println(run("SELECT 5"))
	// Output:
	// 40P01 40P01 ok 2
	// 40001
	// connection
	// connection
	// answered: SELECT 1
	// ok
	// refused: 22012
	// 22012
	// connection
	// ok
}

// What a statement costs on the wire.
func ExampleProxy_Counts() {
	t := &exampleTB{}
	defer t.done()
	p := proxy.Start(t, retorttest.NewDatabase(t, retorttest.Template{}).URL())
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, p.URL())
	if err != nil {
		panic(err)
	}
	defer conn.Close(ctx)
	p.Reset()
	for range 2 {
		if _, err := conn.Exec(ctx, "SELECT $1::int", 1); err != nil {
			panic(err)
		}
	}
	c := p.Counts()
	fmt.Println(p.RoundTrips(), c.Parses, c.Binds, c.Frontend['S'])
	fmt.Println(p.Statements(), len(p.Executions()))
	// Output:
	// 3 1 2 3
	// [SELECT $1::int] 2
}

// What a network does that says nothing, and one that says too much.
func ExampleProxy_BlackHole() {
	t := &exampleTB{}
	defer t.done()
	p := proxy.Start(t, retorttest.NewDatabase(t, retorttest.Template{}).URL())
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, p.URL())
	if err != nil {
		panic(err)
	}
	defer conn.Close(ctx)
	p.Before(proxy.Frontend('Q'), func(proxy.Message) { p.BlackHole(true) })
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = conn.Exec(short, "BEGIN")
	fmt.Println(err != nil)
	p.BlackHole(false)
	if conn, err = pgx.Connect(ctx, p.URL()); err != nil {
		panic(err)
	}
	defer conn.Close(ctx)
	p.CutBefore(proxy.CommitReply)
	_, err = conn.Exec(ctx, "BEGIN; COMMIT")
	fmt.Println(pgerr.KindOf(err), p.ResetConnections() >= 0)
	// Output:
	// true
	// connection true
}
