package autogenerate_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/retorttest"
)

// Author, Book and Account are what the models of these tests say.
type (
	Author struct {
		retort.UUIDKey
		retort.Timestamps
		Name string
	}
	Book struct {
		retort.UUIDKey
		AuthorID uuid.UUID
		Title    string
		Pages    int32
	}
	Unmade struct { // its default cannot be made
		ID   int64
		Code string
	}
	Account struct { // somebody else's
		ID int64
	}
)

func (Author) Define(d *retort.Definition[Author]) {
	d.Unique(&d.C.Name)
	d.Column(&d.C.Name).Comment("As printed")
}

func (Book) Define(d *retort.Definition[Book]) {
	d.References(&d.C.AuthorID, &authors.C.ID)
	d.Index(&d.C.Title).Where("pages > 10")
}

func (Unmade) Define(d *retort.Definition[Unmade]) {
	d.PrimaryKey(&d.C.ID)
	d.Column(&d.C.Code).Default("missing()")
}

func (Account) Define(d *retort.Definition[Account]) { d.PrimaryKey(&d.C.ID) }

var (
	authors  = retort.NewTable[Author]("authors")
	books    = retort.NewTable[Book]("books", retort.InNamespace("shop"))
	unmade   = retort.NewTable[Unmade]("unmade")
	accounts = retort.NewTable[Account]("accounts", retort.Unmanaged)
	base     = retort.NewBase(
		authors, books, accounts,
		retort.Extension("hstore"),
		retort.View("long_books", "CREATE VIEW long_books AS SELECT b.title, a.name FROM shop.books b JOIN authors a ON a.id = b.author_id WHERE b.pages > 100"),
		retort.Function("keep", "", "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$"),
		retort.Trigger("authors_stay", "authors", "CREATE TRIGGER authors_stay BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep()"),
		retort.Policy("everybody", "authors", "CREATE POLICY everybody ON {table} USING (true)"),
	)
)

// config builds models on the server of the tests.
func config(tb testing.TB) autogenerate.Config {
	tb.Helper()
	return autogenerate.Config{ScratchURL: retorttest.NewDatabase(tb, retorttest.Template{}).URL()}
}

