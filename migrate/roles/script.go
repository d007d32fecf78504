package roles

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
)

// Config names the roles and what they work on.
type Config struct {
	// Owner owns schemas and tables, and runs revisions.
	Owner string

	// App is the role that the service connects as.
	App string

	// Database is where they work. Default "", the one that the script runs in.
	Database string

	// Schemas hold the tables of the models. Default public.
	Schemas []string

	// Ledger is the schema of the runner's ledger (migrate.Options.Schema), which App
	// may read and not write. It must be none of Schemas. Default "": the ledger lies
	// among the tables, where App could write it.
	Ledger string
}

// check says everything that is wrong with c.
func (c Config) check() error {
	var problems []error
	for _, name := range append([]string{c.Owner, c.App}, c.Schemas...) {
		if err := sqltext.CheckIdent(name); err != nil {
			problems = append(problems, fmt.Errorf("roles: the name %q: %w", name, err))
		}
	}
	for _, name := range []string{c.Database, c.Ledger} {
		if err := sqltext.CheckIdent(name); name != "" && err != nil {
			problems = append(problems, fmt.Errorf("roles: the name %q: %w", name, err))
		}
	}
	if c.Owner == c.App {
		problems = append(problems, fmt.Errorf("roles: Owner and App are both %q; least privilege takes two", c.App))
	}
	if c.Ledger != "" && slices.Contains(c.Schemas, c.Ledger) {
		problems = append(problems, fmt.Errorf("roles: Ledger %q is one of Schemas; give it a schema of its own", c.Ledger))
	}
	return errors.Join(problems...)
}

// Script writes the SQL that makes both roles and gives them their rights, for a
// superuser or the owner of the database to run. It can be run again: what is there
// is brought to the same state.
//
//   - Shape: statements with their reasons as comments, no passwords; set these with
//     \password, or let certificates and the like do.
//   - Errors: names that PostgreSQL cannot have; one role for both.
func (c Config) Script() (string, error) {
	if len(c.Schemas) == 0 {
		c.Schemas = []string{"public"}
	}
	if err := c.check(); err != nil {
		return "", err
	}
	w := &writer{owner: sqltext.Ident(c.Owner), app: sqltext.Ident(c.App)}
	w.line("-- Roles of least privilege. Set their passwords with \\password.")
	w.role(c.Owner, "runs revisions: owns schemas and tables")
	w.role(c.App, "is the service: reads and writes rows, and nothing else")
	w.database(c.Database)
	for _, name := range c.Schemas {
		w.schema(name, "SELECT, INSERT, UPDATE, DELETE", "USAGE, SELECT")
	}
	if c.Ledger != "" {
		w.line("")
		w.line("-- The ledger of revisions: the service may see where it stands.")
		w.schema(c.Ledger, "SELECT", "SELECT")
	}
	return w.b.String(), nil
}

// writer writes statements.
type writer struct {
	b          strings.Builder
	owner, app string
}

func (w *writer) line(text string) { w.b.WriteString(text + "\n") }

func (w *writer) role(name, what string) {
	const none = " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
	tag := quoteTag(name)
	w.line("\n-- " + strings.Join(strings.Fields(name), " ") + " " + what + ".")
	w.line("DO " + tag)
	w.line("BEGIN")
	w.line("  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = " + sqltext.Literal(name) + ") THEN")
	w.line("    CREATE ROLE " + sqltext.Ident(name) + ";")
	w.line("  END IF;")
	w.line("END " + tag + ";")
	w.line("ALTER ROLE " + sqltext.Ident(name) + none + ";")
}

// quoteTag is a mark for a string that holds names and does not end at one.
func quoteTag(names string) string {
	tag := "$retort$"
	for strings.Contains(names, tag) {
		tag = "$" + strings.Trim(tag, "$") + "x$"
	}
	return tag
}

// database takes from everybody what the two roles shall have.
func (w *writer) database(name string) {
	w.line("\n-- Everybody may connect and make temporary tables unless told otherwise.")
	if name != "" {
		database := sqltext.Ident(name)
		w.line("REVOKE ALL ON DATABASE " + database + " FROM PUBLIC;")
		w.line("GRANT CONNECT, CREATE, TEMPORARY ON DATABASE " + database + " TO " + w.owner + ";")
		w.line("GRANT CONNECT ON DATABASE " + database + " TO " + w.app + ";")
		return
	}
	tag := quoteTag(w.owner + w.app)
	w.line("DO " + tag)
	w.line("BEGIN")
	for _, statement := range []struct{ text, role string }{
		{"REVOKE ALL ON DATABASE %I FROM PUBLIC", ""},
		{"GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO %s", w.owner},
		{"GRANT CONNECT ON DATABASE %I TO %s", w.app},
	} {
		arguments := "pg_catalog.current_database()"
		if statement.role != "" {
			arguments += ", " + sqltext.Literal(statement.role)
		}
		w.line("  EXECUTE pg_catalog.format(" + sqltext.Literal(statement.text) + ", " + arguments + ");")
	}
	w.line("END " + tag + ";")
}

func (w *writer) schema(name, tables, sequences string) {
	schema := sqltext.Ident(name)
	w.line("\nCREATE SCHEMA IF NOT EXISTS " + schema + ";")
	w.line("ALTER SCHEMA " + schema + " OWNER TO " + w.owner + ";")
	w.line("REVOKE ALL ON SCHEMA " + schema + " FROM PUBLIC, " + w.app + ";")
	w.line("GRANT USAGE ON SCHEMA " + schema + " TO " + w.app + ";")
	w.line("-- What is there, if the owner's tables are; else: REASSIGN OWNED BY … TO " + w.owner + ".")
	w.line("REVOKE ALL ON ALL TABLES IN SCHEMA " + schema + " FROM " + w.app + ";")
	w.line("GRANT " + tables + " ON ALL TABLES IN SCHEMA " + schema + " TO " + w.app + ";")
	w.line("GRANT " + sequences + " ON ALL SEQUENCES IN SCHEMA " + schema + " TO " + w.app + ";")
	w.line("-- What revisions will make.")
	for _, grant := range []string{tables + " ON TABLES", sequences + " ON SEQUENCES"} {
		w.line("ALTER DEFAULT PRIVILEGES FOR ROLE " + w.owner + " IN SCHEMA " + schema + " GRANT " + grant + " TO " + w.app + ";")
	}
}
