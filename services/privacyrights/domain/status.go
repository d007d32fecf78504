package domain

import "slices"

// Status is where a request stands.
type Status string

// The statuses. Every request begins as Open; Fulfilled, Denied and Revoked end it.
const (
	Open       Status = "open"
	InProgress Status = "in_progress"
	Fulfilled  Status = "fulfilled"
	Denied     Status = "denied"
	Revoked    Status = "revoked"
)

// Transition is one permitted step from a status to the next.
type Transition struct{ From, To Status }

// Statuses returns every status, in the order of the database enum.
func Statuses() []Status { return []Status{Open, InProgress, Fulfilled, Denied, Revoked} }

// Transitions returns every permitted step.
//
// Work must begin before it can be fulfilled; a request can be denied or revoked
// until it has ended; an ended request stays as it is.
func Transitions() []Transition {
	return []Transition{
		{Open, InProgress},
		{Open, Denied},
		{Open, Revoked},
		{InProgress, Fulfilled},
		{InProgress, Denied},
		{InProgress, Revoked},
	}
}

// CanBecome reports whether a request may step from s to next.
func (s Status) CanBecome(next Status) bool {
	return slices.Contains(Transitions(), Transition{s, next})
}

// Next returns the statuses that may follow s, none when s is terminal.
func (s Status) Next() []Status {
	var next []Status
	for _, t := range Transitions() {
		if t.From == s {
			next = append(next, t.To)
		}
	}
	return next
}

// Terminal reports whether s ends a request.
func (s Status) Terminal() bool { return s == Fulfilled || s == Denied || s == Revoked }
