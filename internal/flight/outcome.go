package flight

import (
	"strconv"
	"strings"

	"github.com/retort-go/retort/pgerr"
)

// Outcome is what is known about a flight that did not simply succeed.
type Outcome uint8

// The outcomes. Except for NotExecuted with an unbroken connection, Aborted and
// Failed, ask [Conn.Broken] whether the connection can still be used.
const (
	// NotExecuted: nothing of this flight ran. Either no byte of it was written,
	// or the server ended the connection before it finished the flight's first
	// request, and that request cannot commit by itself. It may be sent again,
	// COMMIT included, if the transaction begins with it (Begin, or none): what an
	// earlier flight of the same transaction did is gone with the connection.
	NotExecuted Outcome = iota + 1

	// RolledBack: the transaction's effects are gone for sure. The server reported
	// an error and then rolled back (COMMIT answered with the tag ROLLBACK), or
	// refused COMMIT itself (a deferred constraint, a serialization failure), or
	// ended the connection before it could reach COMMIT. No transaction is open.
	RolledBack

	// Aborted: a statement failed, or a Row callback did, and the flight had no
	// End. The transaction is open and can only be rolled back.
	Aborted

	// Failed: a statement failed outside a transaction. Nothing is open.
	Failed

	// Lost: the connection failed, and the flight carried no COMMIT. Nothing of
	// its transaction will be committed. Without a transaction, what ran in
	// autocommit may have taken effect.
	Lost

	// Unknown: COMMIT was on its way and its answer did not come, or came with
	// the warning that a synchronous standby may not have it, or Raw SQL ended the
	// transaction behind the flight's back. Never send it again.
	Unknown

	// Committed: everything was committed (or, without a transaction, ran in
	// autocommit), but a Row callback failed, so its results are incomplete.
	Committed
)

var outcomeNames = [...]string{
	NotExecuted: "not executed", RolledBack: "rolled back", Aborted: "aborted", Failed: "failed",
	Lost: "connection lost", Unknown: "commit unknown", Committed: "committed",
}

// String is the outcome in lower-case words.
func (o Outcome) String() string {
	if o == 0 || int(o) >= len(outcomeNames) {
		return "outcome " + strconv.Itoa(int(o))
	}
	return outcomeNames[o]
}

// Error is a flight that did not succeed.
//
//   - Errors: unwraps to Err: a [*pgerr.ServerError], a network or context
//     error, or what a Row callback returned; for Unknown to a
//     [*pgerr.CommitUnknownError] around it.
type Error struct {
	Outcome   Outcome
	Statement int // index in Flight.Statements; AtSettings; -1 for BEGIN, COMMIT, ROLLBACK and the connection
	Err       error
}

// AtSettings is the place of Flight.Settings among the statements.
const AtSettings = -2

// Error says the outcome, the statement's index and the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("flight: ")
	b.WriteString(e.Outcome.String())
	if e.Statement >= 0 {
		b.WriteString(", statement ")
		b.WriteString(strconv.Itoa(e.Statement))
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// fail builds the error of a flight, in the form that its outcome promises.
func fail(o Outcome, statement int, err error) *Error {
	err = pgerr.Wrap(err)
	if o == Unknown {
		err = &pgerr.CommitUnknownError{Err: err}
	}
	return &Error{Outcome: o, Statement: statement, Err: err}
}
