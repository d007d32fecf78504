package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/services/privacyrights/domain"
	"github.com/retort-go/retort/services/privacyrights/model"
)

// Request is a privacy request as clients see it.
type Request struct {
	ID         uuid.UUID     `json:"id" format:"uuid"`
	Regime     domain.Regime `json:"regime" enum:"gdpr,ccpa"`
	Right      domain.Right  `json:"right" enum:"access,deletion,correction,portability,opt_out"`
	Email      string        `json:"email" doc:"In lower case, without surrounding space."`
	Status     domain.Status `json:"status" enum:"open,in_progress,fulfilled,denied,revoked"`
	Note       *string       `json:"note"`
	Version    int64         `json:"version" doc:"1 at first, one more at every change. ETag is made from it."`
	ReceivedAt time.Time     `json:"received_at"`
	DueAt      time.Time     `json:"due_at" doc:"The last microsecond for an answer: GDPR one month, CCPA 45 days after the day of receipt, at the end of the local day (Europe/Brussels, America/Los_Angeles)."`
	CreatedAt  time.Time     `json:"created_at"`
	UpdatedAt  time.Time     `json:"updated_at"`
}

// NewRequest is the body of POST /requests.
type NewRequest struct {
	Regime domain.Regime `json:"regime" enum:"gdpr,ccpa"`
	Right  domain.Right  `json:"right" enum:"access,deletion,correction,portability,opt_out"`
	Email  string        `json:"email" minLength:"1" maxLength:"1000" doc:"name@host, 254 bytes at most. Stored and compared in lower case." example:"ann@example.org"`
	Note   *string       `json:"note,omitempty" nullable:"true" maxLength:"10000"`
}

// RequestPatch is the body of PATCH /requests/{id}.
type RequestPatch struct {
	Note optionalText `json:"note" required:"false" doc:"A text, or null to clear it. Absent: it stays."`
}

// requestAnswer answers with one request and its version.
type requestAnswer struct {
	Status int
	ETag   string `header:"ETag"`
	Body   Request
}

// createdAnswer says in addition where the request is.
type createdAnswer struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
	Body     Request
}

func viewRequest(r *model.Request) Request {
	return Request{
		ID: r.ID, Regime: r.Regime, Right: r.Right, Email: r.Email, Status: r.Status, Note: r.Note, Version: r.Version.Version,
		ReceivedAt: r.ReceivedAt, DueAt: r.DueAt, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

func viewAnswer(r *model.Request) *requestAnswer {
	return &requestAnswer{Status: http.StatusOK, ETag: etag(r.Version.Version), Body: viewRequest(r)}
}

func (a *api) requests() {
	create := a.operation(http.MethodPost, "/requests", "create-request", "requests", "Record a request",
		"Stores the request with its due date, the first row of its history and an entry of the audit log, in one transaction. "+
			"A person has at most one open request for a right under a regime: another answers 409.")
	create.DefaultStatus = http.StatusCreated
	route(a, create, writing(), a.create, func(r *model.Request) *createdAnswer {
		return &createdAnswer{ETag: etag(r.Version.Version), Location: "/requests/" + r.ID.String(), Body: viewRequest(r)}
	})

	get := a.operation(http.MethodGet, "/requests/{id}", "get-request", "requests", "Read a request", "")
	get.Responses["304"] = &huma.Response{Description: "If-None-Match names the current version."}
	route(a, get, reading(), a.get, (*readRequest).view)

	patch := a.operation(http.MethodPatch, "/requests/{id}", "update-request", "requests", "Change the note",
		"With If-Match the change is made to that version only: 412 when it is no longer the current one.")
	route(a, patch, writing(), a.patch, viewAnswer)

	a.lists()
}

// createInput is what POST /requests takes.
type createInput struct{ Body NewRequest }

// Resolve normalizes the e-mail address.
func (in *createInput) Resolve(huma.Context) []error {
	if in.Body.Email == "" {
		return nil // the schema has refused it
	}
	email, err := domain.NormalizeEmail(in.Body.Email)
	if err != nil {
		return []error{&huma.ErrorDetail{Location: "body.email", Message: plain(err)}}
	}
	in.Body.Email = email
	return nil
}

func (a *api) create(_ context.Context, s *retort.Session, in *createInput) (*model.Request, error) {
	b := in.Body
	r := model.NewRequest(b.Regime, b.Right, b.Email, b.Note, a.Clock())
	s.Add(r) // makes the id that the entry refers to
	s.Add(model.FirstEntry(r))
	return r, nil
}

// getInput is what GET /requests/{id} takes.
type getInput struct {
	ID          requestID `path:"id"`
	IfNoneMatch string    `header:"If-None-Match" doc:"Answer 304 without a body while this is the current version."`
}

// readRequest is a request that the client may have already.
type readRequest struct {
	*model.Request
	unchanged bool
}

func (a *api) get(ctx context.Context, s *retort.Session, in *getInput) (*readRequest, error) {
	r, err := model.Requests.Get(ctx, s, in.ID.uuid())
	if err != nil {
		return nil, err
	}
	unchanged := false
	if in.IfNoneMatch != "" {
		if unchanged, err = matchWeak(in.IfNoneMatch, etag(r.Version.Version)); err != nil {
			return nil, malformed("header.If-None-Match", err)
		}
	}
	return &readRequest{r, unchanged}, nil
}

func (r *readRequest) view() *requestAnswer {
	out := viewAnswer(r.Request)
	if r.unchanged {
		out.Status = http.StatusNotModified
	}
	return out
}

// patchInput is what PATCH /requests/{id} takes.
type patchInput struct {
	Precondition
	ID   requestID `path:"id"`
	Body RequestPatch
}

func (a *api) patch(ctx context.Context, s *retort.Session, in *patchInput) (*model.Request, error) {
	r, err := model.Requests.Get(ctx, s, in.ID.uuid())
	if err != nil {
		return nil, err
	}
	if err := in.check(r.Version.Version); err != nil {
		return nil, err
	}
	if !in.Body.Note.Set {
		return r, nil
	}
	if entry := r.ChangeNote(in.Body.Note.Pointer()); entry != nil {
		s.Add(entry)
	}
	return r, nil
}
