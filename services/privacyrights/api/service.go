package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// about is the answer of GET /.
type about struct {
	Body struct {
		Service string `json:"service" doc:"The service's title."`
		Version string `json:"version" doc:"The service's version."`
	}
}

// service registers GET /. The pattern /{$} keeps it from matching every path.
func (a *api) service() {
	op := a.operation(http.MethodGet, "/{$}", "get-service", "service", "Name and version", "")
	op.Hidden = true // OpenAPI would show the pattern; it is added below as /
	huma.Register(a.huma, op, func(context.Context, *struct{}) (*about, error) {
		out := &about{}
		out.Body.Service, out.Body.Version = a.Title, a.Version
		return out, nil
	})
	op.Hidden, op.Path = false, "/"
	a.huma.OpenAPI().AddOperation(&op)
}
