package api

import (
	"context"
	"net/http"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/services/privacyrights/domain"
	"github.com/retort-go/retort/services/privacyrights/model"
)

// RequestPage is one page of requests.
type RequestPage struct {
	Items []Request `json:"items" nullable:"false"`
	Next  *string   `json:"next" doc:"The cursor of the next page, for after. null: this is the last."`
}

type requestPageAnswer struct{ Body RequestPage }

// listInput is what GET /requests takes.
type listInput struct {
	Status domain.Status `query:"status" enum:"open,in_progress,fulfilled,denied,revoked"`
	Regime domain.Regime `query:"regime" enum:"gdpr,ccpa"`
	Limit  int           `query:"limit" minimum:"1" maximum:"100" default:"20"`
	After  string        `query:"after" maxLength:"100" doc:"next of the page before, with the same filters."`
}

// list names the list that a cursor belongs to.
func (in *listInput) list() string {
	return "requests status=" + string(in.Status) + " regime=" + string(in.Regime)
}

// requestPage is what the handler read: one row more than asked for tells that
// there is a next page, at no extra query.
type requestPage struct {
	rows  []*model.Request
	limit int
	list  string
}

func (a *api) lists() {
	list := a.operation(http.MethodGet, "/requests", "list-requests", "requests", "List requests",
		"Newest receipt first, by pages: pass next of a page as after to get the following one.")
	route(a, list, reading(), a.list, (*requestPage).view)
}

func (a *api) list(ctx context.Context, s *retort.Session, in *listInput) (*requestPage, error) {
	c := model.Requests.C
	q := model.Requests.
		Where(
			retort.When(in.Status != "", retort.Eq(&c.Status, in.Status)),
			retort.When(in.Regime != "", retort.Eq(&c.Regime, in.Regime)),
		).
		OrderBy(retort.Desc(&c.ReceivedAt), retort.Desc(&c.ID)).
		Limit(in.Limit + 1)
	if in.After != "" {
		cursor, err := openRequestCursor(in.list(), in.After)
		if err != nil {
			return nil, malformed("query.after", err)
		}
		q = q.After(cursor.receivedAt, cursor.id)
	}
	rows, err := q.All(ctx, s)
	if err != nil {
		return nil, err
	}
	return &requestPage{rows, in.Limit, in.list()}, nil
}

func (p *requestPage) view() *requestPageAnswer {
	out := &requestPageAnswer{}
	out.Body.Items = []Request{}
	for i, r := range p.rows {
		if i == p.limit {
			last := p.rows[i-1]
			next := requestCursor{last.ReceivedAt, last.ID}.seal(p.list)
			out.Body.Next = &next
			break
		}
		out.Body.Items = append(out.Body.Items, viewRequest(r))
	}
	return out
}
