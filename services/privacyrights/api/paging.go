package api

import (
	"context"

	"github.com/retort-go/retort"
)

// page is one page of a list, with the cursor of the next; nil: this is the last.
type page[T any] struct {
	rows []*T
	next *string
}

// positions says how a list's rows become cursors, and cursors what Query.After
// takes.
type positions[T any] struct {
	seal func(list string, last *T) string
	open func(list, cursor string) ([]any, error)
}

// page reads the page behind the cursor after; "" is the first. One row more than
// asked for tells that there is a next page, at no extra query.
func (p positions[T]) page(ctx context.Context, s *retort.Session, q *retort.Query[T], list string, limit int, after string) (*page[T], error) {
	if after != "" {
		position, err := p.open(list, after)
		if err != nil {
			return nil, malformed("query.after", err)
		}
		q = q.After(position...)
	}
	rows, err := q.Limit(limit+1).All(ctx, s)
	if err != nil || len(rows) <= limit {
		return &page[T]{rows: rows}, err
	}
	next := p.seal(list, rows[limit-1])
	return &page[T]{rows[:limit], &next}, nil
}
