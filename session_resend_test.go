package retort_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

// TestSessions_send_again what certainly did not happen, and nothing else.
func TestSessions_send_again(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	sends := func(b bench) int { return len(b.seen.take()) }

	t.Run("three_times_at_most", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		rule := b.Proxy.FailWith(proxy.Runs(`FROM "counters"`), "57P01").Times(10)
		_, err := Counters.Query().Count(ctx, b.session(t))
		if pgerr.KindOf(err) != pgerr.Shutdown || sends(b) != 3 || rule.Fired() != 3 {
			t.Errorf("the server refused %d times: %v", rule.Fired(), err)
		}
		b.idle(t)
	})
	t.Run("a_read_from_its_first_row_on", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		const rows = 3000
		b.Exec(t, "INSERT INTO counters SELECT 'c' || i, i FROM generate_series(1, $1) AS i", rows)
		must(t, b.Engine.Ping(ctx))
		seen := 0
		rule := b.Proxy.CutAfter(func(m proxy.Message) bool {
			if proxy.Backend('D')(m) {
				seen++
			}
			return seen == rows/2
		})
		objects := val(Counters.Query().All(ctx, b.session(t)))(t)
		if len(objects) != rows || rule.Fired() != 1 {
			t.Errorf("%d objects of %d rows, %d cuts", len(objects), rows, rule.Fired())
		}
	})
	t.Run("a_write_with_the_rows_that_came_back_the_second_time", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		must(t, b.Engine.Ping(ctx))
		b.Proxy.CutAfter(proxy.Backend('D')) // a flush has no COMMIT: what came is gone with the connection
		s := b.session(t)
		var authors []*Author
		for i := range 500 {
			authors = append(authors, newAuthor(fmt.Sprint(i)))
			s.Add(authors[i])
		}
		must(t, s.Flush(ctx))
		if n := sends(b); n != 2 {
			t.Errorf("sent %d times", n)
		}
		must(t, s.Commit(ctx))
		for _, a := range authors {
			if a.CreatedAt.IsZero() || a.Version.Version != 1 {
				t.Fatalf("author %+v", a)
			}
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM authors"); n != 500 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("a_write_whose_keys_the_database_makes", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		must(t, b.Engine.Ping(ctx))
		b.Proxy.CutAfter(proxy.Backend('D'))
		s := b.session(t)
		var events []*Event
		for i := range 500 {
			events = append(events, &Event{What: fmt.Sprint(i)})
			s.Add(events[i])
		}
		must(t, s.Flush(ctx))
		if n := sends(b); n != 2 {
			t.Errorf("sent %d times", n)
		}
		for i, e := range events {
			what := val(retort.SQL[string]("SELECT what FROM events WHERE id = $1", e.ID).One(ctx, s))(t)
			if what != fmt.Sprint(i) {
				t.Fatalf("event %d has the key of event %s", i, what)
			}
		}
		must(t, s.Rollback(ctx)) // there are no books
	})
	t.Run("a_commit_whose_plan_the_server_refused", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 1, 0 })
		for i := range 3 {
			commit(t, b.Engine, newAuthor(fmt.Sprint("warm ", i)))
		}
		b.Exec(t, "ALTER TABLE authors ALTER COLUMN created_at TYPE timestamptz(3)")
		b.seen.take()
		commit(t, b.Engine, newAuthor("later"))
		flights := b.seen.take()
		if len(flights) != 2 || pgerr.KindOf(flights[0].Err) != pgerr.StalePlan {
			t.Errorf("flights %+v", flights)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM authors"); n != 4 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("nothing_that_was_refused_before_it_was_sent", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		_, err := s.Exec(ctx, "COPY counters TO STDOUT")
		wantErr(t, err, nil, "COPY")
		if n := sends(b); n != 1 {
			t.Errorf("tried %d times", n)
		}
		// First of its transaction: nothing is held, and the session is well.
		if in := b.Engine.Stats().InUse; in != 0 {
			t.Errorf("%d connections are still held", in)
		}
		// A later one: the transaction is as it was.
		s.Add(&Counter{Name: "flushed"})
		must(t, s.Flush(ctx))
		_, err = s.Exec(ctx, "COPY counters TO STDOUT")
		wantErr(t, err, nil, "COPY")
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("nothing_that_the_program_made_look_like_a_shutdown", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.Exec(t, `CREATE FUNCTION down() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '57P01'; END $$`)
		b.Exec(t, "CREATE TRIGGER down BEFORE INSERT ON counters FOR EACH ROW EXECUTE FUNCTION down()")
		s := b.session(t)
		s.Add(&Counter{Name: "c"})
		if err := s.Commit(ctx); pgerr.Code(err) != "57P01" || sends(b) != 1 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nothing_that_failed_before_the_connection_did", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		commit(t, b.Engine, &Counter{Name: "dup"})
		b.seen.take()
		b.Proxy.CutAfter(func(m proxy.Message) bool { return m.SQLState() == "23505" })
		s := b.session(t)
		s.Add(&Counter{Name: "dup"})
		if err := s.Commit(ctx); pgerr.KindOf(err) != pgerr.Unique || sends(b) != 1 {
			t.Errorf("got %v", err)
		}
	})
}

