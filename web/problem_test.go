package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/pool"
	"github.com/retort-go/retort/web"
)

func constraint(kind pgerr.Kind) error {
	return fmt.Errorf("retort: insert: %w", &pgerr.ConstraintError{Kind: kind, Constraint: "c_x", Table: "t", Columns: []string{"a", "b"}, Err: errors.New("canary")})
}

func TestProblemOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		kind   string
		retry  bool
	}{
		"bookmark":             {fmt.Errorf("x: %w", retort.ErrBookmark), 400, web.ProblemMalformedInput, false},
		"not_found":            {fmt.Errorf("x: %w", retort.ErrNotFound), 404, web.ProblemNotFound, false},
		"unique":               {constraint(pgerr.Unique), 409, web.ProblemUnique, false},
		"foreign_key":          {constraint(pgerr.ForeignKey), 409, web.ProblemForeignKey, false},
		"exclusion":            {constraint(pgerr.Exclusion), 409, web.ProblemExclusion, false},
		"not_null":             {constraint(pgerr.NotNull), 422, web.ProblemNotNull, false},
		"check":                {constraint(pgerr.Check), 422, web.ProblemCheck, false},
		"stale":                {&retort.StaleError{Table: "t", Key: "canary"}, 409, web.ProblemStale, false},
		"value":                {&retort.ValueError{Column: "a", Reason: "is out of range"}, 422, web.ProblemBadValue, false},
		"nul":                  {&retort.ValueError{Column: "a", Reason: "contains a NUL byte"}, 400, web.ProblemMalformedInput, false},
		"stored_value":         {&retort.ValueError{Column: "a", Reason: "is out of range", Stored: true}, 500, web.ProblemInternal, false},
		"commit_unknown":       {&pgerr.CommitUnknownError{Err: context.Canceled}, 503, web.ProblemCommitUnknown, false},
		"committed":            {&retort.CommittedError{Err: errors.New("canary")}, 500, web.ProblemCommittedNotRendered, false},
		"committed_own":        {&retort.CommittedError{Err: &web.Error{Status: 404}}, 500, web.ProblemCommittedNotRendered, false},
		"own_about_committed":  {&web.Error{Status: 409, Type: "/mine", Err: &retort.CommittedError{Err: errors.New("canary")}}, 409, "/mine", false},
		"own_about_unknown":    {&web.Error{Status: 502, Type: "/mine", Err: retort.ErrCommitUnknown}, 502, "/mine", false},
		"own_of_no_status":     {&web.Error{Detail: "canary"}, 500, web.ProblemInternal, false},
		"own_of_success":       {&web.Error{Status: 200, Detail: "canary"}, 500, web.ProblemInternal, false},
		"own_wrapped":          {fmt.Errorf("x: %w", &web.Error{Status: 418, Type: "/t"}), 418, "/t", false},
		"pool_timeout":         {fmt.Errorf("x: %w", &pool.TimeoutError{Cause: errors.New("canary")}), 503, web.ProblemPoolTimeout, true},
		"pool_closed":          {pool.ErrClosed, 503, web.ProblemShuttingDown, true},
		"engine_closed":        {retort.ErrEngineClosed, 503, web.ProblemShuttingDown, true},
		"shutdown":             {fmt.Errorf("x: %w", web.ErrShutdown), 503, web.ProblemShuttingDown, true},
		"connect":              {&pgerr.ConnectError{Host: "canary", Err: errors.New("canary")}, 503, web.ProblemUnavailable, true},
		"connect_too_slow":     {&pgerr.ConnectError{Err: context.DeadlineExceeded}, 503, web.ProblemUnavailable, true},
		"connect_and_left":     {&pgerr.ConnectError{Err: context.Canceled}, 499, web.ProblemClientClosed, false},
		"connection_lost":      {fmt.Errorf("x: %w", io.ErrUnexpectedEOF), 503, web.ProblemUnavailable, true},
		"network":              {&net.OpError{Op: "read", Err: errors.New("canary")}, 503, web.ProblemUnavailable, true},
		"deadline":             {fmt.Errorf("x: %w", context.DeadlineExceeded), 504, web.ProblemTimeout, true},
		"canceled":             {context.Canceled, 499, web.ProblemClientClosed, false},
		"overflow":             {&web.OverflowError{Limit: 1}, 500, web.ProblemResponseTooLarge, false},
		"not_loaded":           {retort.ErrNotLoaded, 500, web.ProblemInternal, false},
		"read_only":            {retort.ErrReadOnly, 500, web.ProblemInternal, false},
		"session_closed":       {retort.ErrSessionClosed, 500, web.ProblemInternal, false},
		"session_failed":       {retort.ErrSessionFailed, 500, web.ProblemInternal, false},
		"concurrent_use":       {retort.ErrConcurrentUse, 500, web.ProblemInternal, false},
		"pgx_unique":           {fmt.Errorf("x: %w", &pgconn.PgError{Code: "23505", ConstraintName: "c_x", Message: "canary"}), 409, web.ProblemUnique, false},
		"pgx_check":            {&pgconn.PgError{Code: "23514", ConstraintName: "c_x", Message: "canary"}, 422, web.ProblemCheck, false},
		"pgx_serialization":    {&pgconn.PgError{Code: "40001", Message: "canary"}, 503, web.ProblemSerialization, true},
		"pgx_bad_value":        {&pgconn.PgError{Code: "22003", Message: "canary"}, 422, web.ProblemBadValue, false},
		"pgx_syntax":           {&pgconn.PgError{Code: "42601", Message: "canary"}, 500, web.ProblemInternal, false},
		"pgx_protocol":         {&pgconn.PgError{Severity: "ERROR", Code: "08P01", Message: "canary"}, 500, web.ProblemInternal, false},
		"anything_else":        {errors.New("canary"), 500, web.ProblemInternal, false},
		"joined_with_an_error": {errors.Join(retort.ErrNotFound, errors.New("canary")), 404, web.ProblemNotFound, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := web.ProblemOf(c.err)
			if p.Status != c.status || p.Type != c.kind || p.RetryAfter > 0 != c.retry || web.StatusOf(c.err) != c.status {
				t.Errorf("got %+v", p)
			}
			if strings.Contains(fmt.Sprintf("%+v", p), "canary") {
				t.Errorf("it tells too much: %+v", p)
			}
			if c.status != web.StatusClientClosed && p.Title == "" {
				t.Error("no title")
			}
		})
	}
	if p := web.ProblemOf(nil); p.Status != 0 || web.StatusOf(nil) != 200 {
		t.Errorf("nil: got %+v", p)
	}
	want := []string{"a", "b"}
	if p := web.ProblemOf(constraint(pgerr.Unique)); p.Constraint != "c_x" || !cmp.Equal(p.Fields, want) {
		t.Errorf("got %+v", p)
	}
}

