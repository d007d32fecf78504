package migrate

import (
	"fmt"
	"strings"
)

// DuplicateError says that two files have the same id.
type DuplicateError struct {
	ID    string
	Files []string
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("migrate: the revision id %s is there twice, in %s; give one of them another id; see docs/errors.md#revision-graph",
		e.ID, strings.Join(e.Files, " and "))
}

// MissingParentError says that a revision follows one that no file has.
type MissingParentError struct {
	ID, File string
	Parent   string
}

func (e *MissingParentError) Error() string {
	return fmt.Sprintf("migrate: revision %s (%s) follows %s, which no file has; restore that file, or mend the line -- parents: or -- depends:; see docs/errors.md#revision-graph",
		e.ID, e.File, e.Parent)
}

// CycleError says that revisions follow each other in a circle.
type CycleError struct {
	IDs []string // each follows the next one, the last the first
}

func (e *CycleError) Error() string {
	return fmt.Sprintf("migrate: revisions follow each other in a circle: %s follows %s; mend a line -- parents: or -- depends:; see docs/errors.md#revision-graph",
		strings.Join(e.IDs, " follows "), e.IDs[0])
}

// HeadsError says that the history has several heads where one was asked for.
type HeadsError struct {
	Heads []*Revision
}

func (e *HeadsError) Error() string {
	names := make([]string, len(e.Heads))
	for i, r := range e.Heads {
		names[i] = r.String()
	}
	return fmt.Sprintf("migrate: the history has %d heads: %s; join them by a revision that has all of them as parents: %s; see docs/errors.md#two-heads",
		len(e.Heads), strings.Join(names, ", "), e.Command())
}

// Command is what mends it, behind the program's own name.
func (e *HeadsError) Command() string { return "db merge " + strings.Join(idsOf(e.Heads), " ") }

// UnknownTargetError says that no revision is meant by a target.
type UnknownTargetError struct {
	Target string
	Near   []string // ids that may be meant
	Hint   string
}

func (e *UnknownTargetError) Error() string {
	text := fmt.Sprintf("migrate: no revision is meant by %q", e.Target)
	switch {
	case e.Hint != "":
		text += "; " + e.Hint
	case len(e.Near) > 0:
		text += "; did you mean " + strings.Join(e.Near, " or ") + "?"
	default:
		text += "; a target is head, heads, base, an id or its beginning, +1, -1 or an id with +1 or -1 behind it"
	}
	return text + "; see docs/errors.md#migration-target"
}

// AmbiguousTargetError says that several ids begin so.
type AmbiguousTargetError struct {
	Target string
	IDs    []string
}

func (e *AmbiguousTargetError) Error() string {
	return fmt.Sprintf("migrate: %q is the beginning of %d revisions: %s; write more of it; see docs/errors.md#migration-target",
		e.Target, len(e.IDs), strings.Join(e.IDs, ", "))
}

// StepsError says that a relative target leads nowhere, or several ways.
type StepsError struct {
	Target string
	Went   int         // revisions until then
	Next   []*Revision // where it could go on; empty: the history ends there
}

func (e *StepsError) Error() string {
	if len(e.Next) == 0 {
		return fmt.Sprintf("migrate: %s goes too far: the history ends after %d; see docs/errors.md#migration-target", e.Target, e.Went)
	}
	return fmt.Sprintf("migrate: %s can go on in %d ways after %d: %s; name one by its id; see docs/errors.md#migration-target",
		e.Target, len(e.Next), e.Went, strings.Join(idsOf(e.Next), ", "))
}

// OutOfOrderError says that a revision is applied and one that it follows is not:
// a file came in before it, or its parents were edited.
type OutOfOrderError struct {
	Skipped, Applied *Revision
}

func (e *OutOfOrderError) Error() string {
	return fmt.Sprintf("migrate: revision %s is applied, but %s, which it follows, is not: it came into the history later; "+
		"give it the head as its parent and none of the applied ones as child, or, if its change is in the database already, db stamp %s; see docs/errors.md#out-of-order",
		e.Applied.label(), e.Skipped.label(), e.Applied.ID)
}

// NotAppliedError says that a downgrade leads to a revision that is not applied.
type NotAppliedError struct {
	Revision *Revision
}

func (e *NotAppliedError) Error() string {
	return fmt.Sprintf("migrate: revision %s is not applied, so nothing can be undone down to it; see db current; see docs/errors.md#migration-target", e.Revision)
}

// IrreversibleError says that a revision has no way back.
type IrreversibleError struct {
	Revision *Revision
}

func (e *IrreversibleError) Error() string {
	return fmt.Sprintf("migrate: revision %s has no section -- +down, so it cannot be undone; write one, or go forward with a new revision; see docs/errors.md#irreversible",
		e.Revision.label())
}
