package retort

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/retort-go/retort/pgerr"
)

// watched tells the observer and the log of statements that do not travel in a
// flight; what it returns is to be called once, with the outcome.
func (e *Engine) watched(ctx context.Context, sqls []string, args []any) (context.Context, func(rows []int64, err error)) {
	if !e.seen.Load() {
		return ctx, func([]int64, error) {}
	}
	info := FlightInfo{Statements: sqls, Attempt: 1}
	began := ctx
	if e.watch != nil {
		ctx = e.watch.FlightStart(ctx, info)
	}
	start := time.Now()
	return ctx, func(rows []int64, err error) {
		info.Duration, info.Rows, info.Err = time.Since(start), rows, shown(e.explain(err))
		if t := tallyOf(began); t != nil {
			t.flown(info.Duration)
		}
		if info.Rows == nil {
			info.Rows = make([]int64, len(sqls))
		}
		if e.watch != nil {
			e.watch.FlightEnd(ctx, info)
		}
		if e.echo.on {
			e.echo.beside(began, e.log, info, args)
		}
	}
}

// shown is an error as observers and the log see it. The caller gets pgx's own,
// and the words of those quote values: of the server what it could not read, of
// pgx what it could not encode or scan.
func shown(err error) error {
	err = pgerr.Wrap(err)
	switch {
	case err == nil, pgerr.Code(err) != "", pgerr.KindOf(err) != pgerr.Other,
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, errLeft), errors.Is(err, errEndedBySQL), errors.Is(err, ErrSavepointUndone):
		return err
	default:
		return &withheldError{err}
	}
}

// withheldError is one whose text may hold values.
type withheldError struct{ err error }

func (e *withheldError) Error() string {
	return "retort: pgx refused the statement, an argument or a result; the cause is withheld, since its text may hold values: whoever ran the statement has it"
}

func (e *withheldError) Unwrap() error { return e.err }

// beside logs SQL that ran past the flights.
func (x echo) beside(ctx context.Context, log *slog.Logger, info FlightInfo, args []any) {
	for i, sql := range info.Statements {
		attrs := []any{slog.Int64("rows", info.Rows[i])}
		if x.params {
			attrs = append(attrs, slog.Any("params", args))
		}
		log.InfoContext(ctx, sql, attrs...)
	}
	attrs := []any{slog.Int("statements", len(info.Statements)), slog.Duration("duration", info.Duration)}
	if info.Err != nil {
		log.ErrorContext(ctx, "retort: SQL beside the session failed", append(attrs, slog.Any("error", info.Err))...)
		return
	}
	log.InfoContext(ctx, "retort: SQL beside the session", attrs...)
}
