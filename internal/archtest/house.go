package archtest

import "strings"

// Room is one package of the library, or a package and those below it.
type Room struct {
	// Dir is its folder from the root; "." is the root package.
	Dir string
	// Floor orders the rooms: imports point to lower floors only.
	Floor int
	// Links are the libraries outside the standard library that its own
	// code may import, as path prefixes. Empty: standard library only.
	Links []string
}

// Libraries that rooms link.
const (
	pgx        = "github.com/jackc/pgx/v5"
	uuid       = "github.com/gofrs/uuid/v5"
	otel       = "go.opentelemetry.io/otel"
	prometheus = "github.com/prometheus/client_golang"
	cobra      = "github.com/spf13/cobra"
	pflag      = "github.com/spf13/pflag" // cobra's flags
	pretty     = "github.com/jedib0t/go-pretty/v6"
	xtools     = "golang.org/x/tools"
	rapid      = "pgregory.net/rapid"
)

// House draws the library from the cellar to the roof; ARCHITECTURE.md says
// in words what each room is for.
//
//   - Shape: one row per room; a sub-package has a row of its own where it
//     stands on another floor than its parent, else it shares the parent's.
func House() []Room {
	return []Room{
		// The bottom: none of these imports another.
		{Dir: "schema", Floor: 0},
		{Dir: "pool", Floor: 0},
		{Dir: "pgerr", Floor: 0, Links: []string{pgx}},
		{Dir: "internal/sqltext", Floor: 0},
		{Dir: "localpg", Floor: 0},
		{Dir: "retorttest/history", Floor: 0},
		{Dir: "retorttest/proxy", Floor: 0, Links: []string{pgx}},

		{Dir: "migrate/manifest", Floor: 0}, // values and their file, which the test kit writes

		{Dir: "internal/pgbin", Floor: 1},
		{Dir: "internal/statement", Floor: 1, Links: []string{pgx}},
		{Dir: "internal/ddl", Floor: 1},
		{Dir: "internal/ddl/ddltest", Floor: 1, Links: []string{rapid}}, // for tests alone
		{Dir: "internal/mapper", Floor: 1, Links: []string{pgx}},
		{Dir: "internal/model", Floor: 2},
		{Dir: "internal/flight", Floor: 2, Links: []string{pgx}},
		{Dir: "internal/sqldriver", Floor: 2, Links: []string{pgx}},
		{Dir: "internal/query", Floor: 3},
		{Dir: "internal/unitofwork", Floor: 4, Links: []string{uuid}},

		{Dir: ".", Floor: 5, Links: []string{pgx, uuid}},

		{Dir: "retorttest", Floor: 6, Links: []string{pgx}},
		{Dir: "web", Floor: 6},
		{Dir: "observe", Floor: 6, Links: []string{otel, prometheus}},
		{Dir: "dashboard", Floor: 6},
		{Dir: "migrate/hazard", Floor: 6},
		{Dir: "migrate/catalog", Floor: 6}, // it knows no package of the house: rows come through its Source
		{Dir: "migrate", Floor: 7},
		{Dir: "migrate/erd", Floor: 7},
		{Dir: "migrate/autogenerate", Floor: 9},
		{Dir: "migrate/lint", Floor: 8},
		{Dir: "migrate/roles", Floor: 7},
		{Dir: "migrate/rolling", Floor: 8},
		{Dir: "doctor", Floor: 8}, // it tells a role's rights by migrate/roles
		{Dir: "migrate/adopt", Floor: 10},
		{Dir: "migrate/drift", Floor: 10},
		{Dir: "migrate/inspect", Floor: 10},
		{Dir: "cli", Floor: 11, Links: []string{cobra, pflag, pretty}},
		{Dir: "cmd/retort", Floor: 12},

		// They look at the repository from outside and import none of it.
		{Dir: "internal/archtest", Floor: 0},
		{Dir: "internal/readmetest", Floor: 0},
		{Dir: "internal/guidetest", Floor: 0},  // its code is tests alone, which use the library
		{Dir: "internal/streamtest", Floor: 0}, // alike

		// A module of its own: it knows the library by its names only.
		{Dir: "cmd/retortvet", Floor: 0, Links: []string{xtools}},
	}
}

// Strangers are the top rooms that must not know each other.
func Strangers() []string { return []string{"web", "migrate", "dashboard", "observe"} }

// LinkedModules are the modules that a service may find in its binary after
// importing the root and web: pgx with its own, and the UUID library.
func LinkedModules() []string {
	return []string{
		Module,
		pgx,
		"github.com/jackc/pgpassfile",
		"github.com/jackc/pgservicefile",
		"golang.org/x/text",
		uuid,
	}
}

// room finds the row that a folder belongs to: the longest that contains it.
func room(dir string) (Room, bool) {
	var found Room
	ok := false
	for _, r := range House() {
		if within(dir, r.Dir) && (!ok || len(r.Dir) > len(found.Dir)) {
			found, ok = r, true
		}
	}
	return found, ok
}

// within reports whether path is prefix itself or lies below it. Nothing lies
// below the root: each folder there is a room of its own.
func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}