func generate(tb testing.TB, db database, cfg autogenerate.Config) *autogenerate.Candidate {
	tb.Helper()
	c, err := autogenerate.Generate(tb.Context(), db.eng, base, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestGenerate(t *testing.T) {
	t.Parallel()

	t.Run("makes_what_models_and_registered_objects_say", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t, "CREATE TABLE accounts (id bigserial PRIMARY KEY, owner text); CREATE TABLE theirs (id int); CREATE VIEW ours AS SELECT 1 AS x")
		c := generate(t, db, config(t))
		golden(t, "generate.txtar", archive("", "", c.Differences, c.Plan))
		db.apply(t, c.Plan.Up)
		if again := generate(t, db, config(t)); len(again.Differences) > 0 || len(again.Plan.Up) > 0 {
			t.Errorf("the second run finds\n%s", list(again.Differences))
		}
		db.apply(t, c.Plan.Down)
		if left := compare(t, db.read(t), c.Database, autogenerate.Options{}); len(left) > 0 {
			t.Errorf("down leaves\n%s", list(left))
		}
		for _, name := range []string{"theirs", "ours", "accounts"} {
			if n := db.QueryInt(t, "SELECT count(*) FROM pg_class WHERE relname = '"+name+"'"); n != 1 {
				t.Errorf("%s is gone", name)
			}
		}
	})

	t.Run("finds_nothing_after_CreateAll", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t, "CREATE TABLE accounts (id bigint PRIMARY KEY)")
		if err := base.CreateAll(t.Context(), db.eng); err != nil {
			t.Fatal(err)
		}
		cfg := config(t)
		cfg.Options.DropUnclaimed = true
		if c := generate(t, db, cfg); len(c.Differences) > 0 {
			t.Errorf("it finds\n%s", list(c.Differences))
		}
	})

	t.Run("leaves_the_ledger_of_migrations_alone", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t, "CREATE TABLE accounts (id bigint PRIMARY KEY)")
		if err := base.CreateAll(t.Context(), db.eng); err != nil {
			t.Fatal(err)
		}
		eng := engine(t, db.URL())
		history, err := migrate.NewHistory(&migrate.Revision{ID: "a"})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"", "other service's"} {
			runner, err := migrate.New(eng, history, migrate.Options{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := runner.Upgrade(t.Context(), "head"); err != nil {
				t.Fatal(err)
			}
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE '%_lease'"); n != 2 {
			t.Fatalf("there are %d ledgers, want 2", n)
		}
		cfg := config(t)
		cfg.Options.DropUnclaimed = true
		if c := generate(t, db, cfg); len(c.Differences) > 0 {
			t.Errorf("it finds\n%s", list(c.Differences))
		}
	})

	t.Run("works_in_another_current_schema", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t, `CREATE SCHEMA "my app"; CREATE TABLE "my app".accounts (id bigint PRIMARY KEY)`)
		db.Exec(t, "ALTER DATABASE "+db.Name()+` SET search_path = "my app"`)
		eng := engine(t, db.URL())
		there := database{retorttestDatabase(db), eng}
		c := generate(t, there, config(t))
		for _, s := range c.Plan.Up {
			if strings.Contains(s.SQL, "public") {
				t.Errorf("%s", s.SQL)
			}
			db.Exec(t, `SET search_path = "my app"; `+s.SQL)
		}
		if again := generate(t, there, config(t)); len(again.Differences) > 0 {
			t.Errorf("the second run finds\n%s", list(again.Differences))
		}
	})

	t.Run("writes_nothing_into_the_database", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t, "CREATE TABLE accounts (id bigint PRIMARY KEY)")
		eng := engine(t, db.URL()+"&options=-cdefault_transaction_read_only=on")
		if err := base.CreateAll(t.Context(), eng); err == nil {
			t.Fatal("the control: tables were made in a database that takes no changes")
		}
		if c := generate(t, database{retorttestDatabase(db), eng}, config(t)); len(c.Differences) == 0 {
			t.Error("no difference")
		}
	})

	t.Run("looks_at_what_the_filters_let_through", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t, "CREATE SCHEMA theirs; CREATE TABLE theirs.one (id int); CREATE TABLE other (id int); CREATE TABLE accounts (id bigint PRIMARY KEY)")
		cfg := config(t)
		cfg.Options.DropUnclaimed = true
		seen := func(read catalog.Options) string {
			cfg.Read = read
			return list(generate(t, db, cfg).Differences)
		}
		all := seen(catalog.Options{})
		for _, want := range []string{"drop schema theirs", "drop table theirs.one", "drop table other", "add table authors", "add table shop.books"} {
			if !strings.Contains(all, want+"\n") {
				t.Errorf("without filters it does not find: %s in\n%s", want, all)
			}
		}
		if got := seen(catalog.Options{Exclude: []string{"theirs", "public.other"}}); strings.Contains(got, "theirs") || strings.Contains(got, "other") || !strings.Contains(got, "add table authors\n") {
			t.Errorf("left out, and yet\n%s", got)
		}
		if got := seen(catalog.Options{Include: []string{"shop"}}); strings.Contains(got, "public") || strings.Contains(got, "authors\n") || !strings.Contains(got, "add table shop.books\n") {
			t.Errorf("of the schema shop alone\n%s", got)
		}
	})

	t.Run("leaves_no_scratch_database_behind", func(t *testing.T) {
		t.Parallel()
		server, err := localpg.Start(t.Context(), localpg.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Stop(context.Background()) })
		eng := engine(t, server.URL("postgres"))
		scratches := func() string {
			rows, err := eng.Snapshot(t.Context(), "SELECT count(*)::text FROM pg_database WHERE datname LIKE 'retort_scratch%'")
			if err != nil {
				t.Fatal(err)
			}
			return rows[0][0][0]
		}
		broken := retort.NewBase(retort.View("v", "CREATE VIEW v AS SELECT nothing"))
		cfg := autogenerate.Config{ScratchURL: server.URL("postgres")}
		_, err = autogenerate.Generate(t.Context(), eng, broken, cfg)
		if err == nil || !strings.Contains(err.Error(), "view v") || !strings.Contains(err.Error(), "42703") {
			t.Errorf("Generate = %v", err)
		}
		_, err = autogenerate.Generate(t.Context(), eng, retort.NewBase(authors, unmade), cfg)
		if err == nil || !strings.Contains(err.Error(), "table unmade") || !strings.Contains(err.Error(), "42883") {
			t.Errorf("Generate = %v", err) // though its statements travel together
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := autogenerate.Generate(ctx, eng, base, cfg); err == nil {
			t.Error("no error")
		}
		if n := scratches(); n != "0" {
			t.Errorf("%s are left", n)
		}
	})

	t.Run("builds_on_a_server_of_this_machine", func(t *testing.T) {
		t.Parallel()
		if c := generate(t, newDatabase(t, ""), autogenerate.Config{}); len(c.Differences) == 0 {
			t.Error("no difference")
		}
	})
}

// retorttestDatabase is the part of a database that does not speak to an engine.
func retorttestDatabase(d database) *retorttest.Database { return d.Database }

