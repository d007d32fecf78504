package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/pool"
)

// How long a client should wait before it tries again: little after a conflict
// that is over by then, more where something has to come back first.
const (
	retrySoon  = 1 * time.Second
	retryLater = 5 * time.Second
)

// ErrShutdown is the cause of the contexts that [Serve] ends when its grace
// period is over.
var ErrShutdown = errors.New("web: the server is shutting down; see docs/errors.md#shutting-down")

// StatusOf is the HTTP status that err answers with: the status of [ProblemOf].
//
//   - Shape: 200 for nil.
func StatusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return ProblemOf(err).Status
}

// ProblemOf says what a client may know of err: the same answer that [Handle]
// gives, for those who answer by other means, such as Huma or gRPC.
//
//   - Shape: the zero Problem for nil. What is not known answers 500 without any
//     text of err; log err.
//   - Errors: a [retort.CommittedError] or [retort.ErrCommitUnknown] is told
//     before what caused it; then an [*Error] says itself what to answer.
func ProblemOf(err error) Problem {
	if err == nil {
		return Problem{}
	}
	own, isOwn := joined(err)
	if c, ok := errors.AsType[*retort.CommittedError](err); ok {
		// Unless the handler met it, and words it on purpose.
		if _, inside := errors.AsType[*Error](c.Err); !isOwn || inside {
			return committedProblem()
		}
	}
	if isOwn {
		return own.problem()
	}
	if errors.Is(err, retort.ErrCommitUnknown) {
		return Problem{
			Type: ProblemCommitUnknown, Title: "Outcome unknown", Status: http.StatusServiceUnavailable,
			Detail: "The connection was lost while the change was being stored. It may be stored or not: look for it before you send it again.",
		}
	}
	if _, ok := errors.AsType[*retort.NotCommittedError](err); ok {
		return notStored()
	}
	if p, ok := sessionProblem(err); ok {
		return p
	}
	// Also what pgx itself returned to code that does not go through a session.
	if c := pgerr.Constraint(err); c != nil {
		return constraintProblem(c.Kind, c.Constraint, c.Columns)
	}
	return databaseProblem(err)
}

// sessionProblem knows the errors of contexts, the pool and the root package.
func sessionProblem(err error) (Problem, bool) {
	var value *retort.ValueError
	var timeout *pool.TimeoutError
	var overflow *OverflowError
	switch {
	case errors.As(err, &overflow):
		return Problem{
			Type: ProblemResponseTooLarge, Title: "Answer too large", Status: http.StatusInternalServerError,
			Detail: "The answer is too large to be sent. Nothing was changed.",
		}, true
	case errors.Is(err, retort.ErrNotFound):
		return Problem{Type: ProblemNotFound, Title: "Not found", Status: http.StatusNotFound}, true
	case errors.Is(err, retort.ErrBookmark):
		return Problem{
			Type: ProblemMalformedInput, Title: "Malformed input", Status: http.StatusBadRequest,
			Detail: "The cursor is not one of this list in this order. Begin without one.",
		}, true
	case errors.Is(err, retort.ErrStale):
		return Problem{
			Type: ProblemStale, Title: "Changed in between", Status: http.StatusConflict,
			Detail: "Somebody else changed or deleted this in the meantime. Read it again and repeat your change.",
		}, true
	case errors.Is(err, ErrShutdown), errors.Is(err, retort.ErrEngineClosed), errors.Is(err, pool.ErrClosed):
		return unavailable(ProblemShuttingDown, "Shutting down", retrySoon), true
	case errors.As(err, &timeout):
		return unavailable(ProblemPoolTimeout, "Too busy", retrySoon), true
	case errors.Is(err, context.Canceled):
		return Problem{Type: ProblemClientClosed, Title: "Client closed the request", Status: StatusClientClosed}, true
	case errors.As(err, &value):
		return valueProblem(value), true
	}
	return Problem{}, false
}

