package flight

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/pgerr"
)

// TestVerdict judges what no test server can be made to say on demand.
func TestVerdict(t *testing.T) {
	t.Parallel()
	server := &pgconn.PgError{SeverityUnlocalized: "FATAL", Code: "57P01", File: "postgres.c", Routine: "ProcessInterrupts"}
	pooler := &pgconn.PgError{SeverityUnlocalized: "FATAL", Code: "57P01"}
	waited := &pgconn.PgError{SeverityUnlocalized: "FATAL", Code: "08P01", Message: "query_wait_timeout"}
	failed := &pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "22012"}
	write := Flight{Begin: "BEGIN", Statements: make([]Statement, 1), End: Commit}
	rawRead := Flight{Statements: []Statement{{Raw: true}}}
	read := Flight{Statements: make([]Statement, 1)}

	tests := map[string]struct {
		flight Flight
		trip   trip
		lost   error
		want   Outcome // 0: success
	}{
		"nothing_written":                             {flight: write, lost: io.EOF, want: NotExecuted},
		"a_fatal_of_the_server_comes_first":           {write, trip{written: true}, server, NotExecuted},
		"a_fatal_of_a_pooler_comes_first":             {write, trip{written: true}, pooler, Unknown},
		"a_pooler_has_no_connection_for_it":           {write, trip{written: true, pooler: true}, waited, NotExecuted},
		"a_pooler_says_so_behind_begin":               {write, trip{written: true, pooler: true, answered: 1}, waited, Unknown},
		"a_pooler_has_no_connection_for_a_read":       {read, trip{written: true, pooler: true}, waited, Lost},
		"a_fatal_comes_first_in_pooler_mode":          {write, trip{written: true, pooler: true}, server, Unknown},
		"a_fatal_comes_first_at_raw_autocommit":       {rawRead, trip{written: true}, server, Lost},
		"a_fatal_comes_first_at_built_autocommit":     {read, trip{written: true}, server, NotExecuted},
		"a_fatal_comes_behind_begin":                  {write, trip{written: true, answered: 1}, server, RolledBack},
		"a_fatal_of_a_pooler_comes_behind_begin":      {write, trip{written: true, answered: 1}, pooler, Unknown},
		"a_fatal_comes_behind_a_raw_commit":           {write, trip{written: true, answered: 2, mayCommit: true}, server, Unknown},
		"a_fatal_answers_commit":                      {write, trip{written: true, answered: 3, workDone: true, workStatus: 'T'}, server, Unknown},
		"the_line_ends_first":                         {write, trip{written: true}, io.EOF, Unknown},
		"the_line_ends_behind_a_farewell":             {write, trip{written: true, dying: true}, io.EOF, NotExecuted},
		"the_line_ends_behind_a_late_farewell":        {write, trip{written: true, dying: true, answered: 1}, io.EOF, Unknown},
		"the_line_ends_behind_an_error":               {write, trip{written: true, answered: 1, err: failed}, io.EOF, RolledBack},
		"the_line_ends_behind_a_raw_commit_and_error": {write, trip{written: true, answered: 1, err: failed, mayCommit: true}, io.EOF, Unknown},
		"the_line_ends_behind_commit":                 {write, trip{written: true, workDone: true, workStatus: 'T', endTag: "COMMIT"}, io.EOF, 0},
		"the_line_ends_behind_an_unsynced_commit":     {write, trip{written: true, workDone: true, workStatus: 'T', endTag: "COMMIT", unsynced: true}, io.EOF, Unknown},
		"the_line_ends_behind_a_commit_of_nothing":    {write, trip{written: true, workDone: true, workStatus: 'I', endTag: "COMMIT"}, io.EOF, Unknown},
		"the_line_ends_behind_commit_and_row_error":   {write, trip{written: true, workDone: true, workStatus: 'T', endTag: "COMMIT", rowErr: io.ErrShortBuffer}, io.EOF, Committed},
		"the_line_ends_behind_a_refused_commit":       {write, trip{written: true, workDone: true, workStatus: 'T', endErr: failed}, io.EOF, RolledBack},
		"the_line_ends_behind_a_rollback":             {write, trip{written: true, workDone: true, workStatus: 'E', endTag: "ROLLBACK"}, io.EOF, RolledBack},
		"a_fatal_comes_before_a_joint_commit":         {write, trip{written: true, joint: true, answered: 2}, server, RolledBack},
		"a_fatal_answers_a_joint_commit":              {write, trip{written: true, joint: true, answered: 3, workDone: true, workStatus: 'T'}, server, Unknown},
		"an_error_skips_a_joint_commit":               {write, trip{written: true, joint: true, answered: 1, err: failed}, nil, RolledBack},
		"a_joint_commit_succeeds":                     {write, trip{written: true, joint: true, answered: 5, workDone: true, workStatus: 'T', endTag: "COMMIT"}, nil, 0},
		"the_line_ends_without_commit":                {read, trip{written: true}, io.EOF, Lost},
		"all_answers_are_in":                          {write, trip{written: true, workDone: true, workStatus: 'T', endTag: "COMMIT"}, nil, 0},
		"commit_was_unsynced":                         {write, trip{written: true, workDone: true, workStatus: 'T', endTag: "COMMIT", unsynced: true}, nil, Unknown},
		"a_fatal_comes_behind_an_error":               {write, trip{written: true, err: failed}, server, RolledBack},
		"begin_was_refused_and_commit_did_nothing":    {write, trip{written: true, workDone: true, workStatus: 'I', err: failed, errAt: -1, endTag: "COMMIT"}, nil, RolledBack},
		"raw_SQL_had_committed_and_then_failed":       {write, trip{written: true, workDone: true, workStatus: 'T', ended: true, err: failed, endTag: "COMMIT"}, nil, Unknown},
		"raw_SQL_had_committed_and_commit_failed":     {write, trip{written: true, workDone: true, workStatus: 'T', ended: true, endTag: "ROLLBACK"}, nil, Unknown},
		"raw_SQL_had_committed_and_commit_did_too":    {write, trip{written: true, workDone: true, workStatus: 'T', ended: true, endTag: "COMMIT"}, nil, 0},
		"commit_was_a_rollback":                       {write, trip{written: true, workDone: true, workStatus: 'E', endTag: "ROLLBACK"}, nil, RolledBack},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.trip.flight = &tt.flight
			if tt.flight.End == Commit {
				tt.trip.end = 3
			}
			if tt.lost != nil {
				tt.trip.lost(t.Context(), tt.lost)
			}
			e := tt.trip.verdict()
			switch {
			case e == nil && tt.want != 0:
				t.Errorf("success, want %s", tt.want)
			case e != nil && e.Outcome != tt.want:
				t.Errorf("%v, want %s", e, tt.want)
			case e != nil && e.Err == nil:
				t.Error("no cause")
			}
		})
	}
}

