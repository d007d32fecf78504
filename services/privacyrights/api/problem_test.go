package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/services/privacyrights/model"
	"github.com/retort-go/retort/web"
)

func TestProblem(t *testing.T) {
	t.Parallel()
	violated := func(kind pgerr.Kind, name string) error {
		return fmt.Errorf("wrapped: %w", &pgerr.ConstraintError{Kind: kind, Constraint: name})
	}
	ifMatch, none := &patchInput{Precondition: Precondition{IfMatch: `"1"`}}, &patchInput{}
	tests := []struct {
		name   string
		in     any
		err    error
		status int
		kind   string
	}{
		{"a second open request", none, violated(pgerr.Unique, model.OneOpen), 409, problemAlreadyOpen},
		{"a lost race for a step", none, violated(pgerr.Unique, model.HistoryOnce), 409, web.ProblemStale},
		{"a chain that moved on", none, violated(pgerr.ForeignKey, model.HistoryChain), 409, web.ProblemStale},
		{"a status that moved on", none, violated(pgerr.Check, model.StatusMatches), 409, web.ProblemStale},
		{"a step that only the database refused", none, violated(pgerr.Check, model.CheckTransition), 409, problemIllegalTransition},
		{"another check", none, violated(pgerr.Check, "ck_other"), 422, web.ProblemCheck},
		{"a stale row", none, retort.ErrStale, 409, web.ProblemStale},
		{"a stale row with If-Match", ifMatch, retort.ErrStale, 412, web.ProblemPreconditionFailed},
		{"a stale row of an input without conditions", &createInput{}, retort.ErrStale, 409, web.ProblemStale},
		{"nothing there", none, retort.ErrNotFound, 404, web.ProblemNotFound},
		{"a lost COMMIT", none, retort.ErrCommitUnknown, 503, web.ProblemCommitUnknown},
		{"a value that cannot be stored", none, &retort.ValueError{Column: "note", Reason: "contains a NUL byte"}, 400, web.ProblemMalformedInput},
		{"a failed view", none, &retort.CommittedError{Err: errors.New("x")}, 500, web.ProblemCommittedNotRendered},
		{"anything else", none, errors.New("x"), 500, web.ProblemInternal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			a := &api{Config: Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}}
			p := a.problem(t.Context(), "op", tt.in, tt.err)
			if p.Status != tt.status || p.Type != tt.kind || p.GetStatus() != tt.status {
				t.Errorf("%d %s, want %d %s", p.Status, p.Type, tt.status, tt.kind)
			}
			if logged := log.Len() > 0; logged != (tt.status >= 500) {
				t.Errorf("logged: %q", log.String())
			}
		})
	}
}

func TestProblem_of_a_request_that_was_cut(t *testing.T) {
	t.Parallel()
	a := &api{Config: Config{Logger: slog.New(slog.DiscardHandler)}}
	for cause, want := range map[error]int{web.ErrShutdown: 503, context.Canceled: web.StatusClientClosed} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if p := a.problem(ctx, "op", nil, context.Canceled); p.Status != want {
			t.Errorf("%v: %d, want %d", cause, p.Status, want)
		}
	}
}

func TestProblem_headers(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]string{0: "", time.Second: "1", 1500 * time.Millisecond: "2"} {
		h := (&problem{Problem: web.Problem{RetryAfter: after}}).GetHeaders()
		if got := h.Get("Retry-After"); got != want {
			t.Errorf("%s: Retry-After %q, want %q", after, got, want)
		}
	}
}

func TestWithoutValues(t *testing.T) {
	t.Parallel()
	details := []*huma.ErrorDetail{{Location: "body.note", Message: "expected string", Value: "S3CRET"}}
	for status, want := range map[int]web.Problem{
		422: {Type: web.ProblemInvalidInput, Title: "Invalid input", Status: 422, Detail: "d", Errors: []web.FieldError{{Location: "body.note", Message: "must be a string"}}},
		400: {Type: web.ProblemMalformedInput, Title: "Malformed input", Status: 400, Detail: "d", Errors: []web.FieldError{{Location: "body.note", Message: "must be a string"}}},
		500: {Type: web.ProblemInternal, Title: "t", Status: 500, Detail: ""},
	} {
		got, err := withoutValues(nil, "", &huma.ErrorModel{Title: "t", Status: status, Detail: "d", Errors: details})
		if diff := cmp.Diff(any(want), got); err != nil || diff != "" {
			t.Errorf("%d: %v (-want +got):\n%s", status, err, diff)
		}
	}
	if got, err := withoutValues(nil, "", http.StatusOK); err != nil || got != http.StatusOK {
		t.Errorf("another body: %v, %v", got, err)
	}
}
