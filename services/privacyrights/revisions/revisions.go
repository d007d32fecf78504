// Package revisions holds the revisions of the service's schema, embedded into the
// program.
//
// The one idea: the shipped binary brings its database up to date by itself,
// without a toolchain and without files beside it.
//
//	$ privacyrights db revision --autogenerate -m "add due date"
//
// writes the next file here. schema.sql beside this folder is what all of them make,
// for those who review; a test keeps it so. Packages app and testdb sit above; below
// is package migrate.
package revisions

import (
	"embed"

	"github.com/retort-go/retort/migrate"
)

// Files holds the revisions, *.sql.
//
//go:embed *.sql
var Files embed.FS

// History reads the files.
//
//   - Errors: what is wrong with a file, or between them.
func History() (*migrate.History, error) { return migrate.Read(Files) }