// TestVerdictCauses are what a verdict blames.
func TestVerdictCauses(t *testing.T) {
	t.Parallel()
	failed := &pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "22012", File: "int.c", Routine: "int4div"}
	write := &Flight{Begin: "BEGIN", Statements: make([]Statement, 1), End: Commit}
	read := &Flight{Statements: []Statement{{Raw: true}}}

	t.Run("the_end_before_COMMIT_where_nothing_failed", func(t *testing.T) {
		t.Parallel()
		ended := trip{flight: write, end: 3, written: true, workDone: true, workStatus: 'I', endTag: "COMMIT"}
		if e := ended.verdict(); !errors.Is(e, ErrEnded) {
			t.Errorf("got %v", e)
		}
		ended.err = failed
		if e := ended.verdict(); errors.Is(e, ErrEnded) || !errors.Is(e, pgerr.ErrCommitUnknown) || pgerr.Code(e) != "22012" {
			t.Errorf("got %v", e)
		}
	})
	t.Run("the_first_refusal_of_COMMIT_from_its_first_message_on", func(t *testing.T) {
		t.Parallel()
		refused := trip{flight: write, end: 3, at: 3}
		refused.refused(&request{index: -1}, failed)
		refused.refused(&request{index: -1}, io.EOF)
		if !errors.Is(refused.endErr, failed) || refused.err != nil {
			t.Errorf("COMMIT %v, work %v", refused.endErr, refused.err)
		}
	})
	t.Run("PREPARE_TRANSACTION_as_an_end", func(t *testing.T) {
		t.Parallel()
		prepared := trip{flight: read}
		prepared.ran(&request{index: 0}, pgconn.NewCommandTag("PREPARE TRANSACTION"))
		if !prepared.ended {
			t.Error("not seen")
		}
	})
	t.Run("what_took_the_connection", func(t *testing.T) {
		t.Parallel()
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for name, tt := range map[string]struct {
			ctx  context.Context
			of   *Flight
			err  error
			text string
			is   []error
		}{
			"the_caller":           {gone, read, context.Canceled, "given up: context canceled", []error{context.Canceled}},
			"the_caller's_network": {gone, read, io.EOF, "given up: context canceled (EOF)", []error{context.Canceled, io.EOF}},
			"the_network":          {t.Context(), write, io.EOF, "connection failed: EOF", []error{io.EOF}},
			"the_time_for_COMMIT":  {t.Context(), write, os.ErrDeadlineExceeded, "no answer within the commit timeout: i/o timeout", nil},
			"another_time_limit":   {t.Context(), read, os.ErrDeadlineExceeded, "connection failed: i/o timeout", nil},
			"no_FATAL":             {t.Context(), write, failed, failed.Error(), []error{failed}},
		} {
			lost := trip{flight: tt.of}
			lost.lost(tt.ctx, tt.err)
			if lost.connErr.Error() != tt.text || lost.signed {
				t.Errorf("%s: %q, signed %t", name, lost.connErr, lost.signed)
			}
			for _, is := range tt.is {
				if !errors.Is(lost.connErr, is) {
					t.Errorf("%s: %v is not in %v", name, is, lost.connErr)
				}
			}
		}
	})
}