// valueProblem answers for a value that was to be stored. One that came from
// the database is no fault of the client.
func valueProblem(v *retort.ValueError) Problem {
	if v.Stored {
		return internalProblem()
	}
	p := Problem{Type: ProblemBadValue, Title: "Bad value", Status: http.StatusUnprocessableEntity}
	if strings.Contains(v.Reason, "NUL") || strings.Contains(v.Reason, "UTF-8") {
		p = badTextProblem()
	}
	p.Detail = "A value cannot be stored."
	if v.Column != "" {
		p.Fields = []string{v.Column}
	}
	return p
}

func badTextProblem() Problem {
	return Problem{
		Type: ProblemMalformedInput, Title: "Malformed input", Status: http.StatusBadRequest,
		Detail: "A text cannot be stored: it is not valid UTF-8 or contains a NUL character.",
	}
}

func constraintProblem(kind pgerr.Kind, constraint string, columns []string) Problem {
	p := Problem{Status: http.StatusConflict, Constraint: constraint, Fields: columns}
	switch kind {
	case pgerr.Unique:
		p.Type, p.Title, p.Detail = ProblemUnique, "Already exists", "Something with this value exists already."
	case pgerr.ForeignKey:
		p.Type, p.Title, p.Detail = ProblemForeignKey, "Broken reference", "Something that this refers to does not exist, or something still refers to this."
	case pgerr.Exclusion:
		p.Type, p.Title, p.Detail = ProblemExclusion, "Overlaps", "This overlaps with something that exists already."
	case pgerr.NotNull:
		p.Status = http.StatusUnprocessableEntity
		p.Type, p.Title, p.Detail = ProblemNotNull, "Missing value", "A value is missing."
	default:
		p.Status = http.StatusUnprocessableEntity
		p.Type, p.Title, p.Detail = ProblemCheck, "Not allowed", "A rule of the data refuses this."
	}
	return p
}

// databaseProblem knows what the server or the way to it said.
func databaseProblem(err error) Problem {
	switch pgerr.KindOf(err) {
	case pgerr.StaleRow:
		p, _ := sessionProblem(retort.ErrStale)
		return p
	case pgerr.Serialization:
		return unavailable(ProblemSerialization, "Conflict with others", retrySoon)
	case pgerr.Deadlock:
		return unavailable(ProblemDeadlock, "Conflict with others", retrySoon)
	case pgerr.LockNotAvailable:
		return unavailable(ProblemLockTimeout, "Locked", retrySoon)
	case pgerr.QueryCanceled:
		return tookTooLong()
	case pgerr.BadValue:
		switch pgerr.Code(err) {
		case "22021", "22P05": // bytes or escapes that its encoding cannot hold
			return badTextProblem()
		}
		return Problem{
			Type: ProblemBadValue, Title: "Bad value", Status: http.StatusUnprocessableEntity,
			Detail: "A value cannot be stored or compared.",
		}
	}
	if _, connecting := errors.AsType[*pgerr.ConnectError](err); !connecting && errors.Is(err, context.DeadlineExceeded) {
		return tookTooLong()
	}
	if pgerr.Transient(err) {
		return unavailable(ProblemUnavailable, "Unavailable", retryLater)
	}
	return internalProblem()
}

// unavailable makes a 503 that is worth another try.
func unavailable(problemType, title string, after time.Duration) Problem {
	return Problem{
		Type: problemType, Title: title, Status: http.StatusServiceUnavailable,
		Detail: "The service cannot do this right now. Try again.", RetryAfter: after,
	}
}

func tookTooLong() Problem {
	p := unavailable(ProblemTimeout, "Took too long", retrySoon)
	p.Status = http.StatusGatewayTimeout
	return p
}

func internalProblem() Problem {
	return Problem{Type: ProblemInternal, Title: "Internal error", Status: http.StatusInternalServerError}
}

func committedProblem() Problem {
	return Problem{
		Type: ProblemCommittedNotRendered, Title: "Stored, but not shown", Status: http.StatusInternalServerError,
		Detail: "The change is stored, but its answer could not be made. Do not send it again.",
	}
}

// notStored answers for a COMMIT whose answer was lost, and which is proven not to
// have happened.
func notStored() Problem {
	return Problem{
		Type: ProblemUnavailable, Title: "Not stored", Status: http.StatusServiceUnavailable,
		Detail: "The connection was lost while the change was being stored. It was not stored: send it again.", RetryAfter: retrySoon,
	}
}
