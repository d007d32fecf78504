package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/services/privacyrights/docs"
	"github.com/retort-go/retort/web"
)

// Config says what the API serves and from where.
type Config struct {
	// Engine has model.Base() as its Base. Required.
	Engine *retort.Engine

	// Title, Description and Version are shown by GET / and the docs pages. Title
	// and Version are required.
	Title       string
	Description string
	Version     string

	// Clock tells the time of receipt. Default time.Now.
	Clock func() time.Time

	// Prepared reports whether the database holds the service's tables. Until it
	// does, /readyz and every route that needs them answer 503. Default: it does.
	Prepared func() bool

	// Logger receives what answers 500. Default: nothing is logged.
	Logger *slog.Logger
}

// api holds what the routes share.
type api struct {
	Config
	huma huma.API
}

// New returns the handler of every route.
//
//   - Errors: a Config without what is required.
//   - Concurrency: the handler is safe for many goroutines.
func New(cfg Config) (http.Handler, error) {
	if cfg.Engine == nil || cfg.Title == "" || cfg.Version == "" {
		return nil, errors.New("api: Config needs Engine, Title and Version")
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Prepared == nil {
		cfg.Prepared = func() bool { return true }
	}
	mux := http.NewServeMux()
	a := &api{Config: cfg, huma: humago.New(mux, humaConfig(cfg))}
	a.huma.UseMiddleware(a.strict)
	a.service()
	a.requests()
	a.transitions()
	a.auditLog()
	mux.Handle("GET /healthz", web.Healthz())
	mux.Handle("GET /readyz", a.readyz())
	if err := a.documents(mux); err != nil {
		return nil, err
	}
	return a.outermost(mux), nil
}

// humaConfig leaves out what Huma would serve by itself: pages with scripts from
// elsewhere, schema links in every body, a document made at the first request.
func humaConfig(cfg Config) huma.Config {
	c := huma.DefaultConfig(cfg.Title, cfg.Version)
	c.Info.Description = cfg.Description
	c.DocsPath, c.OpenAPIPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{withoutValues}
	c.Tags = []*huma.Tag{
		{Name: "requests", Description: "What people ask for, and how far it is."},
		{Name: "audit", Description: "What was done to requests, without personal data."},
		{Name: "service", Description: "The service itself."},
	}
	return c
}

// documents serves the OpenAPI document, made once, and the pages that show it.
func (a *api) documents(mux *http.ServeMux) error {
	schemas := a.huma.OpenAPI().Components.Schemas.Map()
	// Huma registers its own error, whose values withoutValues takes out.
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	text, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		return fmt.Errorf("api: render the OpenAPI document: %w", err)
	}
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(text) // a client that left cannot be told
	})
	docs.Register(mux, "/openapi.json", a.Title)
	return nil
}

// operation fills in what is the same for every route.
func (a *api) operation(method, path, id, tag, summary, description string) huma.Operation {
	schema := a.huma.OpenAPI().Components.Schemas
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Tags: []string{tag},
		Summary: summary, Description: description,
		// The middleware strict has read the body by then.
		MaxBodyBytes: -1, BodyReadTimeout: -1,
		Responses: map[string]*huma.Response{"default": {
			Description: "A problem: RFC 9457. `type` says which; it is stable.",
			Content:     map[string]*huma.MediaType{problemType: {Schema: problemSchema(schema)}},
		}},
	}
}

// route registers a handler that runs in one session; view turns its confirmed
// result into the answer.
func route[I, M, O any](a *api, op huma.Operation, opts retort.TxOptions,
	handle func(context.Context, *retort.Session, *I) (*M, error), view func(*M) *O,
) {
	inSession := retort.InSessionView(a.Engine, opts, handle, view)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		if !a.Prepared() {
			return nil, &problem{unprepared(), retort.LabelsOf(ctx).RequestID}
		}
		out, err := inSession(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, op.OperationID, in, err)
		}
		return out, nil
	})
}

// readyz is not ready before the tables are there, however well the database
// answers.
func (a *api) readyz() http.Handler {
	answers := web.Readyz(a.Engine)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.Prepared() {
			unprepared().ServeHTTP(w, r)
			return
		}
		answers.ServeHTTP(w, r)
	})
}

func unprepared() web.Problem {
	return web.Problem{
		Type: web.ProblemUnavailable, Title: "Unavailable", Status: http.StatusServiceUnavailable,
		Detail:     "The service is waiting for its database. Try again.",
		RetryAfter: time.Second,
	}
}

// The two kinds of session. Writing handlers read only their input and the
// clock, so a run that lost a deadlock may be repeated.
func reading() retort.TxOptions { return retort.TxOptions{ReadOnly: true} }
func writing() retort.TxOptions { return retort.TxOptions{Repeatable: true} }
