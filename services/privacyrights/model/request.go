package model

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/services/privacyrights/domain"
)

// Request is one person's request: one row of dsr_requests.
type Request struct {
	retort.UUIDKey
	retort.Timestamps
	retort.Version
	Regime     domain.Regime
	Right      domain.Right
	Email      string // as domain.NormalizeEmail leaves it
	Status     domain.Status
	Note       *string
	ReceivedAt time.Time
	DueAt      time.Time
	LastSeq    int32 // the newest history row's Seq
	History    retort.Many[StatusChange]
}

// Define declares the table's constraints, indexes and relation.
func (Request) Define(d *retort.Definition[Request]) {
	d.Check("due_after_received", "due_at > received_at")
	d.Check("email_normal", "email = lower(email) AND octet_length(email) BETWEEN 3 AND 254")
	d.Check("last_seq", "last_seq >= 0")
	d.Unique(&d.C.Email, &d.C.Regime, &d.C.Right).Name(OneOpen).Where("status IN ('open', 'in_progress')")
	// The two orders of GET /requests: all, and those of one status.
	d.Index(&d.C.ReceivedAt, &d.C.ID).Name("ix_dsr_requests_received")
	d.Index(&d.C.Status, &d.C.ReceivedAt, &d.C.ID).Name("ix_dsr_requests_status_received")
	retort.HasMany(d, &d.C.History, StatusChanges, func(c *StatusChange) *uuid.UUID { return &c.RequestID })
}

// NewRequest makes an open request with its due date and the first row of its
// history.
//
//   - Shape: the id is made when a session adds the request, which adds the row of
//     the history, too; email must be normal, regime valid.
//   - Units: received is cut to microseconds, which is what PostgreSQL keeps.
func NewRequest(regime domain.Regime, right domain.Right, email string, note *string, received time.Time) *Request {
	received = received.UTC().Truncate(time.Microsecond)
	return &Request{
		Regime: regime, Right: right, Email: email, Status: domain.Open, Note: note,
		ReceivedAt: received, DueAt: regime.DueAt(received),
		History: retort.ManyOf(&StatusChange{ToStatus: domain.Open}),
	}
}

// FirstEntry returns the first row of the audit log for a request that a session
// has added.
func FirstEntry(r *Request) *AuditEntry {
	return &AuditEntry{RequestID: r.ID, Action: Created, Details: map[string]any{
		"regime": string(r.Regime), "right": string(r.Right),
	}}
}

// Step moves the request to another status and returns the row of the history
// and the row of the audit log that belong to it, both to be added.
//
// It does not ask whether the step is permitted: domain.Status.CanBecome does,
// and the database refuses what slips through.
func (r *Request) Step(to domain.Status, reason *string) []any {
	from, last := r.Status, r.LastSeq
	r.Status, r.LastSeq = to, last+1
	return []any{
		&StatusChange{RequestID: r.ID, Seq: r.LastSeq, PrevSeq: &last, FromStatus: &from, ToStatus: to, Reason: reason},
		&AuditEntry{RequestID: r.ID, Action: Transitioned, Details: map[string]any{
			"from": string(from), "to": string(to),
		}},
	}
}

// ChangeNote sets or clears the note and returns the row of the audit log that
// belongs to the change, nil when there is none. The log never holds the text.
func (r *Request) ChangeNote(note *string) *AuditEntry {
	if (r.Note == nil) == (note == nil) && (note == nil || *r.Note == *note) {
		return nil
	}
	r.Note = note
	return &AuditEntry{RequestID: r.ID, Action: NoteChanged, Details: map[string]any{"cleared": note == nil}}
}
