package retort_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/proxy"
)

func TestAfterCommit(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("runs_once_and_in_order", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		var got []string
		note := func(what string) func(context.Context) error {
			return func(context.Context) error {
				got = append(got, fmt.Sprint(what, " ", b.QueryInt(t, "SELECT count(*) FROM counters")))
				return nil
			}
		}
		s.AfterCommit(note("first"))
		s.Add(&Counter{Name: "x"})
		s.AfterCommit(note("second"))
		must(t, s.Flush(ctx))
		if len(got) > 0 {
			t.Error("called by Flush")
		}
		b.seen.take()
		must(t, s.Commit(ctx))
		if n := len(b.seen.take()); n != 1 {
			t.Errorf("%d round trips", n)
		}
		must(t, s.Commit(ctx))
		s.AfterCommit(note("dropped"))
		must(t, s.Rollback(ctx))
		s.AfterCommit(note("with nothing to write"))
		must(t, s.Commit(ctx))
		s.AfterCommit(note("never"))
		if diff := cmp.Diff([]string{"first 1", "second 1", "with nothing to write 1"}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("once_for_a_function_that_was_repeated", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		fail := raise(t, b)
		attempts, mails := 0, 0
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
			s.AfterCommit(func(context.Context) error { mails++; return nil })
			if attempts++; attempts < 3 {
				return nil, fail(ctx, s, "40001")
			}
			return nil, nil
		})
		must(t, err)
		if attempts != 3 || mails != 1 {
			t.Errorf("%d mails in %d attempts", mails, attempts)
		}
	})
	t.Run("outlives_the_callers_context", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		must(t, b.Engine.Ping(ctx))
		type key struct{}
		ctx, cancel := context.WithCancel(context.WithValue(ctx, key{}, "mine"))
		defer cancel()
		b.Proxy.Before(proxy.CommitReply, func(proxy.Message) { cancel() })
		called := false
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (any, error) {
			s.Add(&Counter{Name: "x"})
			s.AfterCommit(func(ctx context.Context) error {
				called = true
				if ctx.Err() != nil || ctx.Value(key{}) != "mine" {
					t.Errorf("the context says %v, %v", ctx.Err(), ctx.Value(key{}))
				}
				return nil
			})
			return nil, nil
		})
		must(t, err)
		if !called {
			t.Error("not called")
		}
	})
	t.Run("what_fails_is_told_as_committed_and_stops_nothing", func(t *testing.T) {
		t.Parallel()
		mine := errors.New("mine")
		for _, pending := range []bool{false, true} {
			b := newBench(t, func(c *retort.Config) {
				c.Hooks = []retort.Hooks{{AfterCommit: func(context.Context, *retort.Changes) error { return retort.ErrStale }}}
			})
			calls, attempts := 0, 0
			_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
				attempts++
				if pending {
					s.Add(&Counter{Name: "x"})
				}
				s.AfterCommit(func(context.Context) error { return mine })
				s.AfterCommit(func(context.Context) error { panic("s3cret") })
				s.AfterCommit(func(ctx context.Context) error {
					calls++
					return errors.Join(s.Commit(ctx), s.Rollback(ctx), s.Close(ctx))
				})
				s.AfterCommit(func(ctx context.Context) error {
					calls++
					_, err := Counters.Query().Count(ctx, s) // reading is allowed
					return err
				})
				return nil, nil
			})
			wantErr(t, err, mine, "is committed", "panicked with a string")
			committed, ok := errors.AsType[*retort.CommittedError](err)
			if !ok || !errors.Is(committed, retort.ErrInHook) || errors.Is(err, retort.ErrStale) != pending {
				t.Errorf("got %v", err)
			}
			if strings.Contains(err.Error(), "s3cret") || calls != 2 || attempts != 1 {
				t.Errorf("%d calls, %d attempts: %v", calls, attempts, err)
			}
			if n := b.QueryInt(t, "SELECT count(*) FROM counters"); (n == 1) != pending {
				t.Errorf("%d rows", n)
			}
			b.idle(t)
		}
	})
	t.Run("Goexit_in_one_leaves_the_others", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		var called []int
		done := make(chan struct{})
		go func() {
			defer close(done)
			s := b.Engine.Session()
			defer s.Close(ctx)
			for i := range 3 {
				s.AfterCommit(func(context.Context) error {
					called = append(called, i)
					if i == 1 {
						runtime.Goexit()
					}
					return nil
				})
			}
			_ = s.Commit(ctx)
		}()
		<-done
		if !slices.Equal(called, []int{0, 1, 2}) {
			t.Errorf("called %v", called)
		}
	})
	t.Run("misuse_fails_the_commit", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.AfterCommit(nil)
		wantErr(t, s.Commit(ctx), nil, "the function is nil")
		must(t, s.Close(ctx))
		s.AfterCommit(func(context.Context) error { t.Error("called"); return nil })
		s.Hook(retort.Hooks{})
	})
}

