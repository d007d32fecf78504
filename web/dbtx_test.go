package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// queries is what sqlc generates for pgx/v5: it knows nothing of Retort, and its
// errors are pgx's own.
type queries struct{ db retort.DBTX }

const insertThing = `-- name: InsertThing :one
INSERT INTO things (id, code, name, count) VALUES ($1, $2, $3, $4) RETURNING id, name`

type insertThingRow struct {
	ID   uuid.UUID
	Name string
}

func (q *queries) InsertThing(ctx context.Context, id uuid.UUID, code, name string, count int32) (insertThingRow, error) {
	row := q.db.QueryRow(ctx, insertThing, id, code, name, count)
	var i insertThingRow
	err := row.Scan(&i.ID, &i.Name)
	return i, err
}

type insertInput struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Count int32  `json:"count"`
}

// TestHandleOfSqlc asks a handler whose SQL is sqlc's over real HTTP.
func TestHandleOfSqlc(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mux.Handle("POST /things", web.Handle(s.Engine, func(ctx context.Context, s *retort.Session, in *insertInput) (*insertThingRow, error) {
		q := &queries{s.DBTX()}
		row, err := q.InsertThing(ctx, uuid.Must(uuid.NewV7()), in.Code, in.Name, in.Count)
		return &row, err
	}))
	if got := s.do(t, "POST", "/things", `{"code":"a","name":"a","count":1}`); got.StatusCode != http.StatusOK {
		t.Fatalf("got %d %s", got.StatusCode, got.body)
	}
	for name, c := range map[string]struct {
		body string
		want web.Problem
	}{
		"a_unique_violation_is_409_with_the_constraint": {
			`{"code":"b","name":"a","count":1}`,
			web.Problem{Type: web.ProblemUnique, Status: 409, Constraint: "uq_things_name"},
		},
		"one_that_COMMIT_finds_too": {
			`{"code":"a","name":"b","count":1}`,
			web.Problem{Type: web.ProblemUnique, Status: 409, Constraint: "uq_things_code"},
		},
		"a_check_is_422_with_the_constraint": {
			`{"code":"c","name":"c","count":0}`,
			web.Problem{Type: web.ProblemCheck, Status: 422, Constraint: "ck_things_count_positive"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := s.do(t, "POST", "/things", c.body).problem(t)
			got := web.Problem{Type: p.Type, Status: p.Status, Constraint: p.Constraint}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if n := s.rows(t); n != 1 {
				t.Errorf("%d rows", n)
			}
			s.idle(t)
		})
	}
}

// What the server says of SQL beside the session reaches the log in words without
// values, and what the handler says around it as it is.
func TestLogOfSQLBesideTheSessionHasNoValues(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mux.Handle("POST /raise", web.Handle(s.Engine, func(ctx context.Context, s *retort.Session, _ *struct{}) (*struct{}, error) {
		_, err := s.DBTX().Exec(ctx, "DO $$ BEGIN RAISE EXCEPTION 'S3CRET'; END $$")
		return nil, fmt.Errorf("raise it: %w", err)
	}, s.logger()))
	if p := s.do(t, "POST", "/raise", "").problem(t); p.Type != web.ProblemInternal {
		t.Errorf("%d %s", p.Status, p.Type)
	}
	if log := s.log.String(); strings.Contains(log, "S3CRET") || !strings.Contains(log, "raise it: pgerr: raised by the database (SQLSTATE P0001)") {
		t.Error(log)
	}
}
