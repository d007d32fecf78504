package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/schema"
	"github.com/retort-go/retort/web"
)

// Claim is a row that can fail as late as at COMMIT.
type Claim struct {
	retort.UUIDKey
	Code string // unique, checked at COMMIT
	Name string // of the request
}

// Define declares what fails.
func (Claim) Define(d *retort.Definition[Claim]) {
	d.Unique(&d.C.Code).Deferrable(schema.InitiallyDeferred)
}

// claim is the request's body.
type claim struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// FailedCommit counts answers of 2xx whose row is not there, over requests of
// which as many fail as succeed, and fail no earlier than at COMMIT.
//
// pgxpool's handler commits before it answers too, as careful people write it;
// the control is the same code in the order of a framework that commits behind
// the answer.
func FailedCommit(ctx context.Context, env *Env, failing int) (Line, error) {
	line := Line{
		Number: 2, RedFrom: 1, What: fmt.Sprintf("2xx answers without the row, %d requests whose COMMIT fails", failing),
		ControlIs: "pgxpool, answering before COMMIT",
	}
	var honest bool
	var err error
	if line.Retort, honest, err = claims(ctx, env, failing, func(_ context.Context, url string) (http.Handler, func(), error) {
		eng, err := retort.Open(retort.Config{URL: url, Base: claimsBase()})
		if err != nil {
			return nil, nil, err
		}
		return web.Handle(eng, func(_ context.Context, s *retort.Session, in *claim) (*Claim, error) {
			c := &Claim{Code: in.Code, Name: in.Name}
			s.Add(c)
			return c, nil
		}, web.Status(http.StatusCreated), web.Logger(quiet())), func() { _ = eng.Close(context.WithoutCancel(ctx)) }, nil
	}); err != nil {
		return line, err
	}
	if !honest {
		line.Broken = append(line.Broken, "rows were stored whose requests were not answered with 2xx")
	}
	openPool := func(handler func(*pgxpool.Pool) http.HandlerFunc) openHandler {
		return func(ctx context.Context, url string) (http.Handler, func(), error) {
			pool, err := newPool(ctx, url, writers)
			if err != nil {
				return nil, nil, err
			}
			return handler(pool), pool.Close, nil
		}
	}
	if line.Pgxpool, _, err = claims(ctx, env, failing, openPool(commitThenAnswer)); err != nil {
		return line, err
	}
	line.Control, _, err = claims(ctx, env, failing, openPool(answerThenCommit))
	return line, err
}

func claimsBase() *retort.Base { return retort.NewBase(retort.NewTable[Claim]("claims")) }

const insertClaim = "INSERT INTO claims (id, code, name) VALUES ($1, $2, $3)"

func commitThenAnswer(pool *pgxpool.Pool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in claim
		err := json.NewDecoder(r.Body).Decode(&in)
		if err == nil {
			err = pgx.BeginFunc(r.Context(), pool, func(tx pgx.Tx) error {
				_, err := tx.Exec(r.Context(), insertClaim, uuid.Must(uuid.NewV7()), in.Code, in.Name)
				return err
			})
		}
		if err != nil {
			w.WriteHeader(http.StatusConflict)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}
}

func answerThenCommit(pool *pgxpool.Pool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithoutCancel(r.Context())
		var in claim
		err := json.NewDecoder(r.Body).Decode(&in)
		if err == nil {
			_ = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				if _, err = tx.Exec(ctx, insertClaim, uuid.Must(uuid.NewV7()), in.Code, in.Name); err == nil {
					w.WriteHeader(http.StatusCreated)
					err = http.NewResponseController(w).Flush()
				}
				return err
			}) // its error comes too late for anybody
		}
		if err != nil {
			w.WriteHeader(http.StatusConflict)
		}
	}
}

// claims makes two requests for each code, of which one must fail.
func claims(ctx context.Context, env *Env, failing int, open openHandler) (found Side, honest bool, err error) {
	s, err := env.serve(ctx, claimsBase(), open)
	if err != nil {
		return found, false, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()

	var mu sync.Mutex // guards acked
	acked := make(map[string]bool)
	order := env.rand(2, 0).Perm(2 * failing)
	err = inParallel(writers, 2*failing, func(i int) error {
		name := fmt.Sprint(order[i])
		status, err := s.send(ctx, http.MethodPost, "/", fmt.Sprintf(`{"code":"%d","name":%q}`, order[i]/2, name))
		if err == nil && status < 300 {
			mu.Lock()
			defer mu.Unlock()
			acked[name] = true
		}
		if i%1000 == 999 {
			env.Say("2: %d of %d requests", i+1, 2*failing)
		}
		return err
	})
	if err != nil {
		return found, false, err
	}
	rows, err := s.db.watch.Query(ctx, "SELECT name FROM claims")
	if err != nil {
		return found, false, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(names) != failing {
		err = fmt.Errorf("%d requests stored their row, want %d", len(names), failing)
	}
	honest = true
	there := make(map[string]bool, len(names))
	for _, name := range names {
		there[name] = true
		honest = honest && acked[name]
	}
	found = Side{Of: failing, Note: fmt.Sprintf("%d answers of 2xx, %d rows", len(acked), len(names))}
	for name := range acked {
		if !there[name] {
			found.Bad++
		}
	}
	return found, honest, err
}
