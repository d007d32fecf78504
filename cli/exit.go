package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/pool"
)

// The exit codes of every command, for scripts.
const (
	// Done: what was asked for is done, and nothing is wrong.
	Done = 0
	// Failed: it could not be done; the message says why.
	Failed = 1
	// Misused: a command, flag or name that does not exist, or does not fit.
	Misused = 2
	// Found: check, lint, doctor or plan found something.
	Found = 3
	// Busy: another upgrade runs, or other work holds a lock; the same command may
	// succeed later.
	Busy = 4
	// Unreachable: no connection to the database.
	Unreachable = 5
	// Disagree: the files and what the database remembers of them contradict each
	// other, or the files contradict themselves; a person decides.
	Disagree = 6
	// Interrupted: by a signal or an ended context.
	Interrupted = 130
)

// failure is an error that knows its exit code and what to type next.
type failure struct {
	err  error
	code int
	next []string // commands, ready to be typed
	said bool     // the answer has told all of it: no message besides
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// failed makes a failure with the commands to type next.
func failed(code int, err error, next ...string) error {
	return &failure{err: err, code: code, next: next}
}

// misuse is a failure of the one who typed.
func misuse(format string, args ...any) error {
	return failed(Misused, fmt.Errorf(format, args...))
}

// errFound makes the exit code of an answer that is not what was hoped for.
var errFound = errors.New("cli: something was found; the answer lists it")

// found ends a command whose answer has been shown.
func found(next ...string) error {
	return &failure{err: errFound, code: Found, next: next, said: true}
}

// ExitCode gives the exit code of what a command returned: [Done] for nil.
//
// [Run] does this by itself; it is for programs whose own root command executes
// what [New] made.
func ExitCode(err error) int {
	if err == nil {
		return Done
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f.code
	}
	return classify(err)
}

// classify gives the exit code of an error of the packages below.
func classify(err error) int {
	switch {
	case errors.Is(err, context.Canceled):
		return Interrupted
	case is[*migrate.UnknownTargetError](err), is[*migrate.AmbiguousTargetError](err),
		is[*migrate.StepsError](err), is[*migrate.NotAppliedError](err):
		return Misused
	case is[*migrate.FileError](err), is[*migrate.DuplicateError](err), is[*migrate.MissingParentError](err),
		is[*migrate.CycleError](err), is[*migrate.HeadsError](err), is[*migrate.OutOfOrderError](err),
		is[*migrate.EditedError](err), is[*migrate.UnknownRevisionsError](err), is[*migrate.LedgerFormatError](err),
		is[*migrate.UnfinishedError](err):
		return Disagree
	case is[*migrate.PendingError](err):
		return Found
	case is[*migrate.LockedError](err), is[*migrate.LostLockError](err), is[*pool.TimeoutError](err),
		pgerr.KindOf(err) == pgerr.LockNotAvailable, pgerr.Retryable(err):
		return Busy
	case is[*pgerr.ConnectError](err):
		return Unreachable
	}
	return Failed
}

// is reports whether err is, or wraps, an error of type E.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// advice gives the commands that help against an error of the packages below;
// next makes them of what stands behind the program.
func advice(err error, next func(command string) string) []string {
	if heads, ok := errors.AsType[*migrate.HeadsError](err); ok {
		command := "merge"
		for _, r := range heads.Heads {
			command += " " + r.ID
		}
		return []string{next(command)}
	}
	if unfinished, ok := errors.AsType[*migrate.UnfinishedError](err); ok && !unfinished.Unknown {
		if unfinished.Direction == migrate.Down {
			return []string{next("downgrade " + unfinished.Revision + "-1")}
		}
		return []string{next("upgrade " + unfinished.Revision)}
	}
	if step, ok := errors.AsType[*migrate.StepError](err); ok && step.Direction == migrate.Down && pgerr.KindOf(err) != pgerr.LockNotAvailable {
		return []string{next("plan --down " + step.Revision.ID + "-1")}
	} else if ok && alreadyThere(err) {
		return []string{next("stamp " + step.Revision.ID)}
	}
	switch {
	case is[*migrate.EditedError](err):
		return []string{next("repair")}
	case is[*migrate.PendingError](err):
		return []string{next("upgrade")}
	case is[*migrate.NotAppliedError](err), is[*migrate.UnknownRevisionsError](err), is[*migrate.UnfinishedError](err), is[*migrate.OutOfOrderError](err):
		return []string{next("current")}
	case is[*migrate.IrreversibleError](err):
		return []string{next(`revision -m "…"`)}
	case is[*migrate.FileError](err), is[*migrate.DuplicateError](err), is[*migrate.MissingParentError](err), is[*migrate.CycleError](err):
		return []string{next("check --files")}
	case is[*migrate.StepError](err) && pgerr.KindOf(err) != pgerr.LockNotAvailable:
		return []string{next("plan")}
	case ExitCode(err) == Misused:
		return []string{next("history")}
	case is[*migrate.LockedError](err), is[*migrate.LedgerFormatError](err), is[*migrate.ReadOnlyError](err), is[*migrate.PoolerError](err),
		is[*migrate.ConnectionsError](err), is[*migrate.FunctionError](err), is[*pgerr.ConnectError](err), pgerr.Code(err) != "":
		return []string{next("doctor")}
	}
	return nil
}

// again is the same command once more. A database's address may hold a password and
// is not repeated.
func again(cmd *cobra.Command) string {
	words := []string{cmd.CommandPath()}
	if back := typedBack(cmd); back != "" {
		words = append(words, back)
	}
	for _, arg := range cmd.Flags().Args() {
		words = append(words, quoted(arg))
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		list, many := f.Value.(pflag.SliceValue)
		switch {
		case f.Value.Type() == digits{}.Type(): // said as one word
		case f.Name == "url", secret(f.Value.String()):
			words = append(words, "--"+f.Name+" …")
		case many:
			for _, value := range list.GetSlice() {
				words = append(words, "--"+f.Name, quoted(value))
			}
		case f.Value.Type() == "bool":
			words = append(words, strings.TrimSuffix("--"+f.Name+"="+f.Value.String(), "=true"))
		default:
			words = append(words, "--"+f.Name, quoted(f.Value.String()))
		}
	})
	return strings.Join(words, " ")
}

// alreadyThere reports whether the database has what a statement makes.
func alreadyThere(err error) bool {
	return slices.Contains([]string{"42P07", "42710", "42701"}, pgerr.Code(err))
}
