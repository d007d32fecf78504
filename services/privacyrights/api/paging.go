package api

import (
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// cursorKey signs the cursors, so that one which was cut, mistyped or made for
// another list is told from a good one. It is no secret: whoever forges a position
// sees what he may see anyway.
const cursorKey = "privacyrights: cursors of lists"

// pages lists rows in the order of q, with the parameters of this API.
func pages[T any](q *retort.Query[T], size int) *web.Pages[T] {
	return web.Paginate([]byte(cursorKey), q).Size(size, 100).Names(web.PageNames{Cursor: "after"})
}

// ListQuery is the part of an input that keeps the query as it came, for [pages].
// It is exported since Huma looks into exported embedded structs only.
type ListQuery struct {
	After string `query:"after" maxLength:"300" doc:"next of the page before, with the same filters."`

	params url.Values
}

// Resolve keeps the query. Huma has checked it, and takes an empty parameter for
// one that was not given.
func (q *ListQuery) Resolve(ctx huma.Context) []error {
	at := ctx.URL()
	q.params = at.Query()
	for name := range q.params {
		if q.params.Get(name) == "" {
			q.params.Del(name)
		}
	}
	return nil
}

// next is the cursor of the page behind p; nil: this is the last.
func next[T any](p *web.Page[T]) *string {
	if p.Next == "" {
		return nil
	}
	return &p.Next
}