// TestProblemOf_server asks a real server for every class of failure.
func TestProblemOf_server(t *testing.T) {
	t.Parallel()
	s := newService(t)
	raise := func(state string) string {
		return "DO $$ BEGIN RAISE EXCEPTION 'canary' USING ERRCODE = '" + state + "'; END $$"
	}
	for sql, want := range map[string]struct {
		status int
		kind   string
	}{
		raise("40001"): {503, web.ProblemSerialization},
		raise("40P01"): {503, web.ProblemDeadlock},
		raise("55P03"): {503, web.ProblemLockTimeout},
		raise("57014"): {504, web.ProblemTimeout},
		raise("25P03"): {503, web.ProblemUnavailable},
		raise("53300"): {503, web.ProblemUnavailable},
		raise("53100"): {503, web.ProblemUnavailable},
		raise("25006"): {503, web.ProblemUnavailable},
		raise("57P01"): {503, web.ProblemUnavailable},
		raise("08006"): {503, web.ProblemUnavailable},
		raise("P0001"): {500, web.ProblemInternal},
		raise("23505"): {409, web.ProblemUnique},
		raise("22003"): {422, web.ProblemBadValue},
		"INSERT INTO things SELECT NULL FROM things":     {200, ""},
		"INSERT INTO things (code) VALUES ('canary')":    {422, web.ProblemNotNull},
		"SELECT convert_from('\\x00'::bytea, 'UTF8')":    {400, web.ProblemMalformedInput},
		"SELECT '{\"a\":\"\\u0000\"}'::jsonb ->> 'a'":    {400, web.ProblemMalformedInput},
		"SELECT 'canary'::uuid":                          {422, web.ProblemBadValue},
		"SELECT 1000000::int2":                           {422, web.ProblemBadValue},
		"SELECT canary":                                  {500, web.ProblemInternal},
		"SET LOCAL statement_timeout = 1; SELECT canary": {500, web.ProblemInternal},
	} {
		_, err := retort.Run(t.Context(), s.Engine, retort.TxOptions{MaxAttempts: 1}, func(ctx context.Context, sess *retort.Session) (int64, error) {
			return sess.Exec(ctx, sql)
		})
		p := web.ProblemOf(err)
		if web.StatusOf(err) != want.status || p.Type != want.kind || strings.Contains(fmt.Sprintf("%+v", p), "canary") {
			t.Errorf("%s: got %+v for %v", sql, p, err)
		}
	}
}

