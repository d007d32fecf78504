package model

import (
	"github.com/retort-go/retort"
	"github.com/retort-go/retort/services/privacyrights/domain"
)

// The tables.
var (
	Requests      = retort.NewTable[Request]("dsr_requests")
	StatusChanges = retort.NewTable[StatusChange]("dsr_status_history")
	AuditEntries  = retort.NewTable[AuditEntry]("audit_log")
)

// The names of the constraints that callers tell apart.
const (
	OneOpen         = "uq_dsr_requests_one_open"
	HistoryOnce     = "uq_dsr_status_history_once"
	HistoryChain    = "fk_dsr_status_history_chain"
	CheckTransition = "ck_dsr_status_history_transition"
	StatusMatches   = "ck_dsr_requests_status_matches_history"
)

// Base returns the registry of everything that the service's database holds.
func Base() *retort.Base {
	items := []retort.Item{
		retort.NewEnum("dsr_regime", domain.Regimes()...),
		retort.NewEnum("dsr_right", domain.Rights()...),
		retort.NewEnum("dsr_status", domain.Statuses()...),
		retort.NewEnum("audit_action", Created, NoteChanged, Transitioned),
		Requests, StatusChanges, AuditEntries,
	}
	for _, o := range objects() {
		items = append(items, o)
	}
	return retort.NewBase(items...)
}
