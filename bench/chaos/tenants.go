package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// tenants share one table.
const tenants = 7

// Document belongs to a tenant. Writer is who wrote it last, as the database knows.
type Document struct {
	retort.BigintKey
	Tenant string
	Writer string
	N      int64
}

// Define has the database note down who writes.
func (Document) Define(d *retort.Definition[Document]) {
	d.Column(&d.C.Writer).ServerMade("current_setting('app.tenant', true)")
}

// tenantsSQL is row-level security as people have it, with a witness of its own: the
// trigger notes who wrote.
var tenantsSQL = []string{
	`DO $$ BEGIN CREATE ROLE chaos_tenant; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
	"GRANT SELECT, INSERT, UPDATE ON documents TO chaos_tenant",
	"ALTER TABLE documents ENABLE ROW LEVEL SECURITY",
	"CREATE POLICY tenant ON documents TO chaos_tenant USING (tenant = nullif(current_setting('app.tenant', true), ''))",
	`CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.writer := current_setting('app.witness', true); RETURN NEW; END $$`,
	"CREATE TRIGGER witness BEFORE UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION witness()",
	fmt.Sprintf("INSERT INTO documents (tenant, writer, n) SELECT t, t, 0 FROM (SELECT 't' || n %% %d AS t FROM generate_series(1, 70) n) x", tenants),
}

// Tenants counts rows of another tenant that a request saw, and rows that another
// tenant wrote, over mixed requests of seven tenants on one pool, some of them
// cancelled, while connections are reset. Row-level security keeps them apart, by
// settings of the transaction.
//
// The control sets the tenant for the connection, and only where it writes.
func Tenants(ctx context.Context, env *Env, requests int) (line Line, err error) {
	line = Line{
		Number: 17, RedFrom: 1, Target: "0",
		What:      fmt.Sprintf("answers with rows of another tenant and rows written by one, %d requests under faults", requests),
		ControlIs: "pgxpool, SET for the connection and only where it writes",
	}
	for _, side := range []struct {
		into *Side
		n    int
		open openHandler
	}{{&line.Retort, requests, openRetortTenants}, {&line.Pgxpool, requests, openPgxpoolTenants(true)}, {&line.Control, max(requests/10, 200), openPgxpoolTenants(false)}} {
		if *side.into, err = mingle(ctx, env, side.n, side.open); err != nil {
			return line, err
		}
		env.Say("17: %s", *side.into)
	}
	return line, nil
}

func openRetortTenants(_ context.Context, url string) (http.Handler, func(), error) {
	documents := retort.NewTable[Document]("documents")
	eng, err := retort.Open(retort.Config{URL: url, Base: retort.NewBase(documents), PoolSize: capacity})
	if err != nil {
		return nil, nil, err
	}
	tx := web.TxFor(func(r *http.Request) (retort.TxOptions, error) {
		who := r.Header.Get("X-Tenant")
		return retort.TxOptions{Role: "chaos_tenant", Settings: map[string]string{"app.tenant": who, "app.witness": who}}, nil
	})
	c := documents.C
	answer := func(rows []*Document, err error) (*[]string, error) {
		seen := []string{}
		for _, d := range rows {
			seen = append(seen, d.Tenant)
		}
		return &seen, err
	}
	mux := http.NewServeMux()
	route := func(path string, do func(ctx context.Context, s *retort.Session) ([]*Document, error)) {
		mux.Handle("POST "+path, web.Handle(eng, func(ctx context.Context, s *retort.Session, _ *struct{}) (*[]string, error) {
			return answer(do(ctx, s))
		}, tx, web.Logger(quiet())))
	}
	all := documents.Query()
	route("/list", func(ctx context.Context, s *retort.Session) ([]*Document, error) { return all.All(ctx, s) })
	route("/get", func(ctx context.Context, s *retort.Session) ([]*Document, error) {
		return documents.Where(retort.Eq(&c.ID, 1+rand.Int64N(70))).All(ctx, s)
	})
	route("/change", func(ctx context.Context, s *retort.Session) ([]*Document, error) {
		if _, err := documents.Update(retort.Increment(&c.N, 1)).AllRows().Exec(ctx, s); err != nil {
			return nil, err
		}
		rows, err := all.All(ctx, s)
		for _, d := range rows {
			d.N++
		}
		return rows, err
	})
	return mux, func() { closeEngine(eng) }, nil
}

// openPgxpoolTenants sets the tenant for the transaction, or as the control does.
func openPgxpoolTenants(careful bool) openHandler {
	return func(ctx context.Context, url string) (http.Handler, func(), error) {
		pool, err := newPool(ctx, url, capacity)
		if err != nil {
			return nil, nil, err
		}
		mux := http.NewServeMux()
		route := func(path, sql string, writes bool) {
			mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
				seen, err := asTenant(r.Context(), pool, r.Header.Get("X-Tenant"), careful, writes, sql)
				if err != nil {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				_ = json.NewEncoder(w).Encode(seen)
			})
		}
		route("/list", "SELECT tenant FROM documents", false)
		route("/get", "SELECT tenant FROM documents WHERE id = 1 + floor(random() * 70)::int", false)
		route("/change", "UPDATE documents SET n = n + 1 RETURNING tenant", true)
		return mux, pool.Close, nil
	}
}

func asTenant(ctx context.Context, pool *pgxpool.Pool, who string, careful, writes bool, sql string) (seen []string, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL ROLE chaos_tenant"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "SELECT set_config('app.witness', $1, true)", who); err != nil {
			return err
		}
		if careful || writes {
			if _, err := tx.Exec(ctx, "SELECT set_config('app.tenant', $1, $2)", who, careful); err != nil {
				return err
			}
		}
		rows, err := tx.Query(ctx, sql)
		if err != nil {
			return err
		}
		seen, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return seen, err
}

// mingle sends requests of all tenants.
func mingle(ctx context.Context, env *Env, requests int, open openHandler) (found Side, err error) {
	s, err := env.serve(ctx, retort.NewBase(retort.NewTable[Document]("documents")), open, tenantsSQL...)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()

	var mu sync.Mutex // guards draw
	draw := env.rand(17, 0)
	var saw, answered, empty atomic.Int64
	err = inParallel(capacity*2, requests, func(i int) error {
		mu.Lock()
		who, path := fmt.Sprint("t", draw.IntN(tenants)), []string{"/list", "/get", "/get", "/get", "/change"}[draw.IntN(5)]
		patience := 30 * time.Second
		if draw.IntN(50) == 0 {
			patience = time.Duration(draw.IntN(3000)) * time.Microsecond
		}
		mu.Unlock()
		if i%2000 == 1999 {
			s.p.ResetConnections()
		}
		within, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		status, body, err := s.ask(within, path, "", "X-Tenant", who)
		if err != nil || status != http.StatusOK {
			return ctx.Err()
		}
		var seen []string
		if err := json.Unmarshal([]byte(body), &seen); err != nil {
			return fmt.Errorf("%s: %w", body, err)
		}
		answered.Add(1)
		if len(seen) == 0 && path != "/get" {
			empty.Add(1) // its own ten rows are always there
		}
		if foreign(seen, who) {
			saw.Add(1)
		}
		return nil
	})
	if err != nil {
		return found, err
	}
	wrote, err := s.db.count(ctx, "SELECT count(*) FROM documents WHERE tenant <> writer")
	return Side{
		Bad: int(saw.Load()) + wrote + int(empty.Load()), Of: requests,
		Note: fmt.Sprintf("%d answered, %d of them with rows of others, %d without their own; %d rows written by others", answered.Load(), saw.Load(), empty.Load(), wrote),
	}, err
}

func foreign(seen []string, who string) bool {
	for _, tenant := range seen {
		if !strings.EqualFold(tenant, who) {
			return true
		}
	}
	return false
}
