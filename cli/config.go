package cli

import (
	"context"
	"io/fs"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/lint"
)

// Config says what the commands work on. Commands whose part is missing are not
// listed, and say what they miss when they are typed.
type Config struct {
	// Name is what a user types before a command, as messages and help repeat it.
	// Default: the path of the command that New's is added to, else "db".
	Name string

	// Open opens the engine of a command that needs the database; the command
	// closes it. It is called at most once, and not by commands that work on files.
	// Give it the pool that the service has: doctor multiplies its size by --pods.
	// Nil: there are commands for files only.
	Open func(ctx context.Context) (*retort.Engine, error)

	// Base lists the models. Nil: nothing is compared with models.
	Base *retort.Base

	// Revisions holds the revision files, usually embedded into the program. Nil:
	// they are read from Dir.
	Revisions fs.FS

	// Dir is the folder where new revisions are written, as seen from where the
	// program runs; the flag --dir names another one, from which the files are
	// read, too. Default "revisions".
	Dir string

	// Migrate says how revisions are run, and where the ledger is. Functions of Go
	// that revisions call are in it.
	Migrate migrate.Options

	// Lint says what lint and check look for in revisions.
	Lint lint.Options

	// LintSince is a revision: check leaves out what it follows, and itself, since
	// that was run long ago. Default "", nothing is left out.
	LintSince string

	// Autogenerate says how models and database are compared.
	Autogenerate autogenerate.Config
}
