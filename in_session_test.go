package retort_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

type input struct{ Name string }

func TestInSession(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("commits_before_it_returns_and_the_view_sees_confirmed_values", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		call := retort.InSessionView(b.Engine, retort.TxOptions{},
			func(_ context.Context, s *retort.Session, in *input) (*Author, error) {
				a := newAuthor(in.Name)
				s.Add(a)
				return a, nil
			},
			func(a *Author) *string {
				text := fmt.Sprintf("%s %t %d", a.Name, a.CreatedAt.IsZero(), b.QueryInt(t, "SELECT count(*) FROM authors"))
				return &text
			})
		got, err := call(ctx, &input{"jane"})
		must(t, err)
		if *got != "jane false 1" {
			t.Errorf("the view made %q", *got)
		}
		if out, err := call(ctx, &input{"jane"}); out != nil || pgerr.KindOf(err) != pgerr.Unique {
			t.Errorf("got %v, %v", out, err)
		}
	})
	t.Run("repeats_only_when_told_with_the_input_as_it_was", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		fail := raise(t, b)
		for _, repeatable := range []bool{false, true} {
			attempts := 0
			call := retort.InSession(b.Engine, retort.TxOptions{Repeatable: repeatable},
				func(ctx context.Context, s *retort.Session, in *input) (*string, error) {
					in.Name += "!"
					if attempts++; attempts < 3 {
						return nil, fail(ctx, s, "40001")
					}
					return &in.Name, nil
				})
			in := &input{"x"}
			got, err := call(ctx, in)
			switch {
			case repeatable && (err != nil || *got != "x!" || attempts != 3 || in.Name != "x"):
				t.Errorf("repeatable: %v, %d attempts, input %q", err, attempts, in.Name)
			case !repeatable && (got != nil || !pgerr.Retryable(err) || attempts != 1):
				t.Errorf("not repeatable: %v, %d attempts", err, attempts)
			}
		}
	})
	t.Run("takes_a_nil_input_and_gives_a_nil_answer", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		call := retort.InSessionView(b.Engine, retort.TxOptions{Repeatable: true},
			func(_ context.Context, _ *retort.Session, in *input) (*Author, error) {
				if in != nil {
					t.Error("the input is not nil")
				}
				return nil, nil
			},
			func(a *Author) *string { return &a.Name })
		if got, err := call(ctx, nil); got != nil || err != nil {
			t.Errorf("got %v, %v", got, err)
		}
	})
	t.Run("a_panic_in_the_view_is_told_as_committed", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		for name, value := range map[string]any{"secret": "secret", "error": retort.ErrNotLoaded, "runtime": nil} {
			call := retort.InSessionView(b.Engine, retort.TxOptions{Repeatable: true},
				func(_ context.Context, s *retort.Session, in *input) (*Counter, error) {
					c := &Counter{Name: in.Name}
					s.Add(c)
					return c, nil
				},
				func(c *Counter) *string {
					if value == nil {
						return &[]string{}[c.Value]
					}
					panic(value)
				})
			got, err := call(ctx, &input{name})
			committed, ok := errors.AsType[*retort.CommittedError](err)
			if !ok || got != nil {
				t.Fatalf("%s: got %v, %v", name, got, err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the text tells a value: %v", err)
			}
			if name == "error" && !errors.Is(committed, retort.ErrNotLoaded) || name == "runtime" && !strings.Contains(err.Error(), "index out of range") {
				t.Errorf("%s: the cause is lost: %v", name, err)
			}
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 3 {
			t.Errorf("%d rows", n)
		}
	})
}
