package ddl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/retort-go/retort/schema"
)

// LockKey is the advisory lock of [CreateAll]: the first eight bytes of the
// SHA-256 of "retort.create_all", read as a big-endian signed number.
const LockKey int64 = 8584546915599588431

// Querier runs SQL inside one transaction, which the caller opens, commits or
// rolls back.
//
//   - Shape: Exec runs one statement. Query returns its rows in order, every
//     value as text; all result columns are of type text and never NULL.
//   - Errors: as the caller makes them; [CreateAll] wraps and returns them.
type Querier interface {
	Exec(ctx context.Context, sql string) error
	Query(ctx context.Context, sql string) ([][]string, error)
}

// Result says what [CreateAll] did.
//
//   - Shape: Created holds the statements that ran, in order; empty when
//     everything was there.
type Result struct {
	Created []Statement
}

// CreateAll creates what is missing of s in the current schema, which is the
// first one of search_path that exists, and in the namespaces that s names.
//
// One advisory lock, held to the end of the transaction, makes several callers
// wait for each other. When something of s exists, s is built in a scratch
// schema inside a savepoint, both sides are read through the same catalog
// queries and compared, and the savepoint is rolled back; this needs the CREATE
// privilege on the database.
//
//   - Shape: namespaces, enums, types, functions and whole tables are created; what is missing from
//     an existing table is a difference. Extra indexes, constraints, triggers,
//     enum values and columns are fine, a NOT NULL column without a default is
//     not. Comments and storage parameters are compared where the model sets them,
//     the first number of an identity column likewise. Of types only the name
//     counts. Owners, privileges and row
//     security are not compared.
//   - Errors: the joined problems of [Validate]; [*DiffError] when something
//     that exists differs; else what the server said. After an error the caller
//     rolls back.
//   - Concurrency: one goroutine, one transaction at READ COMMITTED; at a higher
//     level the catalog would be read as it was before the lock was there.
//   - Source: docs/limits.md#create-all.
func CreateAll(ctx context.Context, q Querier, s *schema.Schema) (Result, error) {
	if problems := Validate(s); len(problems) > 0 {
		return Result{}, errors.Join(problems...)
	}
	c := creation{q: q, s: s, reader: newReader(q, s)}
	if err := c.prepare(ctx); err != nil {
		return Result{}, err
	}
	database, err := c.reader.read(ctx)
	if err != nil {
		return Result{}, err
	}
	// Types cannot be made in a scratch schema by their SQL, so what they need and
	// they themselves are there before the models are built to be compared.
	lacking, err := c.lacking(ctx)
	if err != nil {
		return Result{}, err
	}
	early, err := c.missingTypes(ctx, database, lacking)
	if err != nil {
		return Result{}, err
	}
	if err := c.run(ctx, early); err != nil {
		return Result{}, err
	}
	var signatures []string
	if !database.empty() {
		if signatures, err = c.compareInScratch(ctx, database); err != nil {
			return Result{}, err
		}
	}
	late := c.missing(database, signatures, lacking)
	if err := c.run(ctx, late); err != nil {
		return Result{}, err
	}
	result := Result{Created: append(early, late...)}
	if err := c.finish(ctx, result.Created); err != nil {
		return Result{}, err
	}
	return result, nil
}

// creation is one run of CreateAll.
type creation struct {
	q         Querier
	s         *schema.Schema
	reader    *reader
	namespace string // the current schema
	checked   bool   // check_function_bodies was on
}

// prepare takes the lock first: what is read before it may be made by another
// caller meanwhile.
func (c *creation) prepare(ctx context.Context) error {
	lock := fmt.Sprintf("%sSELECT 'locked' FROM pg_catalog.pg_advisory_xact_lock(%d)", label, LockKey)
	if _, err := c.q.Query(ctx, lock); err != nil {
		return fmt.Errorf("ddl: wait for another CreateAll: %w", err)
	}
	// SQL functions may read tables that come later; they are checked at the end.
	rows, err := c.q.Query(ctx, label+`SELECT coalesce(pg_catalog.current_schema()::text, ''),
  pg_catalog.current_setting('transaction_isolation'), pg_catalog.current_setting('check_function_bodies'),
  pg_catalog.set_config('check_function_bodies', 'off', true)`)
	if err != nil {
		return fmt.Errorf("ddl: read the settings: %w", err)
	}
	if len(rows) != 1 || len(rows[0]) != 4 {
		return fmt.Errorf("ddl: read the settings: %d rows came back instead of 1", len(rows))
	}
	if isolation := rows[0][1]; isolation != "read committed" && isolation != "read uncommitted" {
		return fmt.Errorf("ddl: CreateAll runs in a transaction at READ COMMITTED, this one is at %s",
			strings.ToUpper(isolation))
	}
	c.namespace, c.checked = rows[0][0], rows[0][2] == "on"
	if c.namespace == "" {
		return errors.New("ddl: there is no schema to create in: search_path names none that exists; " +
			"create one or set search_path in the connection's options")
	}
	return nil
}

