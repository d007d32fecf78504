package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/services/privacyrights/domain"
	"github.com/retort-go/retort/services/privacyrights/model"
)

// Transition is the body of POST /requests/{id}/transitions.
type Transition struct {
	To     domain.Status `json:"to" enum:"in_progress,fulfilled,denied,revoked"`
	Reason *string       `json:"reason,omitempty" nullable:"true" maxLength:"10000"`
}

// StatusChange is one step of a request's history.
type StatusChange struct {
	ID     int64          `json:"id"`
	From   *domain.Status `json:"from" doc:"The status before; null for the first step."`
	To     domain.Status  `json:"to" enum:"open,in_progress,fulfilled,denied,revoked"`
	Reason *string        `json:"reason"`
	At     time.Time      `json:"at"`
}

// History is every step of one request, oldest first.
type History struct {
	Items []StatusChange `json:"items" nullable:"false"`
}

type historyAnswer struct{ Body History }

func (a *api) transitions() {
	step := a.operation(http.MethodPost, "/requests/{id}/transitions", "transition-request", "requests", "Take a step",
		"open → in_progress, denied, revoked; in_progress → fulfilled, denied, revoked. Any other step answers 409, "+
			"and so does a step that somebody else took first.")
	step.DefaultStatus = http.StatusOK
	route(a, step, writing(), a.transition, viewAnswer)

	history := a.operation(http.MethodGet, "/requests/{id}/history", "get-history", "requests", "Read a request's history",
		"Every step, oldest first. Steps are never changed or deleted.")
	route(a, history, reading(), a.history, viewHistory)
}

// transitionInput is what POST /requests/{id}/transitions takes.
type transitionInput struct {
	Precondition
	ID   requestID `path:"id"`
	Body Transition
}

func (a *api) transition(ctx context.Context, s *retort.Session, in *transitionInput) (*model.Request, error) {
	r, err := model.Requests.Get(ctx, s, in.ID.uuid())
	if err != nil {
		return nil, err
	}
	if err := in.check(r.Version.Version); err != nil {
		return nil, err
	}
	if !r.Status.CanBecome(in.Body.To) {
		return nil, illegal(r.Status, in.Body.To)
	}
	s.Add(r.Step(in.Body.To, in.Body.Reason)...)
	return r, nil
}

// illegal says what would be legal.
func illegal(from, to domain.Status) error {
	p := constraintProblem(model.CheckTransition)
	p.Detail = "The request is " + string(from) + " and cannot become " + string(to) + "; "
	if from.Terminal() {
		p.Detail += "it has ended."
	} else {
		var next []string
		for _, s := range from.Next() {
			next = append(next, string(s))
		}
		p.Detail += "possible are " + strings.Join(next, ", ") + "."
	}
	return asError(p)
}

// historyInput is what GET /requests/{id}/history takes.
type historyInput struct {
	ID requestID `path:"id"`
}

// stepList is a request's steps: a named type, for a view needs a pointer to one.
type stepList struct{ rows []*model.StatusChange }

func (a *api) history(ctx context.Context, s *retort.Session, in *historyInput) (*stepList, error) {
	c := model.Requests.C
	r, err := model.Requests.Where(retort.Eq(&c.ID, in.ID.uuid())).With(&c.History).One(ctx, s)
	if err != nil {
		return nil, err
	}
	rows, err := r.History.All()
	return &stepList{rows}, err
}

func viewHistory(l *stepList) *historyAnswer {
	out := &historyAnswer{}
	out.Body.Items = []StatusChange{}
	for _, c := range l.rows {
		out.Body.Items = append(out.Body.Items, StatusChange{
			ID: c.ID, From: c.FromStatus, To: c.ToStatus, Reason: c.Reason, At: c.At,
		})
	}
	return out
}
