package retort

import (
	"bytes"
	"context"
	"encoding/hex"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/retort-go/retort/internal/flight"
)

// Observer is told of every flight that sessions of an engine make. Tracing and
// metrics are built on it: package observe has them ready. Pings and resets of
// the pool are not told. [SessionObserver], [ConnectionObserver] and others tell
// more; [Observers] joins several.
//
//   - Concurrency: called from many goroutines at once, on the caller's own; it
//     should be quick and must not use the engine.
type Observer interface {
	// FlightStart is called before the flight is sent. The context it returns is
	// handed to FlightEnd.
	FlightStart(ctx context.Context, f FlightInfo) context.Context

	// FlightEnd is called when the answer is complete.
	FlightEnd(ctx context.Context, f FlightInfo)
}

// FlightInfo is one round trip to the database.
//
//   - Shape: Statements holds the SQL texts in order; Begin is empty when no
//     transaction was opened, Settings when it got no settings with it; End is "",
//     "COMMIT" or "ROLLBACK". Types are the OIDs of each statement's parameters, as
//     far as they are sent; nil where the server is left to find out. Rows counts per
//     statement what the server reported as affected or returned. Duration, Rows
//     and Err are set for FlightEnd only. Statements and Rows are the observer's to keep.
//   - Units: Duration is wall time, the wait for a connection not included.
//   - Errors: Err is what the session's caller gets, but for the table's name. Of SQL
//     in pgx's and database/sql's types it has the same cause in words without values.
type FlightInfo struct {
	Begin      string
	Settings   string
	Statements []string
	Types      [][]uint32
	End        string
	Attempt    int // 1, or 2 and more when it was sent again
	Rows       []int64
	Duration   time.Duration
	Err        error
}

var endNames = [...]string{flight.Stay: "", flight.Commit: "COMMIT", flight.Rollback: "ROLLBACK"}

// observed flies f and tells the observer and the log.
func (e *Engine) observed(ctx context.Context, c *flight.Conn, f *flight.Flight, attempt int) error {
	if !e.seen.Load() {
		return c.Fly(ctx, f)
	}
	info := FlightInfo{Begin: f.Begin, End: endNames[f.End], Attempt: attempt}
	if f.Settings != nil {
		info.Settings = f.Settings.SQL
	}
	for i := range f.Statements {
		info.Statements = append(info.Statements, f.Statements[i].SQL)
		info.Types = append(info.Types, f.Statements[i].OIDs)
	}
	watched := ctx
	if e.watch != nil {
		watched = e.watch.FlightStart(ctx, info)
	}
	traced := e.trace(ctx, c, f, info)
	start := time.Now()
	err := error(&flight.Error{Outcome: flight.Lost, Statement: -1, Err: errLeft})
	defer func() { // also when a loop over an iterator panics
		info.Duration, info.Err = time.Since(start), e.explain(err)
		if t := tallyOf(ctx); t != nil {
			t.flown(info.Duration)
		}
		for i := range f.Statements {
			info.Rows = append(info.Rows, f.Statements[i].Tag.RowsAffected())
		}
		traced.end(f, info, err)
		if e.watch != nil {
			e.watch.FlightEnd(watched, info)
		}
		if e.echo.on {
			e.echo.write(ctx, e.log, f, info)
		}
	}()
	err = c.Fly(ctx, f)
	return err
}

// echo logs the statements of flights.
type echo struct{ on, params bool }

func (x echo) write(ctx context.Context, log *slog.Logger, f *flight.Flight, info FlightInfo) {
	if info.Begin != "" {
		log.InfoContext(ctx, info.Begin)
	}
	if info.Settings != "" {
		var attrs []any
		if x.params {
			attrs = append(attrs, slog.Any("params", params(f.Settings)))
		}
		log.InfoContext(ctx, info.Settings, attrs...)
	}
	for i := range f.Statements {
		attrs := []any{slog.Int64("rows", info.Rows[i])}
		if x.params {
			attrs = append(attrs, slog.Any("params", params(&f.Statements[i])))
		}
		log.InfoContext(ctx, f.Statements[i].SQL, attrs...)
	}
	if info.End != "" {
		log.InfoContext(ctx, info.End)
	}
	attrs := []any{slog.Int("statements", len(f.Statements)), slog.Duration("duration", info.Duration)}
	if info.Err != nil {
		log.ErrorContext(ctx, "retort: flight failed", append(attrs, slog.Any("error", info.Err))...)
		return
	}
	log.InfoContext(ctx, "retort: flight", attrs...)
}

// hiddenParam stands for the value of a column that is declared secret.
const hiddenParam = "(secret)"

// params reads the encoded parameters back, as far as their types are known.
func params(st *flight.Statement) []any {
	types := pgtype.NewMap()
	values := make([]any, len(st.Args))
	for i, arg := range st.Args {
		if st.Secrets>>min(i, 63)&1 == 1 {
			values[i] = hiddenParam
			continue
		}
		values[i] = param(types, st, i, arg)
	}
	return values
}

func param(types *pgtype.Map, st *flight.Statement, i int, arg []byte) any {
	if arg == nil {
		return nil
	}
	format := int16(pgtype.BinaryFormatCode)
	switch len(st.Formats) {
	case 0:
	case 1:
		format = st.Formats[0]
	default:
		format = st.Formats[i]
	}
	if i < len(st.OIDs) {
		if t, ok := types.TypeForOID(st.OIDs[i]); ok {
			if v, err := t.Codec.DecodeDatabaseSQLValue(types, st.OIDs[i], format, arg); err == nil {
				return readable(v)
			}
		}
	}
	return readable(arg)
}

// readable shows bytes as text where they are text, and else in hexadecimal, as
// the server does.
func readable(v any) any {
	b, ok := v.([]byte)
	switch {
	case !ok:
		return v
	case utf8.Valid(b) && bytes.IndexByte(b, 0) < 0:
		return string(b)
	default:
		return `\x` + hex.EncodeToString(b)
	}
}
