package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/services/privacyrights/model"
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
	RequestID requestFilter `query:"request_id" doc:"Only entries of this request."`
	Limit     int           `query:"limit" minimum:"1" maximum:"100" default:"50"`
	After     string        `query:"after" maxLength:"100" doc:"next of the page before, with the same filter."`
}

// requestFilter is an id that may be absent.
type requestFilter struct {
	requestID
	given bool
}

// UnmarshalText reads the id.
func (f *requestFilter) UnmarshalText(text []byte) error {
	f.given = true
	return f.requestID.UnmarshalText(text)
}

func (in *auditInput) list() string {
	if !in.RequestID.given {
		return "audit"
	}
	return "audit request=" + in.RequestID.uuid().String()
}

func (a *api) auditLog() {
	op := a.operation(http.MethodGet, "/audit-log", "list-audit-log", "audit", "Read the audit log",
		"Newest first, by pages. Entries are never changed or deleted.")
	route(a, op, reading(), a.audit, viewAudit)
}

// newest are the positions of the order below.
var newest = positions[model.AuditEntry]{
	seal: func(list string, last *model.AuditEntry) string { return sealAuditCursor(list, last.ID) },
	open: func(list, cursor string) ([]any, error) {
		id, err := openAuditCursor(list, cursor)
		return []any{id}, err
	},
}

func (a *api) audit(ctx context.Context, s *retort.Session, in *auditInput) (*page[model.AuditEntry], error) {
	c := model.AuditEntries.C
	q := model.AuditEntries.
		Where(retort.When(in.RequestID.given, retort.Eq(&c.RequestID, in.RequestID.uuid()))).
		OrderBy(retort.Desc(&c.ID))
	return newest.page(ctx, s, q, in.list(), in.Limit, in.After)
}

func viewAudit(p *page[model.AuditEntry]) *auditAnswer {
	out := &auditAnswer{AuditPage{Items: []AuditEntry{}, Next: p.next}}
	for _, e := range p.rows {
		out.Body.Items = append(out.Body.Items, AuditEntry{
			ID: e.ID, RequestID: e.RequestID, Action: e.Action, Details: e.Details, At: e.At,
		})
	}
	return out
}