func TestNotices(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		notice          pgconn.Notice
		at              int
		unsynced, dying bool
	}{
		"standby":           {pgconn.Notice{Code: "01000", File: "syncrep.c", Routine: "SyncRepWaitForLSN"}, 3, true, false},
		"standby_and_stop":  {pgconn.Notice{Code: "57P01", File: "syncrep.c", Routine: "SyncRepWaitForLSN"}, 3, true, true},
		"raised_by_user":    {pgconn.Notice{Code: "01000", File: "pl_exec.c", Routine: "exec_stmt_raise"}, 3, false, false},
		"nameless_at_work":  {pgconn.Notice{Code: "01000"}, 2, false, false},
		"nameless_at_end":   {pgconn.Notice{Code: "01000"}, 3, true, false},
		"crash":             {pgconn.Notice{Code: "57P02", File: "postgres.c", Routine: "quickdie"}, 0, false, true},
		"crash_by_a_pooler": {pgconn.Notice{Code: "57P02"}, 0, false, false},
		"half_named_crash":  {pgconn.Notice{Code: "57P02", Routine: "quickdie"}, 0, false, false},
		"half_named_stop":   {pgconn.Notice{Code: "57P01", File: "postgres.c"}, 0, false, false},
		"nameless_other":    {pgconn.Notice{Code: "01003"}, 3, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trip := trip{flight: &Flight{End: Commit}, end: 3, at: tt.at}
			trip.hear(&tt.notice)
			if trip.unsynced != tt.unsynced || trip.dying != tt.dying {
				t.Errorf("unsynced %t, dying %t", trip.unsynced, trip.dying)
			}
		})
	}
	t.Run("without_a_name_and_without_COMMIT_are_ignored", func(t *testing.T) {
		t.Parallel()
		trip := trip{flight: &Flight{}}
		trip.hear(&pgconn.Notice{Code: "01000"})
		if trip.unsynced {
			t.Error("heard")
		}
	})
	t.Run("between_flights_are_ignored", func(t *testing.T) {
		t.Parallel()
		var trip trip
		trip.hear(&pgconn.Notice{Code: "57P02", File: "postgres.c", Routine: "quickdie"})
		if trip.dying {
			t.Error("heard")
		}
	})
}

func TestOutcomeText(t *testing.T) {
	t.Parallel()
	e := fail(RolledBack, 3, errors.New("why"))
	if got, want := e.Error(), "flight: rolled back, statement 3: why"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := (&Error{Outcome: Lost, Statement: -1}).Error(), "flight: connection lost"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Outcome(0).String() + Outcome(8).String() + Outcome(99).String(); got != "outcome 0outcome 8outcome 99" || Committed+1 != 8 {
		t.Errorf("%q", got)
	}
}

func TestRawEffect(t *testing.T) {
	t.Parallel()
	tests := map[string]rawKind{
		"": rawPlain, "--": rawPlain, "/*": rawPlain, "/* /* */": rawPlain, ";": rawPlain, "é PREPARE": rawPlain,
		"SELECT 'PREPARE x'": rawPlain, "PREPARED": rawPlain, "-- PREPARE\nSELECT 1": rawPlain,
		"PREPARE x AS SELECT 1": rawPoison, " \t\n;prepare x as select 1": rawPoison, "--a\r\n--b\nLoad 'x'": rawPoison,
		"/* a /* b */ c */PREPARE x AS SELECT 1": rawPoison, "DEALLOCATE x": rawForget, "DISCARD/**/all": rawForget,
		"DISCARD TEMP": rawPlain, "DISCARD": rawPlain, "COPY t FROM STDIN": rawCopy, "copy (select 1) to stdout": rawCopy,
		"COMMIT": rawCommit, "end;": rawCommit, "PREPARE TRANSACTION 'x'": rawCommit, "ENDED": rawPlain,
		"COPY t FROM '/file'": rawPlain, "COPYSTDIN": rawPlain,
	}
	for sql, want := range tests {
		if got := rawEffect(sql); got != want {
			t.Errorf("%q: %d, want %d", sql, got, want)
		}
	}
}

func FuzzRawEffect(f *testing.F) {
	f.Add("/* /* */ */ -- x\n PREPARE")
	f.Fuzz(func(t *testing.T, sql string) {
		// It must end and never panic; a blank before the text changes nothing.
		if rawEffect(sql) != rawEffect(" /* x */ "+sql) {
			t.Errorf("%q: a comment before it changes the verdict", sql)
		}
	})
}
