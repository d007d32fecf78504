package pgerr_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/pgerr"
)

func pg(code string) *pgconn.PgError { return &pgconn.PgError{Code: code, Message: "the message"} }

// bouncer is what PgBouncer says itself.
func bouncer(message string) error {
	return &pgconn.PgError{Severity: "FATAL", Code: "08P01", Message: message}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	stale := &pgconn.PgError{Code: "0A000", Routine: "RevalidateCachedQuery", Message: "in another language"}
	staleEnglish := &pgconn.PgError{Code: "0A000", Message: "cached plan must not change result type"}
	guard := &pgconn.PgError{Code: "42704", Message: `unrecognized configuration parameter "retort.stale_row"`}
	canceled := &net.OpError{Op: "read", Err: context.Canceled}
	tests := map[string]struct {
		err                  error
		kind                 pgerr.Kind
		code                 string
		retryable, transient bool
	}{
		"nil":                     {nil, pgerr.None, "", false, false},
		"unique":                  {pg("23505"), pgerr.Unique, "23505", false, false},
		"foreign_key":             {pg("23503"), pgerr.ForeignKey, "23503", false, false},
		"restrict":                {pg("23001"), pgerr.ForeignKey, "23001", false, false},
		"not_null":                {pg("23502"), pgerr.NotNull, "23502", false, false},
		"check":                   {pg("23514"), pgerr.Check, "23514", false, false},
		"exclusion":               {pg("23P01"), pgerr.Exclusion, "23P01", false, false},
		"serialization":           {pg("40001"), pgerr.Serialization, "40001", true, true},
		"deadlock":                {pg("40P01"), pgerr.Deadlock, "40P01", true, true},
		"lock":                    {pg("55P03"), pgerr.LockNotAvailable, "55P03", false, true},
		"canceled_by_server":      {pg("57014"), pgerr.QueryCanceled, "57014", false, true},
		"too_many_connections":    {pg("53300"), pgerr.TooManyConnections, "53300", false, true},
		"out_of_disk":             {pg("53100"), pgerr.Other, "53100", false, true},
		"read_only":               {pg("25006"), pgerr.ReadOnly, "25006", false, true},
		"stale_plan":              {stale, pgerr.StalePlan, "0A000", false, true},
		"stale_plan_in_english":   {staleEnglish, pgerr.StalePlan, "0A000", false, true},
		"stale_parameter":         {&pgconn.PgError{Code: "XX000", Routine: "getTypeBinaryInputInfo"}, pgerr.StalePlan, "XX000", false, true},
		"internal_error":          {pg("XX000"), pgerr.Other, "XX000", false, false},
		"not_supported":           {pg("0A000"), pgerr.Other, "0A000", false, false},
		"no_such_statement":       {pg("26000"), pgerr.StalePlan, "26000", false, true},
		"shutdown":                {pg("57P01"), pgerr.Shutdown, "57P01", false, true},
		"starting":                {pg("57P03"), pgerr.Shutdown, "57P03", false, true},
		"idle_too_long":           {pg("57P05"), pgerr.Shutdown, "57P05", false, true},
		"bad_value":               {pg("22P02"), pgerr.BadValue, "22P02", false, false},
		"bad_tsquery":             {&pgconn.PgError{Code: "42601", File: "tsvector_parser.c"}, pgerr.BadValue, "42601", false, false},
		"connection_class":        {pg("08006"), pgerr.Connection, "08006", false, true},
		"refused_message":         {&pgconn.PgError{Severity: "ERROR", Code: "08P01"}, pgerr.Other, "08P01", false, false},
		"broken_protocol":         {&pgconn.PgError{Severity: "FATAL", Code: "08P01"}, pgerr.Connection, "08P01", false, true},
		"broken_in_German":        {&pgconn.PgError{Severity: "FEHLER", SeverityUnlocalized: "ERROR", Code: "08P01"}, pgerr.Other, "08P01", false, false},
		"start_up_parameter":      {&pgconn.PgError{Severity: "FATAL", Code: "22023"}, pgerr.Other, "22023", false, false},
		"bouncer_full":            {bouncer("no more connections allowed (max_client_conn)"), pgerr.TooManyConnections, "08P01", false, true},
		"bouncer_waited":          {bouncer("query_wait_timeout"), pgerr.TooManyConnections, "08P01", false, true},
		"bouncer_waited_also":     {bouncer("query_timeout"), pgerr.TooManyConnections, "08P01", false, true},
		"bouncer_slow_query":      {bouncer("query timeout"), pgerr.QueryCanceled, "08P01", false, true},
		"bouncer_idle":            {bouncer("idle transaction timeout"), pgerr.Shutdown, "08P01", false, true},
		"bouncer_by_statement":    {bouncer("transaction blocks not allowed in statement pooling mode"), pgerr.Other, "08P01", false, false},
		"bouncer_lost_the_server": {bouncer("server conn crashed?"), pgerr.Connection, "08P01", false, true},
		"guard":                   {guard, pgerr.StaleRow, "42704", false, false},
		"no_such_setting":         {pg("42704"), pgerr.Other, "42704", false, false},
		"syntax":                  {pg("42601"), pgerr.Other, "42601", false, false},
		"no_code":                 {&pgconn.PgError{}, pgerr.Other, "", false, false},
		"wrapped":                 {fmt.Errorf("a: %w", pgerr.NewServerError(pg("23505"))), pgerr.Unique, "23505", false, false},
		"constraint_by_hand":      {&pgerr.ConstraintError{Kind: pgerr.Check, Code: "23514"}, pgerr.Check, "23514", false, false},
		"eof":                     {io.ErrUnexpectedEOF, pgerr.Connection, "", false, true},
		"refused":                 {&net.OpError{Op: "dial", Err: errors.New("refused")}, pgerr.Connection, "", false, true},
		"socket_deadline":         {os.ErrDeadlineExceeded, pgerr.Connection, "", false, true},
		"closed":                  {fmt.Errorf("x: %w", pgconn.ErrConnClosed), pgerr.Connection, "", false, true},
		"context_canceled":        {context.Canceled, pgerr.Other, "", false, false},
		"context_over":            {context.DeadlineExceeded, pgerr.Other, "", false, true},
		"context_in_network":      {canceled, pgerr.Other, "", false, false},
		"connect":                 {&pgerr.ConnectError{Err: errors.New("x")}, pgerr.Connection, "", false, true},
		"wrong_password":          {&pgerr.ConnectError{Err: pgerr.NewServerError(pg("28P01"))}, pgerr.Other, "28P01", false, true},
		"connect_in_time":         {&pgerr.ConnectError{Err: context.DeadlineExceeded}, pgerr.Other, "", false, true},
		"commit_unknown":          {pgerr.ErrCommitUnknown, pgerr.CommitUnknown, "", false, false},
		"commit_unknown_by_line":  {&pgerr.CommitUnknownError{Err: io.EOF}, pgerr.CommitUnknown, "", false, false},
		"commit_unknown_by_40001": {&pgerr.CommitUnknownError{Err: pg("40001")}, pgerr.CommitUnknown, "40001", false, false},
		"mine":                    {errors.New("mine"), pgerr.Other, "", false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := pgerr.KindOf(tt.err); got != tt.kind {
				t.Errorf("kind %s, want %s", got, tt.kind)
			}
			if got := pgerr.Code(tt.err); got != tt.code {
				t.Errorf("code %q, want %q", got, tt.code)
			}
			if r, tr := pgerr.Retryable(tt.err), pgerr.Transient(tt.err); r != tt.retryable || tr != tt.transient {
				t.Errorf("retryable %t, transient %t; want %t, %t", r, tr, tt.retryable, tt.transient)
			}
		})
	}
}

