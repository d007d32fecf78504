package autogenerate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/schema"
)

// built is how many statements one transaction makes in the scratch database:
// each object needs a place in the server's lock table until it ends.
const built = 500

// scratch is an empty database in which models are built to be read.
type scratch struct {
	eng   *retort.Engine
	url   string
	clean []func(ctx context.Context) error
}

// close removes the database, whatever became of ctx.
func (s *scratch) close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var problems []error
	for _, clean := range slices.Backward(s.clean) {
		problems = append(problems, clean(ctx))
	}
	return errors.Join(problems...)
}

// openScratch makes the database: on the server behind serverURL, else on one of
// this machine. The current schema has the name that it has in the database.
func openScratch(ctx context.Context, serverURL string, version int, namespace string) (*scratch, error) {
	s := &scratch{}
	if err := s.open(ctx, serverURL, version, namespace); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

func (s *scratch) open(ctx context.Context, serverURL string, version int, namespace string) error {
	if serverURL == "" {
		server, err := s.local(ctx, version)
		if err != nil {
			return err
		}
		serverURL = server.URL("postgres")
	}
	admin, err := retort.Open(retort.Config{URL: serverURL, Base: retort.NewBase(), PoolSize: 1})
	if err != nil {
		return fmt.Errorf("autogenerate: the scratch server: %w", err)
	}
	s.clean = append(s.clean, admin.Close)
	name := "retort_scratch_" + strings.ToLower(rand.Text()[:12])
	if err := outside(ctx, admin, "CREATE DATABASE "+sqltext.Ident(name)+" TEMPLATE template0"); err != nil {
		return fmt.Errorf("autogenerate: the models are built in a database of their own, which the scratch server refuses: %w; "+
			"give its user CREATEDB, or name another server of the same major version; see docs/errors.md#scratch-database", err)
	}
	s.clean = append(s.clean, func(ctx context.Context) error {
		return outside(ctx, admin, "DROP DATABASE "+sqltext.Ident(name)+" WITH (FORCE)")
	})
	if err := outside(ctx, admin, "ALTER DATABASE "+sqltext.Ident(name)+" SET search_path = "+sqltext.Ident(namespace)); err != nil {
		return fmt.Errorf("autogenerate: the scratch database: %w", err)
	}
	target, err := withDatabase(serverURL, name)
	if err != nil {
		return err
	}
	s.url = target
	if s.eng, err = retort.Open(retort.Config{URL: target, Base: retort.NewBase(), PoolSize: 1}); err != nil {
		return fmt.Errorf("autogenerate: the scratch database: %w", err)
	}
	s.clean = append(s.clean, s.eng.Close)
	if namespace != "public" {
		if err := outside(ctx, s.eng, "CREATE SCHEMA "+sqltext.Ident(namespace)); err != nil {
			return fmt.Errorf("autogenerate: the scratch database: %w", err)
		}
	}
	return nil
}

// local starts a server on this machine, if it is of the right version.
func (s *scratch) local(ctx context.Context, version int) (*localpg.Server, error) {
	found, err := localpg.Find("")
	if err != nil {
		return nil, fmt.Errorf("autogenerate: the models are built on a PostgreSQL of this machine unless a scratch server is named: %w", err)
	}
	if found.Major != version/10000 {
		return nil, fmt.Errorf("autogenerate: the database runs PostgreSQL %d, this machine has %s; "+
			"name a scratch server of version %d, or set PG_BIN to the bin folder of one; see docs/errors.md#scratch-database", version/10000, found.Version, version/10000)
	}
	server, err := localpg.Start(ctx, localpg.Config{BinDir: found.Dir, Settings: map[string]string{"max_locks_per_transaction": "1000"}})
	if err != nil {
		return nil, fmt.Errorf("autogenerate: start a scratch server: %w", err)
	}
	s.clean = append(s.clean, server.Stop)
	return server, nil
}

// outside runs a statement that must not be in a transaction.
func outside(ctx context.Context, eng *retort.Engine, sql string) error {
	s := eng.Session()
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	//retortvet:ignore sqltext it creates or drops a database: a name cannot be a parameter, and the caller quotes it
	_, err := retort.SQL[string]("/* retort:autogenerate.scratch */ "+sql).ReadOnly().All(ctx, s)
	return err
}

// keywords finds pairs of libpq's keyword form, so that no value in quotes is taken
// for a keyword.
var keywords = regexp.MustCompile(`(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s']\S*)?`)

// withDatabase exchanges the database of a URL or of libpq's keyword form.
func withDatabase(server, database string) (string, error) {
	if scheme, _, ok := strings.Cut(server, "://"); ok && !strings.ContainsAny(scheme, " =") {
		u, err := url.Parse(server)
		if err != nil {
			return "", errors.New("autogenerate: the scratch server's URL cannot be read; its text is withheld, as it may hold a password")
		}
		u.Path = "/" + database
		query := u.Query()
		query.Del("dbname")
		u.RawQuery = query.Encode()
		return u.String(), nil
	}
	var kept []string
	for _, pair := range keywords.FindAllStringSubmatch(server, -1) {
		if pair[1] != "dbname" {
			kept = append(kept, strings.TrimSpace(pair[0]))
		}
	}
	return strings.Join(append(kept, "dbname="+database), " "), nil
}

// build makes the models, and what they refer to and somebody else owns.
func (s *scratch) build(ctx context.Context, models *schema.Schema) error {
	statements := ddl.Create(withUnmanaged(models))
	for len(statements) > 0 {
		batch := statements[:min(built, len(statements))]
		statements = statements[len(batch):]
		err := s.make(ctx, batch, true)
		if err != nil {
			err = s.make(ctx, batch, false) // one by one, to learn whose fault it is
		}
		if err != nil {
			return fmt.Errorf("autogenerate: build the models in a scratch database: %w", err)
		}
	}
	return nil
}

// BuildError says which part of the models the scratch server refuses to make.
//
//   - Shape: Table is set for tables and their parts; Kind is that of the statement.
type BuildError struct {
	Kind, Namespace, Table, Name string
	Err                          error
}

// Error names the part and gives the server's words.
func (e *BuildError) Error() string { return e.Kind + " " + e.Name + ": " + e.Err.Error() }

// Unwrap returns what the server said.
func (e *BuildError) Unwrap() error { return e.Err }

// make runs statements in one transaction; in bulk, those that internal/ddl wrote
// travel together, as many as come in a row.
func (s *scratch) make(ctx context.Context, batch []ddl.Statement, bulk bool) error {
	_, err := retort.Run(ctx, s.eng, retort.TxOptions{MaxAttempts: 1, SkipOutcome: true}, func(ctx context.Context, sess *retort.Session) (int, error) {
		if _, err := sess.Exec(ctx, "SET LOCAL check_function_bodies = off"); err != nil {
			return 0, err
		}
		var together strings.Builder
		flush := func() error {
			if together.Len() == 0 {
				return nil
			}
			//retortvet:ignore sqltext the statements of internal/ddl, which take no parameters
			_, err := sess.DBTX().Exec(ctx, "/* retort:autogenerate.scratch */ "+together.String())
			together.Reset()
			return err
		}
		for _, st := range batch {
			if bulk && ours(st.Kind) {
				together.WriteString(st.SQL + "\n;\n") // a text of the user may end in a comment
				continue
			}
			if err := flush(); err != nil {
				return 0, err
			}
			//retortvet:ignore sqltext the statements of internal/ddl, which take no parameters
			if _, err := sess.Exec(ctx, "/* retort:autogenerate.scratch */ "+st.SQL); err != nil {
				return 0, &BuildError{Kind: string(st.Kind), Namespace: st.Namespace, Table: st.Table, Name: st.Name, Err: err}
			}
		}
		return len(batch), flush()
	})
	return err
}

// ours reports whether statements of that kind are written by internal/ddl and not
// by the user, whose text must be one statement.
func ours(kind ddl.Kind) bool {
	switch kind {
	case ddl.KindTable, ddl.KindIndex, ddl.KindUniqueIndex, ddl.KindForeignKey, ddl.KindComment, ddl.KindObjectComment:
		return true
	default:
		return false
	}
}

// withUnmanaged is the schema with tables of others as plain tables, so that
// foreign keys and views find them. They are left out of the comparison.
func withUnmanaged(models *schema.Schema) *schema.Schema {
	out := *models
	out.Tables = slices.Clone(models.Tables)
	for i := range out.Tables {
		if t := &out.Tables[i]; t.Unmanaged {
			t.Unmanaged, t.ForeignKeys, t.Indexes = false, nil, nil
		}
	}
	return &out
}

// Managed is c without the tables of others, under which name there may be a view,
// and the sequences that go with them; and without the ledger of migrations.
func Managed(c *catalog.Catalog, models *schema.Schema) *catalog.Catalog {
	foreign := func(namespace, name string) bool {
		if t, ok := models.TableIn(namespace, name); ok {
			return t.Unmanaged
		}
		t, ok := models.Table(name)
		return ok && t.Unmanaged && namespace == c.Namespace
	}
	out := *c
	out.Tables = slices.DeleteFunc(slices.Clone(c.Tables), func(t catalog.Table) bool { return foreign(t.Namespace, t.Name) })
	out.Views = slices.DeleteFunc(slices.Clone(c.Views), func(v catalog.View) bool { return foreign(v.Namespace, v.Name) })
	out.Sequences = slices.DeleteFunc(slices.Clone(c.Sequences), func(s catalog.Sequence) bool {
		return foreign(s.OwnerNamespace, s.OwnerTable)
	})
	return &out
}

// ReadModels builds the models of base in a scratch database and reads it as
// [catalog.Read] reads a live one, so that the two can be compared.
//
//   - Errors: the models' problems; no server to build on; what the server says of
//     the models, with the name of the table or object.
//   - Cleanup: the scratch database is gone afterwards.
func ReadModels(ctx context.Context, base *retort.Base, database *catalog.Catalog, cfg Config) (*catalog.Catalog, error) {
	models, err := base.Schema()
	if err != nil {
		return nil, err
	}
	return ReadSchema(ctx, models, database, cfg)
}

// ReadSchema is [ReadModels] for a schema that no Base made.
//
//   - Errors: a [*BuildError] where the server refuses one of its statements.
func ReadSchema(ctx context.Context, models *schema.Schema, database *catalog.Catalog, cfg Config) (*catalog.Catalog, error) {
	if database.Namespace == "" {
		return nil, errors.New("autogenerate: search_path names no schema that exists, so the models have no place in this database; " +
			"create one or set search_path in the connection's options")
	}
	s, err := openScratch(ctx, cfg.ScratchURL, database.Version, database.Namespace)
	if err != nil {
		return nil, err
	}
	c, err := s.read(ctx, models, cfg)
	if err := errors.Join(err, s.close(ctx)); err != nil {
		return nil, err
	}
	return c, nil
}

func (s *scratch) read(ctx context.Context, models *schema.Schema, cfg Config) (*catalog.Catalog, error) {
	if err := s.build(ctx, models); err != nil {
		return nil, err
	}
	c, err := catalog.Read(ctx, s.eng, cfg.Read)
	if err != nil {
		return nil, err
	}
	return Managed(c, models), nil
}
