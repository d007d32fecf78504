package api

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/services/privacyrights/model"
	"github.com/retort-go/retort/web"
)

const problemType = "application/problem+json"

// The problem types of this API beside those of package web.
const (
	problemIllegalTransition = "/problems/illegal-transition"
	problemAlreadyOpen       = "/problems/already-open"
)

// problem lets Huma answer with a web.Problem.
type problem struct {
	web.Problem
	requestID string // which the log has a line about; empty below 500
}

// Error gives the title, for logs.
func (p *problem) Error() string { return "api: " + strconv.Itoa(p.Status) + " " + p.Title }

// GetStatus tells Huma the status.
func (p *problem) GetStatus() int { return p.Status }

// ContentType tells Huma the media type.
func (p *problem) ContentType(string) string { return problemType }

// GetHeaders tells Huma when to try again, and which request it was.
func (p *problem) GetHeaders() http.Header {
	h := http.Header{"Cache-Control": {"no-store"}}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	if p.requestID != "" {
		h.Set("X-Request-Id", p.requestID)
	}
	return h
}

func problemSchema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[web.Problem](), true, "Problem")
}

// conditional is an input with If-Match.
type conditional interface{ conditional() bool }

// problem turns what a handler returned into the answer. What answers 5xx is
// logged here, since the answer does not tell why.
func (a *api) problem(ctx context.Context, operation string, in any, err error) *problem {
	p := web.ProblemOf(err)
	constraint, isConstraint := errors.AsType[*pgerr.ConstraintError](err)
	switch {
	case p.Type == web.ProblemClientClosed && context.Cause(ctx) != nil:
		p = web.ProblemOf(context.Cause(ctx)) // the client left, or web.Serve ends
	case isConstraint && p.Constraint != "":
		own := constraintProblem(constraint.Constraint)
		if own.Status != 0 {
			own.Constraint, own.Fields = p.Constraint, p.Fields
			p = own
		}
	case p.Type == web.ProblemNotFound:
		p.Detail = "There is no request with this id."
	case errors.Is(err, retort.ErrStale) && p.Type == web.ProblemStale:
		if c, ok := in.(conditional); ok && c.conditional() {
			p = preconditionFailed()
		}
	}
	answer := &problem{Problem: p}
	if p.Status >= http.StatusInternalServerError {
		answer.requestID = retort.LabelsOf(ctx).RequestID
		level := slog.LevelError
		if p.RetryAfter > 0 {
			level = slog.LevelWarn
		}
		a.Logger.Log(ctx, level, "api: a request failed", "operation", operation, "status", p.Status, "error", err)
	}
	return answer
}

// constraintProblem words the constraints that clients can run into. The zero
// Problem is for the others.
func constraintProblem(name string) web.Problem {
	switch name {
	case model.OneOpen:
		return web.Problem{
			Type: problemAlreadyOpen, Title: "Already open", Status: http.StatusConflict,
			Detail: "This person has an open request for this right under this regime.",
		}
	case model.HistoryOnce, model.HistoryChain, model.StatusMatches:
		// Somebody else took the step: the loser must look again, as after ErrStale.
		return web.ProblemOf(retort.ErrStale)
	case model.CheckTransition:
		return web.Problem{
			Type: problemIllegalTransition, Title: "Illegal transition", Status: http.StatusConflict,
			Detail: "The request cannot take this step.",
		}
	}
	return web.Problem{}
}

func preconditionFailed() web.Problem {
	return web.Problem{
		Type: web.ProblemPreconditionFailed, Title: "Changed in between", Status: http.StatusPreconditionFailed,
		Detail: "The request is not at the version that If-Match names. Read it again and repeat the change.",
	}
}

// asError lets a handler return a problem.
func asError(p web.Problem) error {
	return &web.Error{Status: p.Status, Type: p.Type, Title: p.Title, Detail: p.Detail, Errors: p.Errors}
}

// malformed is the 400 for one place of the input.
func malformed(location string, cause error) error {
	return &web.Error{
		Status: http.StatusBadRequest, Type: web.ProblemMalformedInput, Title: "Malformed input",
		Errors: []web.FieldError{{Location: location, Message: plain(cause)}},
	}
}

// plain takes the package's name off a text that goes to a client.
func plain(err error) string {
	_, text, found := strings.Cut(err.Error(), ": ")
	if !found {
		return err.Error()
	}
	return text
}

// withoutValues turns Huma's own refusals into the same problems as ours, and
// drops the values that Huma repeats.
func withoutValues(_ huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := web.Problem{Title: e.Title, Status: e.Status, Detail: e.Detail}
	switch e.Status {
	case http.StatusBadRequest:
		p.Type, p.Title = web.ProblemMalformedInput, "Malformed input"
	case http.StatusUnprocessableEntity:
		p.Type, p.Title = web.ProblemInvalidInput, "Invalid input"
		if e.Detail == "validation failed" { // which Huma says of everything
			p.Detail = "The input does not fit; errors says where."
		}
	case http.StatusInternalServerError:
		return web.Problem{Type: web.ProblemInternal, Title: e.Title, Status: e.Status}, nil
	}
	for _, d := range e.Errors {
		p.Errors = append(p.Errors, web.FieldError{Location: d.Location, Message: reword(d.Message)})
	}
	return p, nil
}
