package retort_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/tracelog"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// notes is a tracer that was written for pgx.
type notes struct {
	mu       sync.Mutex
	began    []string
	ended    []string
	connects int
	args     int
	pids     map[uint32]bool
}

func (n *notes) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.began = append(n.began, verb(data.SQL))
	n.args += len(data.Args)
	n.pids[conn.PgConn().PID()] = true
	return context.WithValue(ctx, n, verb(data.SQL))
}

func (n *notes) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	n.mu.Lock()
	defer n.mu.Unlock()
	text := ctx.Value(n).(string) + ": " + data.CommandTag.String()
	if data.Err != nil {
		text = ctx.Value(n).(string) + ": " + pgerr.KindOf(data.Err).String()
	}
	n.ended = append(n.ended, text)
}

func (n *notes) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return ctx
}

func (n *notes) TraceConnectEnd(context.Context, pgx.TraceConnectEndData) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.connects++
}

// verb is the first word of a statement, its label left out.
func verb(sql string) string {
	if _, rest, ok := strings.Cut(sql, "*/ "); ok {
		sql = rest
	}
	word, _, _ := strings.Cut(sql, " ")
	return word
}

func TestPgxTracer(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	setup := func(t *testing.T, params bool) (*retorttest.Kit, *notes) {
		n := &notes{pids: map[uint32]bool{}}
		k := retorttest.New(t, library, func(c *retort.Config) {
			c.PgxTracer = n
			if params {
				c.Echo, c.EchoParams, c.Logger = true, true, slog.New(slog.DiscardHandler)
			}
		})
		return k, n
	}
	t.Run("is_told_each_statement_of_a_flight", func(t *testing.T) {
		t.Parallel()
		k, n := setup(t, false)
		s := k.Engine.Session()
		s.Add(&Counter{Name: "a"}, newAuthor("b"))
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
		if diff := cmp.Diff([]string{"BEGIN", "INSERT", "INSERT", "COMMIT"}, n.began); diff != "" {
			t.Error(diff)
		}
		want := []string{"BEGIN: BEGIN", "INSERT: INSERT 0 1", "INSERT: INSERT 0 1", "COMMIT: COMMIT"}
		if diff := cmp.Diff(want, n.ended); diff != "" {
			t.Error(diff)
		}
		if n.connects != 1 || n.args != 0 || len(n.pids) != 1 || n.pids[0] {
			t.Errorf("connects %d, args %d, pids %v", n.connects, n.args, n.pids)
		}
	})
	t.Run("is_told_which_statement_failed", func(t *testing.T) {
		t.Parallel()
		k, n := setup(t, false)
		s := k.Engine.Session()
		s.Add(newAuthor("a"), newBook(&Author{}, "of nobody"), &Counter{Name: "c"})
		if s.Commit(ctx) == nil {
			t.Fatal("a book of nobody passed")
		}
		must(t, s.Close(ctx))
		want := []string{"BEGIN: BEGIN", "INSERT: INSERT 0 1", "INSERT: foreign_key", "INSERT: foreign_key", "COMMIT: foreign_key"}
		if diff := cmp.Diff(want, n.ended); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("sees_values_with_EchoParams_only", func(t *testing.T) {
		t.Parallel()
		k, n := setup(t, true)
		s := k.Engine.Session()
		s.Add(&Counter{Name: "a", Value: 4})
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
		if n.args != 2 {
			t.Errorf("args %d", n.args)
		}
	})
	t.Run("may_be_pgx's_own_tracelog", func(t *testing.T) {
		t.Parallel()
		var text bytes.Buffer
		log := tracelog.LoggerFunc(func(_ context.Context, _ tracelog.LogLevel, msg string, data map[string]any) {
			text.WriteString(msg + " ")
			if sql, ok := data["sql"].(string); ok {
				text.WriteString(verb(sql))
			}
			text.WriteString("\n")
		})
		k := retorttest.New(t, library, func(c *retort.Config) {
			c.PgxTracer = &tracelog.TraceLog{Logger: log, LogLevel: tracelog.LogLevelInfo}
		})
		s := k.Engine.Session()
		s.Add(&Counter{Name: "a"})
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
		if diff := cmp.Diff("Connect \nQuery BEGIN\nQuery INSERT\nQuery COMMIT\n", text.String()); diff != "" {
			t.Error(diff)
		}
	})
}
