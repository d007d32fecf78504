package model_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/services/privacyrights/domain"
	"github.com/retort-go/retort/services/privacyrights/internal/testdb"
	"github.com/retort-go/retort/services/privacyrights/model"
)

func newRequest(email string) *model.Request {
	return model.NewRequest(domain.GDPR, domain.Access, email, nil, time.Date(2026, 1, 31, 12, 0, 0, 123456789, time.UTC))
}

// add stores a new request with its first rows.
func add(t *testing.T, eng *retort.Engine, r *model.Request) *model.Request {
	t.Helper()
	s := eng.Session()
	defer s.Close(t.Context())
	s.Add(r)
	s.Add(model.FirstEntry(r))
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRequest_is_stored_with_its_first_rows(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	eng := testdb.Open(t, db.URL())
	r := add(t, eng, newRequest("ann@example.org"))

	if r.Version.Version != 1 || r.CreatedAt.IsZero() || !r.UpdatedAt.Equal(r.CreatedAt) {
		t.Errorf("server-made values are not back: %+v", r)
	}
	want := []string{"open | 0 | 2026-01-31 12:00:00.123456+00 | 2026-02-28 22:59:59.999999+00"}
	if diff := cmp.Diff(want, db.Rows(t, "SELECT status, last_seq, received_at AT TIME ZONE 'UTC' || '+00', due_at AT TIME ZONE 'UTC' || '+00' FROM dsr_requests")); diff != "" {
		t.Errorf("dsr_requests (-want +got):\n%s", diff)
	}
	want = []string{"0 | NULL | NULL | open | NULL"}
	if diff := cmp.Diff(want, db.Rows(t, "SELECT seq, prev_seq, from_status, to_status, reason FROM dsr_status_history")); diff != "" {
		t.Errorf("dsr_status_history (-want +got):\n%s", diff)
	}
	want = []string{`created | {"right": "access", "regime": "gdpr"}`}
	if diff := cmp.Diff(want, db.Rows(t, "SELECT action, details FROM audit_log")); diff != "" {
		t.Errorf("audit_log (-want +got):\n%s", diff)
	}
}

func TestRequest_Step_extends_the_chain(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	eng := testdb.Open(t, db.URL())
	r := add(t, eng, newRequest("ann@example.org"))
	reason := "checked"
	for _, to := range []domain.Status{domain.InProgress, domain.Fulfilled} {
		s := eng.Session()
		loaded, err := model.Requests.Get(t.Context(), s, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		s.Add(loaded.Step(to, &reason)...)
		if err := s.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Close(t.Context())
	}
	want := []string{"0 | NULL | NULL | open", "1 | 0 | open | in_progress", "2 | 1 | in_progress | fulfilled"}
	if diff := cmp.Diff(want, db.Rows(t, "SELECT seq, prev_seq, from_status, to_status FROM dsr_status_history ORDER BY id")); diff != "" {
		t.Errorf("dsr_status_history (-want +got):\n%s", diff)
	}
	want = []string{"fulfilled | 2 | 3"}
	if diff := cmp.Diff(want, db.Rows(t, "SELECT status, last_seq, version FROM dsr_requests")); diff != "" {
		t.Errorf("dsr_requests (-want +got):\n%s", diff)
	}
}

func TestRequest_ChangeNote(t *testing.T) {
	t.Parallel()
	one, same, other := "one", "one", "other"
	tests := []struct {
		name          string
		have, set     *string
		changes, gone bool
	}{
		{"none to none", nil, nil, false, false},
		{"none to one", nil, &one, true, false},
		{"one to an equal one", &one, &same, false, false},
		{"one to another", &one, &other, true, false},
		{"one to none", &one, nil, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRequest("ann@example.org")
			r.Note = tt.have
			entry := r.ChangeNote(tt.set)
			if (entry != nil) != tt.changes {
				t.Fatalf("entry %v", entry)
			}
			if diff := cmp.Diff(tt.set, r.Note); diff != "" {
				t.Errorf("note (-want +got):\n%s", diff)
			}
			if entry != nil && entry.Details["cleared"] != tt.gone {
				t.Errorf("details %v", entry.Details)
			}
		})
	}
}

// The rules hold against whoever writes SQL, so each is tried with SQL.
func TestDatabase_refuses(t *testing.T) {
	t.Parallel()
	const (
		id      = "'0197e3a4-0000-7000-8000-000000000001'"
		request = `INSERT INTO dsr_requests (id, regime, "right", email, status, received_at, due_at, last_seq) VALUES (` + id + `, 'gdpr', 'access', `
		valid   = request + `'ann@example.org', 'open', '2026-01-01', '2026-02-01', 0); `
		history = `INSERT INTO dsr_status_history (request_id, seq, prev_seq, from_status, to_status) VALUES (` + id + `, `
		first   = history + `0, NULL, NULL, 'open'); `
		step    = `UPDATE dsr_requests SET status = 'in_progress', last_seq = 1; ` + history + `1, 0, 'open', 'in_progress'); `
	)
	tests := []struct{ name, sql, constraint string }{
		{"nothing of a proper chain", valid + first + step, ""},
		{"nothing of a proper end", valid + first + `UPDATE dsr_requests SET status = 'revoked', last_seq = 1; ` + history + `1, 0, 'open', 'revoked')`, ""},
		{"a first row that is not open", valid + history + `0, NULL, NULL, 'denied')`, model.CheckTransition},
		{"a first row with a number", valid + history + `1, 0, NULL, 'open')`, "ck_dsr_status_history_first"},
		{"a later row without its origin", valid + first + history + `1, 0, NULL, 'in_progress')`, "ck_dsr_status_history_first"},
		{"an illegal step", valid + first + history + `1, 0, 'open', 'fulfilled')`, model.CheckTransition},
		{"a step that stays", valid + first + history + `1, 0, 'open', 'open')`, model.CheckTransition},
		{"a step back", valid + first + step + history + `2, 1, 'in_progress', 'open')`, model.CheckTransition},
		{"a step out of an ended request", valid + first + history + `1, 0, 'denied', 'in_progress')`, model.CheckTransition},
		{"a step from a status that was not reached", valid + first + history + `1, 0, 'in_progress', 'fulfilled')`, model.HistoryChain},
		{"a gap in the history", valid + first + history + `2, 1, 'open', 'in_progress')`, model.HistoryChain},
		{"a wrong predecessor", valid + first + history + `1, NULL, 'open', 'in_progress')`, "ck_dsr_status_history_prev_seq"},
		{"a negative number", valid + first + history + `-1, -2, 'open', 'in_progress')`, "ck_dsr_status_history_prev_seq"},
		{"a second row of one number", valid + first + step + history + `1, 0, 'open', 'denied')`, model.HistoryOnce},
		{"a history without its request", first, "fk_dsr_status_history_request_id_dsr_requests"},
		{"a request without a history", valid, model.StatusMatches},
		{"a status that skips the history", valid + first + `UPDATE dsr_requests SET status = 'in_progress'`, model.StatusMatches},
		{"a history that skips the status", valid + first + history + `1, 0, 'open', 'in_progress')`, model.StatusMatches},
		{"a number that skips the history", valid + first + `UPDATE dsr_requests SET last_seq = 1`, model.StatusMatches},
		{"a due date before receipt", request + `'ann@example.org', 'open', '2026-01-01', '2026-01-01', 0)`, "ck_dsr_requests_due_after_received"},
		{"an address in upper case", request + `'Ann@example.org', 'open', '2026-01-01', '2026-02-01', 0)`, "ck_dsr_requests_email_normal"},
		{"an address of 255 bytes", request + `'` + strings.Repeat("a", 255) + `', 'open', '2026-01-01', '2026-02-01', 0)`, "ck_dsr_requests_email_normal"},
		{"a change of the history", valid + first + `UPDATE dsr_status_history SET reason = 'x'`, "dsr_status_history_rows_stay"},
		{"a deletion from the history", valid + first + `DELETE FROM dsr_status_history`, "dsr_status_history_rows_stay"},
		{"emptying the history", `TRUNCATE dsr_status_history`, "dsr_status_history_stays"},
		{"a change of the audit log", `INSERT INTO audit_log (request_id, action, details) VALUES (` + id + `, 'created', '{}'); UPDATE audit_log SET details = '{"a":1}'`, "audit_log_rows_stay"},
		{"a deletion from the audit log", `INSERT INTO audit_log (request_id, action, details) VALUES (` + id + `, 'created', '{}'); DELETE FROM audit_log`, "audit_log_rows_stay"},
		{"emptying the audit log", `TRUNCATE audit_log`, "audit_log_stays"},
		{"emptying everything", `TRUNCATE dsr_requests CASCADE`, "dsr_status_history_stays"},
		{"deleting a request that has a history", valid + first + `DELETE FROM dsr_requests`, "fk_dsr_status_history_request_id_dsr_requests"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := testdb.New(t)
			// One string is one transaction: deferred rules are checked at its end.
			_, err := db.Conn(t).Exec(t.Context(), tt.sql)
			got := pgerr.Constraint(err)
			switch {
			case tt.constraint == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.constraint != "" && (got == nil || got.Constraint != tt.constraint):
				t.Errorf("got %v, want a violation of %s", err, tt.constraint)
			}
		})
	}
}

func TestOneOpen(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	eng := testdb.Open(t, db.URL())
	first := add(t, eng, newRequest("ann@example.org"))

	s := eng.Session()
	second := newRequest("ann@example.org")
	s.Add(second)
	s.Add(model.FirstEntry(second))
	err := s.Commit(t.Context())
	s.Close(t.Context())
	violated, ok := errors.AsType[*pgerr.ConstraintError](err)
	if !ok || violated.Constraint != model.OneOpen {
		t.Fatalf("a second open request: %v", err)
	}
	if diff := cmp.Diff([]string{"email", "regime", "right"}, violated.Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}

	other := newRequest("ann@example.org")
	other.Right = domain.Deletion
	add(t, eng, other)

	s = eng.Session()
	defer s.Close(t.Context())
	loaded, err := model.Requests.Get(t.Context(), s, first.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.Add(loaded.Step(domain.Denied, nil)...)
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	add(t, eng, newRequest("ann@example.org")) // the first one has ended
}

func TestBase_creates_once_and_finds_itself_unchanged(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	eng := testdb.Open(t, db.URL())
	if err := model.Base().CreateAll(t.Context(), eng); err != nil {
		t.Errorf("the second CreateAll: %v", err)
	}
}