// secret stands for a row's value in every field where the server may put one.
const secret = "s3cretvalue"

func TestServerError(t *testing.T) {
	t.Parallel()

	t.Run("says_names_and_never_values", func(t *testing.T) {
		t.Parallel()
		tests := map[string]string{ // SQLSTATE → text
			"23505": `unique constraint "c" on table "t" refused the row (SQLSTATE 23505); see docs/errors.md#constraint`,
			"23503": `foreign key "c" on table "t" refused the row (SQLSTATE 23503); see docs/errors.md#constraint`,
			"23502": `column "col" of table "t" must not be NULL (SQLSTATE 23502); see docs/errors.md#constraint`,
			"23514": `check constraint "c" on table "t" refused the row (SQLSTATE 23514); see docs/errors.md#constraint`,
			"23P01": `exclusion constraint "c" on table "t" refused the row (SQLSTATE 23P01); see docs/errors.md#constraint`,
			"23000": `constraint "c" on table "t" refused the row (SQLSTATE 23000); see docs/errors.md#constraint`,
			"22001": `a value is too long (column "col" of table "t") (SQLSTATE 22001); see docs/errors.md#bad-value`,
			"22P02": `a value does not have the form of its type (column "col" of table "t") (SQLSTATE 22P02); see docs/errors.md#bad-value`,
			"22023": `the server refused a value (column "col" of table "t") (SQLSTATE 22023); see docs/errors.md#bad-value`,
			"P0001": `raised by the database (SQLSTATE P0001); see docs/errors.md#raised`,
			"P0004": `raised by the database (SQLSTATE P0004); see docs/errors.md#raised`,
			"38000": `raised by the database (SQLSTATE 38000); see docs/errors.md#raised`,
		}
		for code, want := range tests {
			e := pgerr.NewServerError(&pgconn.PgError{
				Code: code, Message: secret, Detail: secret, Hint: secret, Where: secret, InternalQuery: secret,
				ConstraintName: "c", TableName: "t", ColumnName: "col", SchemaName: "public",
			})
			if diff := cmp.Diff("pgerr: "+want, e.Error()); diff != "" {
				t.Error(diff)
			}
			text, err := json.Marshal(e)
			if all := fmt.Sprintf("%v %+v %#v %s %v", e, e, e, text, pgerr.Constraint(e)); err != nil || strings.Contains(all, secret) {
				t.Errorf("%s: a value shows: %s", code, all)
			}
		}
	})

	t.Run("says_the_servers_message_where_it_holds_names", func(t *testing.T) {
		t.Parallel()
		e := pgerr.NewServerError(&pgconn.PgError{Code: "42P01", Message: `relation "x" does not exist`, Detail: secret, Severity: "FEHLER", SeverityUnlocalized: "ERROR"})
		if want := `pgerr: relation "x" does not exist (SQLSTATE 42P01); see docs/errors.md#server-error`; e.Error() != want || e.Severity != "ERROR" {
			t.Errorf("%s: got %q, want %q", e.Severity, e, want)
		}
	})

	t.Run("withholds_what_sql_code_raised_under_any_code", func(t *testing.T) {
		t.Parallel()
		e := pgerr.NewServerError(&pgconn.PgError{Code: "42501", Message: secret, Routine: "exec_stmt_raise"})
		if strings.Contains(e.Error(), secret) {
			t.Error(e)
		}
	})

	t.Run("has_words_for_every_bad_value", func(t *testing.T) {
		t.Parallel()
		for code, want := range map[string]string{
			"22003": "out of range", "22007": "date or time", "22008": "date or time", "22012": "division by zero",
			"22021": "bytes", "22P03": "form of its type", "22P05": "cannot be stored", "22000": "refused a value",
		} {
			text := pgerr.NewServerError(&pgconn.PgError{Code: code, Message: secret, TableName: "t"}).Error()
			if !strings.Contains(text, want) || !strings.Contains(text, `(table "t")`) || strings.Contains(text, secret) {
				t.Errorf("%s: %s", code, text)
			}
		}
		for _, e := range []*pgconn.PgError{{Code: "23502"}, {Code: "42704", Message: "retort.stale_row"}, {Code: "XX000"}} {
			if text := pgerr.NewServerError(e).Error(); strings.Contains(text, `""`) || !strings.HasPrefix(text, "pgerr: ") {
				t.Error(text)
			}
		}
	})

	t.Run("unwraps_to_the_whole_answer", func(t *testing.T) {
		t.Parallel()
		whole := pg("23505")
		got, ok := errors.AsType[*pgconn.PgError](pgerr.Wrap(fmt.Errorf("x: %w", whole)))
		if !ok || got != whole {
			t.Errorf("got %v", got)
		}
		if err := (&pgerr.ServerError{Code: "XX000"}); err.Unwrap() != nil || err.Error() == "" {
			t.Error("a hand-made one must not hold a typed nil")
		}
	})

	t.Run("wraps_once_and_leaves_others_alone", func(t *testing.T) {
		t.Parallel()
		once := fmt.Errorf("x: %w", pgerr.NewServerError(pg("23505")))
		if pgerr.Wrap(once) != once || pgerr.Wrap(io.EOF) != io.EOF || pgerr.Wrap(nil) != nil { //nolint:errorlint // the same error, not one that wraps it
			t.Error("wrapped")
		}
	})
}

