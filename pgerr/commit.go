package pgerr

import "errors"

// ErrCommitUnknown says that COMMIT was sent and nobody can tell whether it
// took effect. What was asked must not be run again blindly.
var ErrCommitUnknown = errors.New("pgerr: whether the transaction was committed is not known; " +
	"look for its rows before running it again; see docs/errors.md#commit-unknown")

// CommitUnknownError is an [ErrCommitUnknown] together with what took the
// answer away.
//
//   - Errors: errors.Is finds ErrCommitUnknown; unwraps to the cause.
type CommitUnknownError struct {
	Err error
}

// Error is ErrCommitUnknown's text and the cause.
func (e *CommitUnknownError) Error() string {
	if e.Err == nil {
		return ErrCommitUnknown.Error()
	}
	return ErrCommitUnknown.Error() + ": " + e.Err.Error()
}

// Is reports that e is ErrCommitUnknown.
func (e *CommitUnknownError) Is(target error) bool { return target == ErrCommitUnknown }

// Unwrap gives the cause.
func (e *CommitUnknownError) Unwrap() error { return e.Err }
