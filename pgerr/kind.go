package pgerr

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Kind is the family that a failure belongs to, as far as a program can act on it.
// The zero Kind is [None].
type Kind string

// The kinds. Each comment names the SQLSTATEs that it gathers.
const (
	None               Kind = ""                     // no error
	Unique             Kind = "unique"               // 23505
	ForeignKey         Kind = "foreign_key"          // 23503, 23001
	NotNull            Kind = "not_null"             // 23502
	Check              Kind = "check"                // 23514
	Exclusion          Kind = "exclusion"            // 23P01
	Serialization      Kind = "serialization"        // 40001
	Deadlock           Kind = "deadlock"             // 40P01
	LockNotAvailable   Kind = "lock_not_available"   // 55P03
	QueryCanceled      Kind = "query_canceled"       // 57014: statement_timeout or a cancel request; a pooler's query_timeout
	TooManyConnections Kind = "too_many_connections" // 53300; a pooler's query_wait_timeout and max_client_conn
	ReadOnly           Kind = "read_only"            // 25006: a standby, or a read-only transaction
	StalePlan          Kind = "stale_plan"           // 26000, 0A000 for a cached plan whose result type changed, XX000 for one whose parameter's type is gone
	Shutdown           Kind = "shutdown"             // 57P01 to 57P05, 25P03, 25P04: the server ended the connection
	BadValue           Kind = "bad_value"            // class 22, but of a start-up parameter; 42601 for a value that is a tsquery, a jsonpath and their like
	Connection         Kind = "connection"           // class 08; a ConnectError or network error without an SQLSTATE
	StaleRow           Kind = "stale_row"            // ErrStale, or 42704 that names StaleRowSetting
	CommitUnknown      Kind = "commit_unknown"       // ErrCommitUnknown, whatever caused it
	Other              Kind = "other"                // everything else
)

// ErrStale says that a row is no longer the one that was loaded.
var ErrStale = errors.New("pgerr: the row is no longer the one that was read; see docs/errors.md#stale")

// StaleRowSetting is the setting that Retort's own SQL reads, and nobody sets,
// to make a statement fail when a row is no longer the one that was loaded.
//
//   - Source: reading an unset custom setting raises 42704 in PostgreSQL; no
//     user's SQL makes this error by accident, as it would a division by zero.
const StaleRowSetting = "retort.stale_row"

// String is the kind's name, "none" for [None].
func (k Kind) String() string {
	if k == None {
		return "none"
	}
	return string(k)
}

// Constraint reports whether k is a constraint's refusal of a row.
func (k Kind) Constraint() bool {
	switch k {
	case Unique, ForeignKey, NotNull, Check, Exclusion:
		return true
	default:
		return false
	}
}

// KindOf is the kind of err, found anywhere in its chain.
//
// A context's own end is [Other]: it is the caller's decision, not the
// database's; [Transient] knows it.
func KindOf(err error) Kind {
	if err == nil {
		return None
	}
	if errors.Is(err, ErrCommitUnknown) {
		return CommitUnknown
	}
	if errors.Is(err, ErrStale) {
		return StaleRow
	}
	if e, ok := errors.AsType[*ConstraintError](err); ok {
		return e.Kind
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return kindOfServer(e)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Other
	}
	if _, ok := errors.AsType[*ConnectError](err); ok || isNetwork(err) {
		return Connection
	}
	return Other
}

// Code is the SQLSTATE of the server's error in err's chain, or "" without one.
func Code(err error) string {
	if e, ok := errors.AsType[*ConstraintError](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// Retryable reports whether running the whole transaction again can succeed:
// a serialization failure (40001) or a deadlock (40P01).
//
//   - Source: PostgreSQL manual, "Serialization Failure Handling".
func Retryable(err error) bool {
	k := KindOf(err)
	return k == Serialization || k == Deadlock
}

// Transient reports whether the failure lies with the database's state and not
// with the request: down, overloaded, read-only, out of time, or in conflict.
// It is the family that answers 503.
//
// [ErrCommitUnknown] is never transient, since the work may have been done.
func Transient(err error) bool {
	switch KindOf(err) {
	case Serialization, Deadlock, LockNotAvailable, QueryCanceled, TooManyConnections,
		ReadOnly, StalePlan, Shutdown, Connection:
		return true
	case Other:
		if _, ok := errors.AsType[*ConnectError](err); ok {
			return true
		}
		return strings.HasPrefix(Code(err), "53") || errors.Is(err, context.DeadlineExceeded)
	default:
		return false
	}
}

func kindOfServer(e *pgconn.PgError) Kind {
	switch e.Code {
	case "23505":
		return Unique
	case "23503", "23001":
		return ForeignKey
	case "23502":
		return NotNull
	case "23514":
		return Check
	case "23P01":
		return Exclusion
	case "40001":
		return Serialization
	case "40P01":
		return Deadlock
	case "55P03":
		return LockNotAvailable
	case "57014":
		return QueryCanceled
	case "53300":
		return TooManyConnections
	case "25006":
		return ReadOnly
	case "26000":
		return StalePlan
	case "0A000":
		if e.Routine == "RevalidateCachedQuery" || strings.Contains(e.Message, "cached plan must not change result type") {
			return StalePlan
		}
	case "XX000":
		if e.Routine == "getTypeInputInfo" || e.Routine == "getTypeBinaryInputInfo" {
			return StalePlan // a parameter's type was dropped and made again
		}
	case "57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25P04":
		return Shutdown
	case "42601":
		if parsesValues(e.File) {
			return BadValue
		}
	case "42704":
		if strings.Contains(e.Message, StaleRowSetting) {
			return StaleRow
		}
	}
	switch {
	case strings.HasPrefix(e.Code, "22") && severity(e) == "FATAL":
		return Other // a setting of the start-up message; rows fail with ERROR
	case strings.HasPrefix(e.Code, "22"):
		return BadValue
	case e.Code == "08P01" && severity(e) == "ERROR":
		return Other // a message that the server refused; the connection lives on
	case e.Code == "08P01" && e.Routine == "":
		return kindOfPooler(e.Message)
	case strings.HasPrefix(e.Code, "08"):
		return Connection
	default:
		return Other
	}
}

// parsesValues tells the sources of the server that read the text of a value and call
// what is wrong there an error of syntax, as if it was about the statement.
func parsesValues(file string) bool {
	switch file {
	case "tsquery.c", "tsvector_parser.c", "tsvector.c", "jsonpath.c", "jsonpath_gram.y", "jsonpath_scan.l",
		"hstore_io.c", "ltree_io.c", "ltxtquery_io.c", "_int_bool.c":
		return true
	default:
		return false
	}
}

// kindOfPooler tells apart what PgBouncer says itself: it has one SQLSTATE for all.
//
//   - Source: PgBouncer src/janitor.c and src/objects.c, the reasons of disconnect_client
//     and disconnect_server.
func kindOfPooler(message string) Kind {
	switch {
	case message == "query_wait_timeout", message == "query_timeout", strings.HasPrefix(message, "no more connections allowed"):
		return TooManyConnections // no connection to the server in time: nothing of it ran
	case message == "query timeout":
		return QueryCanceled
	case message == "idle transaction timeout":
		return Shutdown
	case strings.HasPrefix(message, "transaction blocks not allowed"):
		return Other // pool_mode = statement
	default:
		return Connection
	}
}

func isNetwork(err error) bool {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) {
		return true
	}
	_, ok := errors.AsType[net.Error](err)
	return ok
}