func TestConstraint(t *testing.T) {
	t.Parallel()
	whole := &pgconn.PgError{Code: "23502", TableName: "t", ColumnName: "email", SchemaName: "public"}
	ce := pgerr.Constraint(fmt.Errorf("x: %w", whole))
	if ce == nil || ce.Kind != pgerr.NotNull || ce.Namespace != "public" || cmp.Diff([]string{"email"}, ce.Columns) != "" {
		t.Fatalf("got %+v", ce)
	}
	if want := `pgerr: column "email" of table "t" must not be NULL (SQLSTATE 23502); see docs/errors.md#constraint`; ce.Error() != want {
		t.Errorf("got %q", ce)
	}
	ce = pgerr.Constraint(pgerr.NewServerError(&pgconn.PgError{Code: "23505", TableName: "t", ConstraintName: "c"}))
	ce.Columns = []string{"a", "b"}
	if want := `pgerr: unique constraint "c" on table "t" refused the row (columns a, b) (SQLSTATE 23505); see docs/errors.md#constraint`; ce.Error() != want {
		t.Errorf("got %q", ce)
	}
	if pgerr.Constraint(fmt.Errorf("x: %w", ce)) != ce {
		t.Error("one that is there already is found, columns and all")
	}
	for _, err := range []error{nil, io.EOF, pg("22P02"), pg("23000")} {
		if got := pgerr.Constraint(err); got != nil {
			t.Errorf("%v: %v", err, got)
		}
	}
}

