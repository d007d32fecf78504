package api

import (
	"context"
	"net/http"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/services/privacyrights/domain"
	"github.com/retort-go/retort/services/privacyrights/model"
	"github.com/retort-go/retort/web"
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
	ListQuery
}

func (a *api) lists() {
	list := a.operation(http.MethodGet, "/requests", "list-requests", "requests", "List requests",
		"Newest receipt first, by pages: pass next of a page as after to get the following one.")
	newest := newestRequests()
	route(a, list, reading(), func(ctx context.Context, s *retort.Session, in *listInput) (*web.Page[model.Request], error) {
		return newest.Read(ctx, s, in.params)
	}, viewRequests)
}

// newestRequests are pages of requests.
func newestRequests() *web.Pages[model.Request] {
	c := model.Requests.C
	p := pages(model.Requests.OrderBy(retort.Desc(&c.ReceivedAt), retort.Desc(&c.ID)), 20)
	web.FilterBy(p, "status", &c.Status)
	web.FilterBy(p, "regime", &c.Regime)
	return p
}

func viewRequests(p *web.Page[model.Request]) *requestPageAnswer {
	out := &requestPageAnswer{RequestPage{Items: []Request{}, Next: next(p)}}
	for _, r := range p.Items {
		out.Body.Items = append(out.Body.Items, viewRequest(r))
	}
	return out
}
