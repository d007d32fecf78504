package model

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
)

// Action is what an entry of the audit log tells.
type Action string

// The actions.
const (
	Created      Action = "created"
	NoteChanged  Action = "note_changed"
	Transitioned Action = "transitioned"
)

// AuditEntry is one row of audit_log: that something was done, without personal
// data. Rows are never changed or deleted.
//
// RequestID is no foreign key: the log must be able to outlive what it tells of.
type AuditEntry struct {
	retort.BigintKey
	RequestID uuid.UUID
	Action    Action
	Details   map[string]any
	At        time.Time
}

// Define declares the index of GET /audit-log.
func (AuditEntry) Define(d *retort.Definition[AuditEntry]) {
	d.Column(&d.C.At).ServerMade("now()")
	d.Index(&d.C.RequestID, &d.C.ID)
}
