package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/services/privacyrights/model"
	"github.com/retort-go/retort/web"
)

// AuditEntry is one entry of the audit log.
type AuditEntry struct {
	ID        int64          `json:"id"`
	RequestID uuid.UUID      `json:"request_id" format:"uuid"`
	Action    model.Action   `json:"action" enum:"created,note_changed,transitioned"`
	Details   map[string]any `json:"details" doc:"What changed, without personal data."`
	At        time.Time      `json:"at"`
}

// AuditPage is one page of the audit log.
type AuditPage struct {
	Items []AuditEntry `json:"items" nullable:"false"`
	Next  *string      `json:"next" doc:"The cursor of the next page, for after. null: this is the last."`
}

type auditAnswer struct{ Body AuditPage }

// auditInput is what GET /audit-log takes.
type auditInput struct {
	RequestID requestID `query:"request_id" doc:"Only entries of this request."`
	Limit     int       `query:"limit" minimum:"1" maximum:"100" default:"50"`
	ListQuery
}

func (a *api) auditLog() {
	op := a.operation(http.MethodGet, "/audit-log", "list-audit-log", "audit", "Read the audit log",
		"Newest first, by pages. Entries are never changed or deleted.")
	c := model.AuditEntries.C
	newest := pages(model.AuditEntries.OrderBy(retort.Desc(&c.ID)), 50)
	web.FilterBy(newest, "request_id", &c.RequestID)
	route(a, op, reading(), func(ctx context.Context, s *retort.Session, in *auditInput) (*web.Page[model.AuditEntry], error) {
		return newest.Read(ctx, s, in.params)
	}, viewAudit)
}

func viewAudit(p *web.Page[model.AuditEntry]) *auditAnswer {
	out := &auditAnswer{AuditPage{Items: []AuditEntry{}, Next: next(p)}}
	for _, e := range p.Items {
		out.Body.Items = append(out.Body.Items, AuditEntry{
			ID: e.ID, RequestID: e.RequestID, Action: e.Action, Details: e.Details, At: e.At,
		})
	}
	return out
}