// missingTypes are the statements for the namespaces, extensions, enums, types and
// sequences that the database does not have.
func (c *creation) missingTypes(ctx context.Context, database *facts, lacking map[objectKey]bool) ([]Statement, error) {
	var names []string
	for i := range c.s.Objects {
		if o := &c.s.Objects[i]; o.Kind == schema.Type {
			names = append(names, o.Name)
		}
	}
	absent, err := c.absent(ctx, names)
	if err != nil {
		return nil, err
	}
	var out []Statement
	there := true
	for _, st := range Create(c.s) {
		switch st.Kind {
		case KindNamespace:
			there = slices.Contains(database.namespaces, st.Name)
		case KindEnum:
			there = database.types[place{st.Namespace, st.Name}] != nil
		case KindType:
			there = !slices.Contains(absent, st.Name)
		case KindExtension, KindSequence:
			there = !lacks(lacking, st)
		case KindObjectComment: // goes with what stands before it
		default:
			there = true
		}
		if !there {
			out = append(out, st)
		}
	}
	return out, nil
}

// absent lists those of the types that the database does not have.
func (c *creation) absent(ctx context.Context, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	list := strings.TrimSuffix(nameArray(names), "name[]") + "text[]"
	rows, err := c.q.Query(ctx, label+strings.ReplaceAll(absentTypesSQL, "{names}", list))
	if err != nil {
		return nil, fmt.Errorf("ddl: look for the types: %w", err)
	}
	var absent []string
	for _, row := range rows {
		absent = append(absent, row[0])
	}
	return absent, nil
}

// missing are the statements for what else database does not have at all. Parts
// of a table follow the table.
func (c *creation) missing(database *facts, signatures []string, lacking map[objectKey]bool) []Statement {
	var out []Statement
	function, there := 0, true
	for _, st := range Create(c.s) {
		switch st.Kind {
		case KindNamespace, KindExtension, KindEnum, KindType, KindSequence:
			there = true
		case KindObjectComment: // goes with what stands before it
		case KindViewIndex:
			if lacks(lacking, st) {
				out = append(out, st)
			}
			continue // what is about the view comes behind it
		case KindView, KindPolicy, KindRowSecurity:
			there = !lacks(lacking, st)
		case KindFunction:
			there = false
			if signatures != nil {
				_, there = find(database.functions, signatures[function])
			}
			function++
		default:
			there = database.tables[place{st.Namespace, st.Table}] != nil
		}
		if !there {
			out = append(out, st)
		}
	}
	return out
}

func (c *creation) run(ctx context.Context, statements []Statement) error {
	for _, st := range statements {
		if err := c.q.Exec(ctx, label+st.SQL); err != nil {
			what := fmt.Sprintf("%s %s", st.Kind, st.Name)
			if st.Kind == KindTable || st.Kind == KindEnum || st.Kind == KindFunction {
				what = fmt.Sprintf("%s %s", st.Kind, fullName(st.Namespace, st.Name))
			}
			if st.Table != "" && st.Kind != KindTable {
				what += " of table " + fullName(st.Namespace, st.Table)
			}
			return fmt.Errorf("ddl: create %s: %w", what, err)
		}
	}
	return nil
}

// finish looks whether the registered SQL made what it is registered as, and
// has the server check the bodies of new functions.
func (c *creation) finish(ctx context.Context, created []Statement) error {
	if len(created) > 0 {
		if _, err := c.registered(ctx, c.s, c.namespace); err != nil {
			return err
		}
		if err := c.notAsNamed(ctx); err != nil {
			return err
		}
	}
	if !c.checked {
		return nil
	}
	if err := c.q.Exec(ctx, label+"SET LOCAL check_function_bodies = on"); err != nil {
		return fmt.Errorf("ddl: restore check_function_bodies: %w", err)
	}
	for i := range c.s.Objects {
		o := &c.s.Objects[i]
		made := slices.ContainsFunc(created, func(st Statement) bool {
			return o.Kind == schema.Function && st.Kind == KindFunction && st.Name == functionName(o) && st.Namespace == o.Namespace
		})
		if !made {
			continue
		}
		if err := c.checkBody(ctx, o); err != nil {
			return fmt.Errorf("ddl: create function %s: %w", fullName(o.Namespace, functionName(o)), err)
		}
	}
	return nil
}

// checkBody calls what CREATE FUNCTION would have called with
// check_function_bodies = on.
func (c *creation) checkBody(ctx context.Context, o *schema.Object) error {
	rows, err := c.q.Query(ctx, label+`SELECT l.lanvalidator::pg_catalog.regproc::text, p.oid::text
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanvalidator <> 0
WHERE p.oid = `+procedure(o, c.namespace))
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := c.q.Exec(ctx, label+"SELECT "+row[0]+"("+row[1]+")"); err != nil {
			return err
		}
	}
	return nil
}