// TestAfterCommitOfASessionThatEnds asks a session about what it has just
// committed and will not flush again.
func TestAfterCommitOfASessionThatEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	called := 0
	_, err := retort.Run(t.Context(), b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
		old, fresh := newAuthor("old"), newAuthor("fresh")
		s.Add(old)
		if err := s.Flush(ctx); err != nil {
			return nil, err
		}
		old.Name = "changed"
		s.Add(fresh)
		s.AfterCommit(func(ctx context.Context) error {
			called++
			fresh.Name = "too late"
			if s.Wrote() {
				t.Error("there is something to write")
			}
			s.Expire(old, fresh)
			for _, a := range []*Author{old, fresh} {
				wantState(t, s, a, "persistent")
			}
			return nil
		})
		return nil, nil
	})
	must(t, err)
	if n := b.QueryInt(t, "SELECT count(*) FROM authors WHERE name IN ('changed', 'fresh')"); n != 2 || called != 1 {
		t.Errorf("%d rows as they were committed, %d calls", n, called)
	}
}

// TestAfterCommitReadsOnly writes where nobody would commit it.
func TestAfterCommitReadsOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s := b.session(t)
	const insert = "INSERT INTO counters (name, value) VALUES ('lost', 1)"
	for name, write := range map[string]func(context.Context) error{
		"raw":  func(ctx context.Context) error { _, err := s.Exec(ctx, insert); return err },
		"DBTX": func(ctx context.Context) error { _, err := s.DBTX().Exec(ctx, insert); return err },
		"bulk": func(ctx context.Context) error {
			_, err := Counters.Insert(&Counter{Name: "lost"}).Exec(ctx, s)
			return err
		},
	} {
		s.Add(&Counter{Name: name})
		s.AfterCommit(func(ctx context.Context) error {
			var n int
			must(t, s.DBTX().QueryRow(ctx, "SELECT count(*) FROM counters").Scan(&n))
			return write(ctx)
		})
		_, committed := errors.AsType[*retort.CommittedError](s.Commit(ctx))
		if !committed {
			t.Errorf("%s: the write is lost without a word", name)
		}
		b.idle(t) // Commit has left no transaction open
	}
	if got := b.Rows(t, "SELECT name FROM counters ORDER BY name"); !cmp.Equal(got, []string{"DBTX", "bulk", "raw"}) {
		t.Errorf("rows %v", got)
	}
}

// TestAfterCommitRefusesObjects: nobody would write them.
func TestAfterCommitRefusesObjects(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	for name, call := range map[string]func(*retort.Session, *Counter){
		"Add":    func(s *retort.Session, _ *Counter) { s.Add(&Counter{Name: "lost"}) },
		"Delete": func(s *retort.Session, kept *Counter) { s.Delete(kept) },
	} {
		s := b.session(t)
		kept := &Counter{Name: "kept, by " + name}
		s.Add(kept)
		s.AfterCommit(func(context.Context) error { call(s, kept); return nil })
		err := s.Commit(ctx)
		if _, committed := errors.AsType[*retort.CommittedError](err); !committed {
			t.Fatalf("%s: got %v", name, err)
		}
		wantErr(t, err, nil, name+" of ", "AfterCommit")
		must(t, s.Commit(ctx)) // it was told once
	}
}

// TestAfterCommitRegistersMore calls what its own functions register.
func TestAfterCommitRegistersMore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var got []string
	_, err := retort.Run(t.Context(), b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (any, error) {
		s.AfterCommit(func(context.Context) error {
			s.AfterCommit(func(context.Context) error { got = append(got, "third"); return errNo })
			got = append(got, "first")
			return nil
		})
		s.AfterCommit(func(context.Context) error { got = append(got, "second"); return nil })
		return nil, nil
	})
	if _, committed := errors.AsType[*retort.CommittedError](err); !committed || !errors.Is(err, errNo) || !cmp.Equal(got, []string{"first", "second", "third"}) {
		t.Errorf("%v, %v", got, err)
	}
}
