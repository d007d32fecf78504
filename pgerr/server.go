package pgerr

import (
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ServerError is PostgreSQL's answer to a statement that failed, with a text
// that quotes names only.
//
// The server's detail, hint and context are never printed, nor is its message
// where it may hold a row's values: constraint failures (class 23), bad values
// ([BadValue]) and what SQL code raised itself. They are there, for those who may
// see them, in Err.
//
//   - Errors: unwraps to [*pgconn.PgError].
type ServerError struct {
	Code       string // SQLSTATE, five characters
	Severity   string // ERROR, FATAL or PANIC, never translated
	Namespace  string // of the table, when the server named one
	Table      string
	Column     string
	Constraint string
	Kind       Kind
	Err        *pgconn.PgError `json:"-"` // the whole answer; may quote values
}

// NewServerError wraps the server's answer e, which must not be nil.
func NewServerError(e *pgconn.PgError) *ServerError {
	return &ServerError{
		Code: e.Code, Severity: severity(e), Namespace: e.SchemaName, Table: e.TableName,
		Column: e.ColumnName, Constraint: e.ConstraintName, Kind: kindOfServer(e), Err: e,
	}
}

// severity is ERROR, FATAL or PANIC, whatever lc_messages makes of it.
func severity(e *pgconn.PgError) string {
	if e.SeverityUnlocalized != "" {
		return e.SeverityUnlocalized
	}
	return e.Severity
}

// Error says what failed in names and ends with the SQLSTATE.
func (e *ServerError) Error() string {
	return "pgerr: " + e.words() + " (SQLSTATE " + e.Code + "); see docs/errors.md#" + e.anchor()
}

// Unwrap gives the server's whole answer.
func (e *ServerError) Unwrap() error {
	if e.Err == nil {
		return nil
	}
	return e.Err
}

func (e *ServerError) words() string {
	switch {
	case e.raised():
		return "raised by the database"
	case e.Kind.Constraint(), strings.HasPrefix(e.Code, "23"):
		return constraintWords(e.Kind, e.Constraint, e.Table, e.Column)
	case strings.HasPrefix(e.Code, "22") && e.Severity != "FATAL", e.Kind == BadValue:
		return badValueWords(e.Code) + place(e.Table, e.Column)
	case e.Kind == StaleRow:
		return "the row was changed or removed by someone else since it was loaded"
	case e.Err == nil || e.Err.Message == "":
		return "the server reported an error without a message"
	default:
		return e.Err.Message
	}
}

// raised reports whether SQL code made the error (RAISE, ASSERT, a procedural
// language's exception): its text is the application's and may hold values.
func (e *ServerError) raised() bool {
	if e.Err != nil && (e.Err.Routine == "exec_stmt_raise" || e.Err.Routine == "exec_stmt_assert") {
		return true
	}
	for _, class := range []string{"P0", "38", "39"} {
		if strings.HasPrefix(e.Code, class) {
			return true
		}
	}
	return false
}

func (e *ServerError) anchor() string {
	switch {
	case e.raised():
		return "raised"
	case e.Kind.Constraint(), strings.HasPrefix(e.Code, "23"):
		return "constraint"
	case e.Kind == Other:
		return "server-error"
	default:
		return strings.ReplaceAll(string(e.Kind), "_", "-")
	}
}

func constraintWords(kind Kind, constraint, table, column string) string {
	on := ""
	if table != "" {
		on = " on table " + strconv.Quote(table)
	}
	name := ""
	if constraint != "" {
		name = " " + strconv.Quote(constraint)
	}
	switch kind {
	case NotNull:
		if column != "" && table != "" {
			return "column " + strconv.Quote(column) + " of table " + strconv.Quote(table) + " must not be NULL"
		}
		return "a column must not be NULL" + on
	case Unique:
		return "unique constraint" + name + on + " refused the row"
	case ForeignKey:
		return "foreign key" + name + on + " refused the row"
	case Check:
		return "check constraint" + name + on + " refused the row"
	case Exclusion:
		return "exclusion constraint" + name + on + " refused the row"
	default:
		return "constraint" + name + on + " refused the row"
	}
}

func badValueWords(code string) string {
	switch code {
	case "22001":
		return "a value is too long"
	case "22003":
		return "a number is out of range"
	case "22007", "22008":
		return "a date or time is not valid"
	case "22012":
		return "division by zero"
	case "22021":
		return "a text holds bytes that its encoding does not know"
	case "22P02", "22P03", "42601":
		return "a value does not have the form of its type"
	case "22P05":
		return "a character cannot be stored"
	default:
		return "the server refused a value"
	}
}

func place(table, column string) string {
	switch {
	case table != "" && column != "":
		return " (column " + strconv.Quote(column) + " of table " + strconv.Quote(table) + ")"
	case table != "":
		return " (table " + strconv.Quote(table) + ")"
	default:
		return ""
	}
}

// Wrap returns err with the server's answer in it replaced by a [*ServerError],
// or err itself where the server said nothing or is wrapped already.
func Wrap(err error) error {
	if _, ok := errors.AsType[*ServerError](err); ok {
		return err
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return NewServerError(e)
	}
	return err
}