func TestGenerateErrors(t *testing.T) {
	t.Parallel()
	db := newDatabase(t, "")

	t.Run("a_user_who_may_not_create_databases", func(t *testing.T) {
		t.Parallel()
		admin := retorttest.NewDatabase(t, retorttest.Template{})
		role := "weak_" + admin.Name()
		admin.Exec(t, "CREATE ROLE "+role+" LOGIN")
		t.Cleanup(func() { admin.Exec(t, "DROP ROLE "+role) })
		weak := strings.Replace(admin.URL(), "retort@", role+"@", 1)
		_, err := autogenerate.Generate(t.Context(), db.eng, base, autogenerate.Config{ScratchURL: weak})
		if err == nil || !strings.Contains(err.Error(), "CREATEDB") {
			t.Errorf("Generate = %v", err)
		}
	})

	t.Run("no_current_schema", func(t *testing.T) {
		t.Parallel()
		nowhere := newDatabase(t, "")
		c := nowhere.read(t)
		c.Namespace = ""
		if _, err := autogenerate.ReadModels(t.Context(), base, c, config(t)); err == nil || !strings.Contains(err.Error(), "search_path") {
			t.Errorf("ReadModels = %v", err)
		}
	})

	t.Run("another_major_version", func(t *testing.T) {
		t.Parallel()
		c := db.read(t)
		c.Version = 990001
		if _, err := autogenerate.ReadModels(t.Context(), base, c, autogenerate.Config{}); err == nil || !strings.Contains(err.Error(), "99") {
			t.Errorf("ReadModels = %v", err)
		}
		if _, err := autogenerate.Compare(c, db.read(t), autogenerate.Options{}); err == nil || !strings.Contains(err.Error(), "99") {
			t.Errorf("Compare = %v", err)
		}
	})

	t.Run("models_that_do_not_compile", func(t *testing.T) {
		t.Parallel()
		if _, err := autogenerate.Generate(t.Context(), db.eng, nil, autogenerate.Config{}); err == nil {
			t.Error("no error")
		}
	})

	for name, r := range map[string]autogenerate.Renaming{
		"hint_that_the_models_do_not_know": {Kind: catalog.KindTable, From: "t", To: "missing"},
		"hint_for_what_the_models_keep":    {Kind: catalog.KindTable, From: "t", To: "u"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newDatabase(t, "CREATE TABLE t (id int); CREATE TABLE u (id int)").read(t)
			_, err := autogenerate.Compare(c, c, autogenerate.Options{Renames: []autogenerate.Renaming{r}})
			if err == nil || !strings.Contains(err.Error(), r.To) {
				t.Errorf("Compare = %v", err)
			}
		})
	}
}

func TestHintsThatAreFulfilled(t *testing.T) {
	t.Parallel()
	c := newDatabase(t, "CREATE TABLE u (b int)").read(t)
	opts := autogenerate.Options{Renames: []autogenerate.Renaming{
		{Kind: catalog.KindTable, From: "t", To: "u"}, {Kind: catalog.KindColumn, Table: "u", From: "a", To: "b"},
	}}
	if left := compare(t, c, c, opts); len(left) > 0 {
		t.Errorf("%s", list(left))
	}
}

func TestDeterminism(t *testing.T) {
	t.Parallel()
	db, cfg := newDatabase(t, ""), config(t)
	cfg.Options.DropUnclaimed = true
	var first string
	for i := range 3 {
		c := generate(t, db, cfg)
		text := archive("", "", c.Differences, c.Plan) + fmt.Sprint(len(c.Plan.Up))
		if i == 0 {
			first = text
		} else if diff := cmp.Diff(first, text); diff != "" {
			t.Errorf("run %d differs\n%s", i, diff)
		}
	}
}

func TestWithDatabase(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"postgres://u:p%40@h:1/old?sslmode=disable":                           "postgres://u:p%40@h:1/new?sslmode=disable",
		"postgresql+asyncpg://h/old?dbname=x&ssl=prefer":                      "postgresql+asyncpg://h/new?ssl=prefer",
		"postgres:///?host=/run/pg":                                           "postgres:///new?host=%2Frun%2Fpg",
		"host=h dbname=old user=u":                                            "host=h user=u dbname=new",
		"dbname='my old' password='a  dbname=b\\' c' options='-c x=dbname=y'": "password='a  dbname=b\\' c' options='-c x=dbname=y' dbname=new",
	} {
		if got, err := autogenerate.WithDatabase(in, "new"); err != nil || got != want {
			t.Errorf("%s became %s, %v; want %s", in, got, err, want)
		}
	}
	_, err := autogenerate.WithDatabase("postgres://u:secret@[h/x", "new")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}