func TestCommitUnknown(t *testing.T) {
	t.Parallel()
	e := &pgerr.CommitUnknownError{Err: io.ErrUnexpectedEOF}
	if !errors.Is(e, pgerr.ErrCommitUnknown) || !errors.Is(e, io.ErrUnexpectedEOF) || errors.Is(io.EOF, pgerr.ErrCommitUnknown) {
		t.Error("errors.Is")
	}
	if !strings.HasSuffix(e.Error(), "#commit-unknown: unexpected EOF") || (&pgerr.CommitUnknownError{}).Error() != pgerr.ErrCommitUnknown.Error() {
		t.Error(e)
	}
}

func TestConnectError(t *testing.T) {
	t.Parallel()
	cfg := &pgconn.Config{Host: "db.example", Port: 5433, Database: "shop", User: "ann", Password: secret}

	t.Run("says_where_and_why", func(t *testing.T) {
		t.Parallel()
		e := pgerr.NewConnectError(cfg, errors.Join(
			fmt.Errorf("dial error: %w", &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}),
			fmt.Errorf("server error: %w", pg("53300")),
		))
		want := `pgerr: cannot connect to database "shop" as user "ann" at db.example port 5433: ` +
			`dial tcp: connection refused; pgerr: the message (SQLSTATE 53300); see docs/errors.md#too-many-connections; see docs/errors.md#connect`
		if diff := cmp.Diff(want, e.Error()); diff != "" {
			t.Error(diff)
		}
		if pgerr.KindOf(e) != pgerr.TooManyConnections {
			t.Errorf("kind %s", pgerr.KindOf(e))
		}
	})

	t.Run("says_that_no_password_was_given", func(t *testing.T) {
		t.Parallel()
		for password, want := range map[string]bool{"": true, "wrong": false} {
			e := pgerr.NewConnectError(&pgconn.Config{Password: password}, pg("28P01"))
			if strings.Contains(e.Error(), "no password was given") != want || pgerr.Code(e) != "28P01" {
				t.Errorf("password %q: %v", password, e)
			}
		}
	})

	t.Run("says_why_where_the_password_is_the_name_of_the_user", func(t *testing.T) {
		t.Parallel()
		refused := &pgconn.PgError{Severity: "FATAL", Code: "28P01", Message: `password authentication failed for user "postgres"`}
		e := pgerr.NewConnectError(&pgconn.Config{User: "postgres", Password: "postgres"}, refused)
		if pgerr.Code(e) != "28P01" || strings.Contains(e.Error(), "withheld") {
			t.Error(e)
		}
	})

	t.Run("shows_which_setting_of_the_URL_is_refused", func(t *testing.T) {
		t.Parallel()
		e := pgerr.NewConnectError(cfg, &pgconn.PgError{Severity: "FATAL", Code: "22023", Message: `invalid value for parameter "lock_timeout": "abc"`})
		if !strings.Contains(e.Error(), "lock_timeout") || pgerr.KindOf(e) != pgerr.Other || !pgerr.Transient(e) {
			t.Errorf("%s: %v", pgerr.KindOf(e), e)
		}
	})

	t.Run("keeps_nothing_that_holds_the_password", func(t *testing.T) {
		t.Parallel()
		parse := pgconn.NewParseConfigError("postgres://ann:"+secret+"@db.example/shop", "bad", errors.New("inner "+secret))
		for _, err := range []error{
			parse, fmt.Errorf("x: %w", parse), errors.Join(parse, io.EOF), &pgconn.ConnectError{Config: cfg},
			errors.New("the server said " + secret), pgconn.NewParseConfigError("postgres://ann:"+secret+"@x", "bad", nil),
		} {
			if err, ok := err.(*pgconn.ConnectError); ok && errors.Unwrap(err) != nil { //nolint:errorlint // this link of the chain
				t.Fatal("not the case that is meant")
			}
			e := pgerr.NewConnectError(cfg, err)
			text, _ := json.Marshal(e)
			for c := error(e); c != nil; c = errors.Unwrap(c) {
				text = fmt.Appendf(text, "%v %+v %#v", c, c, c)
			}
			if strings.Contains(string(text), secret) {
				t.Errorf("the password shows: %s", text)
			}
			if _, ok := errors.AsType[*pgconn.ParseConfigError](e); ok {
				t.Error("pgx's error is in the chain")
			}
		}
	})

	t.Run("says_so_without_a_cause", func(t *testing.T) {
		t.Parallel()
		if e := pgerr.NewConnectError(cfg, nil); e.Unwrap() != nil || !strings.Contains(e.Error(), "unknown cause") {
			t.Error(e)
		}
	})
}

func TestKindText(t *testing.T) {
	t.Parallel()
	if pgerr.None.String() != "none" || pgerr.Unique.String() != "unique" {
		t.Error("names")
	}
}
