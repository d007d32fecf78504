package retort

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sweepBatch is how many rows Sweep deletes in one transaction.
const sweepBatch = 1000

// Sweep deletes the rows of a table whose time lies more than age back, and returns
// how many: rows that are kept for a while, such as a log. field is a pointer to a
// field of the table's C (c.DeletedAt alone, where it may be NULL), and should be the
// first column of an index.
//
//		n, err := retort.Sweep(ctx, eng, Visits, &Visits.C.At, 30*24*time.Hour)
//
//	  - Shape: about 1,000 rows a transaction, the oldest first; rows of one time go
//	    together, and those without a time stay. Ages are told by the clock of the
//	    database. Relations and hooks are not asked. Rows of a [SoftDelete] table go for
//	    good, marked as deleted or not.
//	  - Errors: of the database; what was deleted until then stays deleted. An age of
//	    zero or less is refused.
func Sweep[T any](ctx context.Context, eng *Engine, table *Table[T], field *time.Time, age time.Duration) (int64, error) {
	if table == nil {
		return 0, errors.New("retort: Sweep: the table is nil")
	}
	if age <= 0 {
		return 0, fmt.Errorf("retort: Sweep: the age is %s; give one above 0, a day for example", age)
	}
	now, err := eng.serverTime(ctx)
	if err != nil {
		return 0, err
	}
	end := now.Add(-age)
	var total int64
	for {
		// Deleting again what is old does no harm, so that these leave no outcome row.
		n, err := Run(ctx, eng, TxOptions{SkipOutcome: true}, func(ctx context.Context, s *Session) (int64, error) {
			return sweepSome(ctx, s, table, field, end)
		})
		total += n
		if err != nil || n < sweepBatch {
			return total, err
		}
	}
}

func (e *Engine) serverTime(ctx context.Context) (time.Time, error) {
	s := e.SessionWith(TxOptions{ReadOnly: true})
	now, err := SQL[time.Time]("/* retort:sweep.now */ SELECT clock_timestamp()").ReadOnly().One(ctx, s)
	if closing := s.Close(ctx); err == nil {
		err = closing
	}
	return now, err
}

func sweepSome[T any](ctx context.Context, s *Session, table *Table[T], field *time.Time, end time.Time) (int64, error) {
	last, err := Values(table.Where(Lt(field, end)).WithDeleted().OrderBy(Asc(field)).Limit(1).Offset(sweepBatch-1), Col(field).NotNull()).All(ctx, s)
	if err != nil {
		return 0, err
	}
	gone := table.Delete().Where(Lt(field, end))
	if len(last) > 0 {
		gone = table.Delete().Where(Le(field, last[0]))
	}
	return gone.WithDeleted().Permanently().Exec(ctx, s)
}
