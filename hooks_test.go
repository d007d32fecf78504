package retort_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

// hookLog remembers what hooks were told.
type hookLog struct{ lines []string }

func (l *hookLog) add(what string, c *retort.Changes) {
	for one := range c.All() {
		what += fmt.Sprintf(" %s %s%v", one.Kind, one.Table, one.Columns)
	}
	l.lines = append(l.lines, what)
}

func (l *hookLog) take() []string {
	lines := l.lines
	l.lines = nil
	return lines
}

// all are hooks of every kind that write to l; without AfterFlush.
func (l *hookLog) all(name string) retort.Hooks {
	return retort.Hooks{
		BeforeFlush: func(_ context.Context, _ *retort.Session, c *retort.Changes) error {
			l.add(name+" before", c)
			return nil
		},
		AfterCommit: func(_ context.Context, c *retort.Changes) error { l.add(name+" committed", c); return nil },
		AfterRollback: func(_ context.Context, c *retort.Changes, err error) {
			l.add(fmt.Sprintf("%s dropped (%v)", name, err), c)
		},
	}
}

func wantLines(t *testing.T, l *hookLog, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, l.take()); diff != "" {
		t.Error(diff)
	}
}

func TestHooks(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("of_the_engine_and_then_of_the_session_see_what_is_written", func(t *testing.T) {
		t.Parallel()
		var l hookLog
		b := newBench(t, func(c *retort.Config) { c.Hooks = []retort.Hooks{l.all("engine")} })
		s := b.session(t)
		s.Hook(l.all("session"))
		a := &Counter{Name: "a"}
		s.Add(a, &Counter{Name: "b"})
		must(t, s.Flush(ctx))
		wantLines(t, &l, "engine before INSERT counters[] INSERT counters[]", "session before INSERT counters[] INSERT counters[]")
		a.Value = 7
		if n := b.RoundTrips(func() { must(t, s.Commit(ctx)) }); n != 1 {
			t.Errorf("COMMIT took %d round trips", n)
		}
		const all = " INSERT counters[] INSERT counters[] UPDATE counters[value]"
		wantLines(t, &l, "engine before UPDATE counters[value]", "session before UPDATE counters[value]", "engine committed"+all, "session committed"+all)
		s.Delete(a)
		must(t, s.Commit(ctx))
		must(t, s.Commit(ctx)) // nothing to write: no hook
		wantLines(t, &l, "engine before DELETE counters[]", "session before DELETE counters[]", "engine committed DELETE counters[]", "session committed DELETE counters[]")
		other := b.session(t)
		other.Add(&Counter{Name: "c"})
		must(t, other.Commit(ctx))
		wantLines(t, &l, "engine before INSERT counters[]", "engine committed INSERT counters[]")
	})
	t.Run("before_flush_changes_adds_and_deletes_in_the_same_trip", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		commit(t, b.Engine, &Counter{Name: "old"})
		for _, how := range []string{"commit", "read", "exec"} {
			s := b.session(t)
			calls := 0
			s.Hook(retort.Hooks{BeforeFlush: func(ctx context.Context, s *retort.Session, c *retort.Changes) error {
				calls++
				for _, a := range Authors.Inserted(c) {
					a.Name = strings.ToUpper(a.Name)
					s.Add(&Counter{Name: "added for " + a.Name, Value: int64(c.Len())})
				}
				if len(Books.Inserted(c))+len(Authors.Updated(c))+len(Authors.Deleted(c)) > 0 {
					t.Error("books, updates or deletes from nowhere")
				}
				return nil
			}})
			s.Add(newAuthor(how))
			trips := b.RoundTrips(func() {
				switch how {
				case "commit":
					must(t, s.Commit(ctx))
				case "read":
					_, err := Counters.Query().Count(ctx, s)
					must(t, err)
				default:
					_, err := s.Exec(ctx, "SELECT 1")
					must(t, err)
				}
			})
			must(t, s.Commit(ctx))
			if trips != 1 || calls != 1 {
				t.Errorf("%s: %d trips, %d calls", how, trips, calls)
			}
		}
		want := []string{"added for COMMIT", "added for EXEC", "added for READ"}
		if diff := cmp.Diff(want, b.Rows(t, "SELECT name FROM counters WHERE value = 1 ORDER BY 1")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("before_flush_may_read_and_nothing_is_flushed_meanwhile", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		commit(t, b.Engine, &Counter{Name: "total"})
		s := b.session(t)
		calls := 0
		s.Hook(retort.Hooks{BeforeFlush: func(ctx context.Context, s *retort.Session, c *retort.Changes) error {
			calls++
			total, err := Counters.Get(ctx, s, "total")
			if err != nil {
				return err
			}
			n, err := Authors.Query().Count(ctx, s)
			if err != nil {
				return err
			}
			for _, err := range Counters.Query().Iter(ctx, s) {
				must(t, err)
			}
			var one int
			must(t, s.DBTX().QueryRow(ctx, "SELECT 1").Scan(&one))
			total.Value = n + int64(len(Authors.Inserted(c)))
			return nil
		}})
		s.Add(newAuthor("a"), newAuthor("b"))
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT value FROM counters WHERE name = 'total'"); n != 2 || calls != 1 {
			t.Errorf("total is %d after %d calls", n, calls)
		}
		b.idle(t)
	})
	t.Run("before_flush_may_detach_what_is_being_refreshed", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		read, other := newAuthor("read"), newAuthor("other")
		s.Add(read, other)
		must(t, s.Commit(ctx))
		s.Hook(retort.Hooks{BeforeFlush: func(context.Context, *retort.Session, *retort.Changes) error {
			s.Detach(read)
			return nil
		}})
		other.Name = "changed"
		wantErr(t, s.Refresh(ctx, read), nil, "detached")
		must(t, s.Commit(ctx))
	})
	t.Run("after_flush_sees_what_the_server_made_and_costs_COMMIT_a_trip", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		author := newAuthor("a")
		commit(t, b.Engine, author)
		book := newBook(author, "x")
		commit(t, b.Engine, book)
		for _, hooked := range []bool{false, true} {
			s := b.session(t)
			if hooked {
				s.Hook(retort.Hooks{AfterFlush: func(_ context.Context, s *retort.Session, c *retort.Changes) error {
					for _, e := range Events.Inserted(c) { // an outbox
						if e.ID == 0 || e.At.IsZero() {
							t.Errorf("not complete: %+v", e)
						}
						s.Add(&Counter{Name: fmt.Sprint("event ", e.ID)})
					}
					return nil
				}})
			}
			s.Add(&Event{BookID: book.ID, What: "read"})
			b.seen.take()
			must(t, s.Commit(ctx))
			var trips []string
			for _, f := range b.seen.take() {
				trips = append(trips, fmt.Sprint(f.Begin, " ", len(f.Statements), " ", f.End))
			}
			want := []string{"BEGIN 1 COMMIT"}
			if hooked { // the event, the outbox's row, COMMIT
				want = []string{"BEGIN 1 ", " 1 ", " 0 COMMIT"}
			}
			if diff := cmp.Diff(want, trips); diff != "" {
				t.Errorf("hooked %t: %s", hooked, diff)
			}
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM counters WHERE name LIKE 'event %'"); n != 1 {
			t.Errorf("%d rows in the outbox", n)
		}
	})
	t.Run("after_flush_that_never_ends_is_stopped", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Hook(retort.Hooks{AfterFlush: func(_ context.Context, _ *retort.Session, c *retort.Changes) error {
			for one := range c.All() {
				one.Object.(*Counter).Value++
			}
			return nil
		}})
		s.Add(&Counter{Name: "x"})
		wantErr(t, s.Commit(ctx), nil, "100 times")
		wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
		must(t, s.Rollback(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("%d rows", n)
		}
		b.idle(t)
	})
	t.Run("an_error_rolls_back", func(t *testing.T) {
		t.Parallel()
		mine := errors.New("mine")
		fail := func(context.Context, *retort.Session, *retort.Changes) error { return mine }
		for name, h := range map[string]retort.Hooks{
			"BeforeFlush": {BeforeFlush: fail}, "AfterFlush": {AfterFlush: fail},
		} {
			var l hookLog
			b := newBench(t)
			s := b.session(t)
			s.Add(&Counter{Name: "before"})
			must(t, s.Flush(ctx))
			s.Hook(h)
			s.Hook(retort.Hooks{AfterRollback: l.all("x").AfterRollback})
			s.Add(&Counter{Name: "x"})
			wantErr(t, s.Commit(ctx), mine, name)
			wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
			must(t, s.Rollback(ctx))
			if got := l.take(); len(got) != 1 || !strings.Contains(got[0], "mine") {
				t.Errorf("%s: told %q", name, got)
			}
			must(t, s.Commit(ctx))
			if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
				t.Errorf("%s: %d rows", name, n)
			}
			b.idle(t)
		}
	})
	t.Run("a_panic_or_Goexit_rolls_back_and_goes_on", func(t *testing.T) {
		t.Parallel()
		for how, leave := range map[string]func(){"panic": func() { panic("mine") }, "Goexit": runtime.Goexit} {
			b := newBench(t)
			done := make(chan any, 1)
			go func() {
				defer func() { done <- recover() }()
				_, _ = retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
					s.Add(&Counter{Name: "x"})
					s.Hook(retort.Hooks{AfterFlush: func(context.Context, *retort.Session, *retort.Changes) error {
						leave()
						return nil
					}})
					return nil, nil
				})
			}()
			if r := <-done; (r == "mine") != (how == "panic") {
				t.Errorf("%s: recovered %v", how, r)
			}
			b.idle(t)
			if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
				t.Errorf("%s: %d rows", how, n)
			}
		}
	})
	t.Run("cannot_end_what_called_them", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.Engine.Session()
		s.Hook(retort.Hooks{BeforeFlush: func(ctx context.Context, s *retort.Session, _ *retort.Changes) error {
			for call, err := range map[string]error{"Flush": s.Flush(ctx), "Commit": s.Commit(ctx), "Rollback": s.Rollback(ctx)} {
				if !errors.Is(err, retort.ErrInHook) {
					t.Errorf("%s says %v", call, err)
				}
			}
			s.Delete(&Counter{}) // misuse is noticed
			return nil
		}})
		s.Add(&Counter{Name: "x"})
		wantErr(t, s.Commit(ctx), nil, "not in the session")
		must(t, s.Rollback(ctx))
		s.Hook(retort.Hooks{AfterFlush: func(ctx context.Context, s *retort.Session, _ *retort.Changes) error {
			rows, err := s.DBTX().Query(ctx, "SELECT 1")
			must(t, err)
			_ = rows // left open
			return nil
		}})
		s.Add(&Counter{Name: "x"})
		wantErr(t, s.Commit(ctx), nil)
		must(t, s.Close(ctx))
		b.idle(t)
	})
	t.Run("a_goroutine_that_a_hook_leaves_behind_is_waited_for_and_told", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		arrived, done := make(chan struct{}), make(chan error, 1)
		b.Proxy.Before(proxy.Runs("select 77"), func(proxy.Message) { close(arrived) })
		s.Hook(retort.Hooks{BeforeFlush: func(ctx context.Context, s *retort.Session, _ *retort.Changes) error {
			go func() {
				_, err := s.Exec(ctx, "SELECT 77, pg_sleep(0.05)")
				done <- err
			}()
			<-arrived
			return nil
		}})
		s.Add(&Counter{Name: "x"})
		wantErr(t, s.Commit(ctx), retort.ErrConcurrentUse)
		must(t, <-done)
		must(t, s.Rollback(ctx))
		b.idle(t)
	})
	t.Run("after_a_failed_or_lost_COMMIT", func(t *testing.T) {
		t.Parallel()
		var l hookLog
		b := newBench(t, func(c *retort.Config) { c.Hooks = []retort.Hooks{l.all("engine")} })
		commit(t, b.Engine, newAuthor("jane"))
		l.take()
		run := func() error {
			_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (any, error) {
				s.AfterCommit(func(context.Context) error { t.Error("called"); return nil })
				s.Add(newAuthor("jane"))
				return nil, nil
			})
			return err
		}
		if err := run(); pgerr.KindOf(err) != pgerr.Unique {
			t.Errorf("got %v", err)
		}
		if got := l.take(); len(got) != 2 || !strings.Contains(got[1], "uq_authors_email") {
			t.Errorf("told %q", got)
		}
		b.Exec(t, "DELETE FROM authors")
		b.Proxy.CutBefore(proxy.CommitReply)
		wantErr(t, run(), retort.ErrCommitUnknown)
		wantLines(t, &l, "engine before INSERT authors[]") // neither committed nor rolled back
	})
	t.Run("a_joined_session_hears_of_flushes_only", func(t *testing.T) {
		t.Parallel()
		var l hookLog
		b := newBench(t, func(c *retort.Config) { c.Hooks = []retort.Hooks{l.all("engine")} })
		tx, err := b.Conn(t).Begin(ctx)
		must(t, err)
		defer func() { must(t, tx.Rollback(ctx)) }()
		s, err := b.Engine.Join(tx)
		must(t, err)
		defer s.Close(ctx)
		s.Add(&Counter{Name: "x"})
		must(t, s.Commit(ctx))
		wantLines(t, &l, "engine before INSERT counters[]")
		s.AfterCommit(func(context.Context) error { t.Error("called"); return nil })
		wantErr(t, s.Commit(ctx), nil, "never hears")
		must(t, s.Rollback(ctx))
	})
}
