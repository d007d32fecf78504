package cli_test

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/cli"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/retorttest"
)

// The scripts run this test binary as the program "app", as its users would
// write it, and as "files", which opens no database and has no models.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"app":  func() { os.Exit(run(config())) },
		"shop": func() { os.Exit(run(shop())) },
		"files": func() {
			os.Exit(run(cli.Config{Name: "files"}))
		},
	})
}

func run(cfg cli.Config) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "db" {
		args = args[1:]
	}
	return cli.Run(ctx, cli.New(cfg), args...)
}

// config is the program's: what differs from script to script comes from its
// environment.
func config() cli.Config {
	base := bases[cmp.Or(os.Getenv("MODELS"), "1")]
	cfg := cli.Config{
		Name: "app db", Base: base,
		Open: func(context.Context) (*retort.Engine, error) {
			url := os.Getenv("DATABASE_URL")
			if url == "" {
				return nil, errors.New("app: DATABASE_URL is empty; set it to the database's URL")
			}
			return retort.Open(retort.Config{Base: base, URL: url})
		},
		Autogenerate: autogenerate.Config{ScratchURL: os.Getenv("SCRATCH_URL")},
	}
	if dir := os.Getenv("EMBEDDED"); dir != "" {
		cfg.Revisions = os.DirFS(dir)
	}
	return cfg
}

// Every script has a database of its own.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	postgres, err := localpg.Find("")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			db := retorttest.NewDatabase(t, retorttest.Template{})
			testscript.Run(t, testscript.Params{
				Files: []string{file}, RequireExplicitExec: true, RequireUniqueNames: true,
				UpdateScripts: os.Getenv("UPDATE") != "",
				Setup: func(env *testscript.Env) error {
					env.Setenv("DATABASE_URL", db.URL())
					env.Setenv("SCRATCH_URL", db.URL())
					env.Setenv("URL", db.URL())
					env.Setenv("NAME", db.Name())
					env.Setenv("PATH", postgres.Dir+string(filepath.ListSeparator)+env.Getenv("PATH"))
					env.Setenv("GORACE", os.Getenv("GORACE"))
					return nil
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"sql":  sqlCmd(db),
					"code": codeCmd,
				},
			})
		})
	}
}

// sqlCmd runs SQL in the script's database: `sql 'SELECT …'` prints its rows.
func sqlCmd(db *retorttest.Database) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: sql 'SELECT …'")
		}
		conn, err := pgx.Connect(context.Background(), db.URL())
		ts.Check(err)
		defer conn.Close(context.Background())
		results, err := conn.PgConn().Exec(context.Background(), args[0]).ReadAll()
		ts.Check(err)
		var out strings.Builder
		for _, result := range results {
			for _, row := range result.Rows {
				for i, value := range row {
					if i > 0 {
						out.WriteString(" | ")
					}
					out.Write(value)
				}
				out.WriteString("\n")
			}
		}
		_, err = ts.Stdout().Write([]byte(out.String()))
		ts.Check(err)
	}
}

// codeCmd runs a program that must end with an exit code: `code 3 app db check`.
func codeCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code 3 app db check")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if want := args[0]; strconv.Itoa(got) != want {
		ts.Fatalf("exit code %d, want %s", got, want)
	}
}
