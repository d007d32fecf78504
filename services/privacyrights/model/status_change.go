package model

import (
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/services/privacyrights/domain"
)

// StatusChange is one row of dsr_status_history: a step that a request took.
// Rows are never changed or deleted.
type StatusChange struct {
	retort.BigintKey
	RequestID  uuid.UUID
	Seq        int32          // 0, 1, 2 … within one request
	PrevSeq    *int32         // Seq-1; nil in the first row
	FromStatus *domain.Status // the previous row's ToStatus; nil in the first row
	ToStatus   domain.Status
	Reason     *string
	At         time.Time
}

// Define declares the chain.
func (StatusChange) Define(d *retort.Definition[StatusChange]) {
	d.Column(&d.C.At).ServerMade("now()")

	d.References(&d.C.RequestID, &Requests.C.ID)
	d.Unique(&d.C.RequestID, &d.C.Seq).Name(HistoryOnce)
	// The target of the chain: a row is found by its number and its status.
	d.Unique(&d.C.RequestID, &d.C.Seq, &d.C.ToStatus).Name("uq_dsr_status_history_link")
	d.ForeignKey(
		[]any{&d.C.RequestID, &d.C.PrevSeq, &d.C.FromStatus},
		[]any{&d.C.RequestID, &d.C.Seq, &d.C.ToStatus},
	).Name(HistoryChain)

	// A foreign key with a NULL column is not checked, so the first row, and only
	// it, may have them.
	d.Check("first", "(seq = 0) = (from_status IS NULL)")
	d.Check("prev_seq", "seq >= 0 AND prev_seq IS NOT DISTINCT FROM NULLIF(seq, 0) - 1")
	d.Check("transition", transitionCheck())
}

// transitionCheck writes the permitted pairs as a predicate. CASE keeps NULL out
// of the comparison: a check that is NULL would pass.
func transitionCheck() string {
	var pairs []string
	for _, t := range domain.Transitions() {
		pairs = append(pairs, fmt.Sprintf("('%s', '%s')", t.From, t.To))
	}
	return fmt.Sprintf(
		"CASE WHEN from_status IS NULL THEN to_status = '%s' ELSE (from_status, to_status) IN (%s) END",
		domain.Open, strings.Join(pairs, ", "))
}
