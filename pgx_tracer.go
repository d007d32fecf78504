package retort

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
)

// traced is a flight on its way, as a pgx.QueryTracer sees it.
type traced struct {
	tracer pgx.QueryTracer
	conn   *pgx.Conn
	ctx    []context.Context // of BEGIN, each statement, and the end, as far as they are there
}

// trace tells Config.PgxTracer that the statements of f begin.
func (e *Engine) trace(ctx context.Context, c *flight.Conn, f *flight.Flight, info FlightInfo) traced {
	t := traced{tracer: e.tracer, conn: c.Pgx()}
	if t.tracer == nil {
		return t
	}
	start := func(sql string, args []any) {
		t.ctx = append(t.ctx, t.tracer.TraceQueryStart(ctx, t.conn, pgx.TraceQueryStartData{SQL: sql, Args: args}))
	}
	if info.Begin != "" {
		start(info.Begin, nil)
	}
	if info.Settings != "" {
		start(info.Settings, nil)
	}
	for i := range f.Statements {
		var args []any
		if e.echo.params {
			args = params(&f.Statements[i])
		}
		start(f.Statements[i].SQL, args)
	}
	if info.End != "" {
		start(info.End, nil)
	}
	return t
}

// end tells that they are over: all at once, for they travelled together.
func (t *traced) end(f *flight.Flight, info FlightInfo, err error) {
	if t.tracer == nil {
		return
	}
	failedAt := 0
	if failed, ok := errors.AsType[*flight.Error](err); ok && failed.Statement >= 0 {
		failedAt = failed.Statement
	}
	next := 0
	end := func(tag pgconn.CommandTag, err error) {
		t.tracer.TraceQueryEnd(t.ctx[next], t.conn, pgx.TraceQueryEndData{CommandTag: tag, Err: err})
		next++
	}
	if info.Begin != "" {
		var own error
		if err != nil && len(f.Statements) == 0 {
			own = info.Err
		}
		end(pgconn.NewCommandTag("BEGIN"), own)
	}
	if info.Settings != "" {
		var own error
		if failed, ok := errors.AsType[*flight.Error](err); ok && failed.Statement == flight.AtSettings {
			own = info.Err
		}
		end(pgconn.NewCommandTag("SELECT 1"), own)
	}
	for i := range f.Statements {
		if err != nil && i >= failedAt {
			end(pgconn.CommandTag{}, info.Err) // failed, or was never reached
		} else {
			end(f.Statements[i].Tag, nil)
		}
	}
	if info.End != "" {
		end(pgconn.NewCommandTag(info.End), info.Err)
	}
}