// TestSessions_settle what became of their flights.
func TestSessions_settle(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	t.Run("a_read_of_its_own_that_fails_fails_nothing_else", func(t *testing.T) {
		t.Parallel()
		for name, opts := range map[string]retort.TxOptions{"plain": {}, "with settings": {Settings: map[string]string{"app.tenant": "acme"}}} {
			b := newBench(t)
			a := newAuthor("a")
			commit(t, b.Engine, a)
			s := b.session(t, opts)
			b.Proxy.FailWith(proxy.Runs(`JOIN "books"`), "53200")
			if _, err := Authors.With(&Authors.C.Books).All(ctx, s); pgerr.Code(err) != "53200" {
				t.Errorf("%s: got %v", name, err)
			}
			if in := b.Engine.Stats().InUse; in != 0 {
				t.Errorf("%s: %d connections are still held", name, in)
			}
			s.Add(&Counter{Name: "c"})
			must(t, s.Commit(ctx))
		}
	})
	t.Run("a_loop_that_panics_costs_a_read_of_its_own_and_nothing_else", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		commit(t, b.Engine, &Counter{Name: "a"}, &Counter{Name: "b"})
		s := b.session(t, retort.TxOptions{Settings: map[string]string{"app.tenant": "acme"}})
		func() {
			defer func() { _ = recover() }()
			for _, err := range Counters.Query().Iter(ctx, s) {
				must(t, err)
				panic("on purpose")
			}
		}()
		s.Add(&Counter{Name: "c"})
		must(t, s.Commit(ctx))
	})
	t.Run("a_COMMIT_whose_rows_could_not_be_read_as_committed", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.Exec(t, "ALTER TABLE authors ALTER COLUMN created_at TYPE text USING 'x', ALTER COLUMN created_at SET DEFAULT 'no time'")
		attempts := 0
		var a *Author
		s := b.session(t)
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (int, error) {
			attempts++
			s.Add(newAuthor("run"))
			return 0, nil
		})
		if _, ok := errors.AsType[*retort.CommittedError](err); !ok || attempts != 1 {
			t.Errorf("%d attempts, %v", attempts, err)
		}
		a = newAuthor("session")
		s.Add(a)
		err = s.Commit(ctx)
		if _, ok := errors.AsType[*retort.CommittedError](err); !ok || errors.Is(err, retort.ErrCommitUnknown) {
			t.Errorf("got %v", err)
		}
		wantState(t, s, a, "detached")
		wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
		b.idle(t)
		if n := b.QueryInt(t, "SELECT count(*) FROM authors"); n != 2 {
			t.Errorf("%d rows", n)
		}
		// The control: without COMMIT nothing is committed.
		must(t, s.Rollback(ctx))
		s.Add(newAuthor("flush"))
		err = s.Flush(ctx)
		if _, ok := errors.AsType[*retort.CommittedError](err); ok || err == nil {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an_end_by_SQL_at_once", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		c := &Counter{Name: "c"}
		s.Add(c)
		must(t, s.Flush(ctx))
		_, err := s.Exec(ctx, "COMMIT")
		wantErr(t, err, nil, "ended-by-sql")
		b.idle(t)
		wantState(t, s, c, "detached")
	})
	t.Run("what_they_have_written", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		read := func(s *retort.Session) {
			_ = val(retort.SQL[int64]("SELECT 1").ReadOnly().One(ctx, s))(t)
		}
		for name, c := range map[string]struct {
			do    func(s *retort.Session)
			wrote bool
		}{
			"nothing by a read":      {read, false},
			"by raw SQL":             {func(s *retort.Session) { _ = val(s.Exec(ctx, "SELECT 1"))(t) }, true},
			"by a flush, and a read": {func(s *retort.Session) { s.Add(&Counter{Name: "c"}); must(t, s.Flush(ctx)); read(s) }, true},
			"past the objects by bulk": {func(s *retort.Session) {
				_ = val(Counters.Update(retort.Set(&Counters.C.Value, 1)).AllRows().Exec(ctx, s))(t)
			}, true},
		} {
			s := b.session(t, retort.TxOptions{Isolation: retort.RepeatableRead})
			c.do(s)
			if s.Wrote() != c.wrote {
				t.Errorf("%s: wrote is %t", name, s.Wrote())
			}
			must(t, s.Close(ctx))
		}
	})
}

// TestSessions_notice_PREPARE_TRANSACTION, which the tests' own server refuses.
func TestSessions_notice_PREPARE_TRANSACTION(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, err := localpg.Start(ctx, localpg.Config{Settings: map[string]string{"max_prepared_transactions": "1"}})
	must(t, err)
	defer func() { must(t, server.Stop(context.Background())) }()
	eng := val(retort.Open(retort.Config{Base: library, URL: server.URL("postgres")}))(t)
	defer func() { must(t, eng.Close(context.Background())) }()
	must(t, library.CreateAll(ctx, eng))
	s := eng.Session()
	s.Add(&Counter{Name: "c"})
	must(t, s.Flush(ctx))
	_, err = s.Exec(ctx, "PREPARE TRANSACTION 'mine'")
	wantErr(t, err, nil, "ended-by-sql")
	wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
	must(t, s.Close(ctx))
	after := eng.Session()
	defer after.Close(ctx)
	if _, err := after.Exec(ctx, "ROLLBACK PREPARED 'mine'"); err != nil && !strings.Contains(err.Error(), "transaction block") {
		t.Error(err)
	}
}