func TestProblem(t *testing.T) {
	t.Parallel()
	t.Run("answers_as_RFC_9457", func(t *testing.T) {
		t.Parallel()
		w := httptest.NewRecorder()
		web.Problem{
			Type: "/p", Title: "T", Status: 409, Detail: "D", Constraint: "c", Fields: []string{"f"},
			Errors: []web.FieldError{{Location: "l", Message: "<m>"}}, RetryAfter: 1500 * time.Millisecond,
		}.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		want := `{"type":"/p","title":"T","status":409,"detail":"D","constraint":"c","fields":["f"],"errors":[{"location":"l","message":"\u003cm\u003e"}]}` + "\n"
		if w.Body.String() != want || w.Code != 409 || w.Header().Get("Retry-After") != "2" || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
		}
	})
	t.Run("is_500_without_a_status", func(t *testing.T) {
		t.Parallel()
		w := httptest.NewRecorder()
		web.Problem{}.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != 500 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
	t.Run("an_Error_tells_the_log_everything", func(t *testing.T) {
		t.Parallel()
		err := &web.Error{Status: 409, Detail: "D.", Errors: []web.FieldError{{Location: "l", Message: "m"}}, Err: io.EOF}
		if got := err.Error(); got != "web: 409 Conflict D.; l m: EOF" || !errors.Is(err, io.EOF) {
			t.Errorf("got %q", got)
		}
	})
}

func TestStaleIsAPreconditionWithIfMatch(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mux.Handle("POST /", web.Handle(s.Engine, func(context.Context, *retort.Session, *struct{}) (*Thing, error) {
		return nil, &retort.StaleError{Table: "t"}
	}))
	for header, want := range map[string]int{"": 409, `"1"`: 412} {
		if got := s.do(t, "POST", "/", "", "If-Match", header).problem(t); got.Status != want {
			t.Errorf("%q: got %+v", header, got)
		}
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header, tag string
		want        int
	}{
		{"", "1", 200},
		{"*", "1", 200},
		{`"1"`, "1", 200},
		{`"1"`, `"1"`, 200},
		{`"0" ,"1"`, "1", 200},
		{`,, "1",`, "1", 200},
		{`"0"`, "1", 412},
		{`W/"1"`, "1", 412},
		{`"1"`, `W/"1"`, 412},
		{`"1"`, "", 412},
		{`"a,b"`, "a,b", 200},
		{`"é"`, "é", 200},
		{"1", "1", 400},
		{`"1`, "1", 400},
		{`"1" "2"`, "1", 400},
		{`"a b"`, "1", 400},
		{`W/`, "1", 400},
		{`"1", *`, "1", 400},
		{`"1"`, `a b`, 500},
		{`"1"`, `a"b`, 500},
	} {
		if err := web.IfMatch(c.header, c.tag); web.StatusOf(err) != c.want {
			t.Errorf("%s against %s: got %v, want %d", c.header, c.tag, err, c.want)
		}
	}
}
