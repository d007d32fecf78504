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

func (a *api) lists() {
	list := a.operation(http.MethodGet, "/requests", "list-requests", "requests", "List requests",
		"Newest receipt first, by pages: pass next of a page as after to get the following one.")
	route(a, list, reading(), a.list, viewRequests)
}

// byReceipt are the positions of the order below.
var byReceipt = positions[model.Request]{
	seal: func(list string, last *model.Request) string {
		return requestCursor{last.ReceivedAt, last.ID}.seal(list)
	},
	open: func(list, cursor string) ([]any, error) {
		c, err := openRequestCursor(list, cursor)
		return []any{c.receivedAt, c.id}, err
	},
}

func (a *api) list(ctx context.Context, s *retort.Session, in *listInput) (*page[model.Request], error) {
	c := model.Requests.C
	q := model.Requests.
		Where(
			retort.When(in.Status != "", retort.Eq(&c.Status, in.Status)),
			retort.When(in.Regime != "", retort.Eq(&c.Regime, in.Regime)),
		).
		OrderBy(retort.Desc(&c.ReceivedAt), retort.Desc(&c.ID))
	return byReceipt.page(ctx, s, q, in.list(), in.Limit, in.After)
}

func viewRequests(p *page[model.Request]) *requestPageAnswer {
	out := &requestPageAnswer{RequestPage{Items: []Request{}, Next: p.next}}
	for _, r := range p.rows {
		out.Body.Items = append(out.Body.Items, viewRequest(r))
	}
	return out
}
