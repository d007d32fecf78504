package cli

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/pgerr"
)

// Every error of package migrate has an exit code of its own kind and a command to
// type next.
func TestExplained(t *testing.T) {
	t.Parallel()
	rev := &migrate.Revision{ID: "b2", File: "b2.sql"}
	server := pgerr.NewServerError(&pgconn.PgError{Code: "42P01"})
	taken := pgerr.NewServerError(&pgconn.PgError{Code: "42P07"})
	busy := pgerr.NewServerError(&pgconn.PgError{Code: "55P03"})
	seen := map[string]bool{}
	for _, test := range []struct {
		err  error
		code int
		next string
	}{
		{&migrate.DuplicateError{}, Disagree, "app db check --files"},
		{&migrate.FileError{}, Disagree, "app db check --files"},
		{&migrate.MissingParentError{}, Disagree, "app db check --files"},
		{&migrate.CycleError{}, Disagree, "app db check --files"},
		{&migrate.HeadsError{Heads: []*migrate.Revision{{ID: "a1"}, rev}}, Disagree, "app db merge a1 b2"},
		{&migrate.UnknownTargetError{}, Misused, "app db history"},
		{&migrate.AmbiguousTargetError{}, Misused, "app db history"},
		{&migrate.StepsError{}, Misused, "app db history"},
		{&migrate.OutOfOrderError{Applied: rev, Skipped: rev}, Disagree, "app db current"},
		{&migrate.NotAppliedError{Revision: rev}, Misused, "app db current"},
		{&migrate.IrreversibleError{Revision: rev}, Failed, `app db revision -m "…"`},
		{&migrate.EditedError{Revision: rev}, Disagree, "app db repair"},
		{&migrate.UnknownRevisionsError{}, Disagree, "app db current"},
		{&migrate.LedgerFormatError{}, Disagree, "app db doctor"},
		{&migrate.PendingError{}, Found, "app db upgrade"},
		{&migrate.UnfinishedError{Revision: "b2", Direction: migrate.Up}, Disagree, "app db upgrade b2"},
		{&migrate.UnfinishedError{Revision: "b2", Direction: migrate.Down}, Disagree, "app db downgrade b2-1"},
		{&migrate.ReadOnlyError{}, Failed, "app db doctor"},
		{&migrate.PoolerError{}, Failed, "app db doctor"},
		{&migrate.LockedError{}, Busy, "app db doctor"},
		{&migrate.LostLockError{}, Busy, "app db upgrade b2"},
		{&migrate.ConnectionsError{}, Failed, "app db doctor"},
		{&migrate.FunctionError{Revision: rev}, Failed, "app db doctor"},
		{&migrate.StepError{Revision: rev, Err: server}, Failed, "app db plan"},
		{&migrate.StepError{Revision: rev, Direction: migrate.Down, Err: server}, Failed, "app db plan --down b2-1"},
		{&migrate.StepError{Revision: rev, Err: taken}, Failed, "app db stamp b2"},
		{&migrate.StepError{Revision: rev, Direction: migrate.Down, Err: taken}, Failed, "app db plan --down b2-1"},
		{&migrate.StepError{Revision: rev, Err: busy}, Busy, "app db doctor"},
		{&pgerr.ConnectError{Err: errors.New("refused")}, Unreachable, "app db doctor"},
		{fmt.Errorf("the ledger: %w", server), Failed, "app db doctor"},
		{context.Canceled, Interrupted, "app db upgrade b2"},
		{errors.New("the disk is full"), Failed, "app db upgrade b2"},
		{misuse("what?"), Misused, "app db upgrade --help"},
	} {
		seen[reflect.TypeOf(test.err).String()] = true
		f := explained(typedUpgrade(t), test.err)
		if got := strings.Join(f.next, ", "); f.code != test.code || ExitCode(test.err) != test.code || got != test.next {
			t.Errorf("%T: exit code %d, next %q; want %d, %q", test.err, f.code, got, test.code, test.next)
		}
	}
	for _, name := range errorTypes(t, "../migrate") {
		if !seen["*migrate."+name] {
			t.Errorf("nobody says what to type after a *migrate.%s", name)
		}
	}
}

// The command to run again is the one that was typed, but for the address of the
// database: a password may be in it.
func TestExplained_repeats_what_was_typed(t *testing.T) {
	t.Parallel()
	cmd, args, err := New(Config{Name: "app db"}).Find([]string{"revision", "-m", "it's new", "--autogenerate", "--url", "postgres://a:secret@h/d", "--dir", "my files", "--id", "password=hush"})
	if err != nil {
		t.Fatal(err)
	}
	cmd.Flags().String("url", "", "as cmd/retort has it")
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	want := `app db revision --autogenerate --dir 'my files' --id … --message 'it'\''s new' --url …`
	if f := explained(cmd, errors.New("the disk is full")); len(f.next) != 1 || f.next[0] != want {
		t.Errorf("next %q, want %q", f.next, want)
	}
}

// typedUpgrade is the command of "app db upgrade b2" once it was parsed.
func typedUpgrade(tb testing.TB) *cobra.Command {
	tb.Helper()
	cmd, args, err := New(Config{Name: "app db"}).Find([]string{"upgrade", "b2"})
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.ParseFlags(args); err != nil {
		tb.Fatal(err)
	}
	return cmd
}

// errorTypes are the exported error types of a package's files.
func errorTypes(tb testing.TB, dir string) []string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			tb.Fatal(err)
		}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				for _, s := range g.Specs {
					if spec, ok := s.(*ast.TypeSpec); ok && spec.Name.IsExported() && strings.HasSuffix(spec.Name.Name, "Error") {
						out = append(out, spec.Name.Name)
					}
				}
			}
		}
	}
	if len(out) < 20 {
		tb.Fatalf("%d error types: the search is broken", len(out))
	}
	return out
}
