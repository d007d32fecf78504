package observe_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) { retorttest.Main(m, func() error { return goleak.Find() }) }

// Note is what the tests write.
type Note struct {
	retort.BigintKey
	Text string
}

func (Note) Define(d *retort.Definition[Note]) { d.Unique(&d.C.Text) }

var (
	Notes = retort.NewTable[Note]("notes")
	base  = retort.NewBase(Notes)
)

// observed opens an engine with an observer on a database of its own.
func observed(tb testing.TB, o retort.Observer, change ...func(*retort.Config)) *retorttest.Kit {
	tb.Helper()
	return retorttest.New(tb, base, append(change, func(c *retort.Config) { c.Observer = o })...)
}

var errOwn = errors.New("mine")

// write adds notes in one unit of work that ends with err.
func write(ctx context.Context, eng *retort.Engine, err error, texts ...string) error {
	_, got := retort.Run(ctx, eng, retort.TxOptions{MaxAttempts: 1}, func(_ context.Context, s *retort.Session) (int, error) {
		for _, text := range texts {
			s.Add(&Note{Text: text})
		}
		return 0, err
	})
	return got
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
