package ddl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

const savepoint = "retort_create_all"

// compareInScratch returns the signatures of the registered functions as the
// server writes them, or a *DiffError.
func (c *creation) compareInScratch(ctx context.Context, database *facts) ([]string, error) {
	// The enums of namespaces are not built, and a label that they lack would fail the
	// build of what needs it.
	if differences := compareEnums(c.s, database, func(e *schema.Enum) bool { return e.Namespace != "" }); len(differences) > 0 {
		return nil, &DiffError{Differences: differences}
	}
	if err := c.q.Exec(ctx, label+"SAVEPOINT "+savepoint); err != nil {
		return nil, fmt.Errorf("ddl: set a savepoint: %w", err)
	}
	signatures, model, err := c.build(ctx)
	if err != nil {
		return nil, err
	}
	differences := compare(c.s, model, database)
	if statements := c.again(model, database, differences); len(statements) > 0 {
		if differences, err = c.compareAgain(ctx, statements, database, differences); err != nil {
			return nil, err
		}
	}
	if len(differences) > 0 {
		return nil, &DiffError{Differences: differences}
	}
	// The rollback also takes back search_path.
	c.reader.scratch = nil
	if err := c.q.Exec(ctx, label+"ROLLBACK TO SAVEPOINT "+savepoint); err != nil {
		return nil, fmt.Errorf("ddl: roll the scratch schema back: %w", err)
	}
	return signatures, nil
}

// build makes the whole model in scratch schemas and reads it.
func (c *creation) build(ctx context.Context) ([]string, *facts, error) {
	sc, err := c.newScratch(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := c.enter(ctx, sc); err != nil {
		return nil, nil, err
	}
	moved := sc.moved(c.s)
	statements := slices.DeleteFunc(Create(moved), func(st Statement) bool {
		switch st.Kind {
		case KindNamespace, KindType, KindSequence, KindExtension, KindView, KindViewIndex, KindPolicy, KindRowSecurity, KindObjectComment:
			return true
		default:
			return st.Kind == KindEnum && st.Namespace != ""
		}
	})
	if err := c.run(ctx, statements); err != nil {
		return nil, nil, fmt.Errorf("%w (while building the models in a scratch schema to compare them)", err)
	}
	signatures, err := c.registered(ctx, moved, sc.main)
	if err != nil {
		return nil, nil, err
	}
	for i, signature := range signatures {
		signatures[i] = sc.withoutNames(signature)
	}
	c.reader.scratch = sc
	model, err := c.reader.read(ctx)
	return signatures, model, err
}

// registered looks for every object of s in namespace, for triggers in the one
// of their table, and returns the
// signatures of the functions there.
func (c *creation) registered(ctx context.Context, s *schema.Schema, namespace string) ([]string, error) {
	signatures := []string{}
	for i := range s.Objects {
		o := &s.Objects[i]
		if alone(o.Kind) {
			continue
		}
		if o.Kind == schema.Type {
			absent, err := c.absent(ctx, []string{o.Name})
			if err == nil && len(absent) > 0 {
				err = fmt.Errorf("ddl: type %s: its SQL made no type of this name; check the name, which is SQL text with its schema", o.Name)
			}
			if err != nil {
				return nil, err
			}
			continue
		}
		rows, err := c.q.Query(ctx, label+findObject(o, namespace))
		if err != nil {
			return nil, fmt.Errorf("ddl: look for %s %s: %w", o.Kind, o.Name, err)
		}
		if len(rows) == 0 {
			return nil, notMade(o)
		}
		if o.Kind == schema.Function {
			signatures = append(signatures, fullName(c.s.Objects[i].Namespace, rows[0][0]))
		}
	}
	return signatures, nil
}

func findObject(o *schema.Object, namespace string) string {
	if o.Kind == schema.Trigger {
		if o.Namespace != "" {
			namespace = o.Namespace
		}
		return "SELECT t.tgname::text FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid " +
			"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND n.nspname = " +
			sqltext.Literal(namespace) + " AND c.relname = " + sqltext.Literal(o.Table) +
			" AND t.tgname = " + sqltext.Literal(o.Name)
	}
	return "SELECT p.proname::text || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')' FROM pg_catalog.pg_proc p " +
		"WHERE p.oid = " + procedure(o, namespace)
}

// procedure is an expression for the oid of the function o in namespace.
func procedure(o *schema.Object, namespace string) string {
	if o.Namespace != "" {
		namespace = o.Namespace
	}
	signature := sqltext.Ident(namespace) + "." + sqltext.Ident(o.Name) + "(" + o.Arguments + ")"
	return "pg_catalog.to_regprocedure(" + sqltext.Literal(signature) + ")"
}

func notMade(o *schema.Object) error {
	if o.Kind == schema.Trigger {
		return fmt.Errorf("ddl: trigger %s of table %s: its SQL made no trigger of this name there; "+
			"check the name and the table, and name no schema in the SQL", o.Name, o.Table)
	}
	return fmt.Errorf("ddl: function %s(%s): its SQL made no function of this name and these argument types; "+
		"check both, and name no schema in the SQL but by %s", o.Name, o.Arguments, functionMark)
}

// again are the statements that make the differing expressions of the model
// once more from the server's own text of them.
//
// PostgreSQL writes some expressions differently once they went through a dump
// (varchar IN lists gain casts). A database that was restored from one holds the
// second form; it must not be taken for a change. What goes with a generated
// column that is made again counts only where it differed before.
func (c *creation) again(model, database *facts, differences []Difference) []string {
	var out []string
	for i := range c.s.Tables {
		t := &c.s.Tables[i]
		at := placeOf(t)
		if database.tables[at] == nil {
			continue
		}
		out = append(out, model.tables[at].again(c.reader.scratch.of(t.Namespace), t.Name, func(what string) bool {
			return slices.ContainsFunc(differences, func(d Difference) bool { return d.Table == t.FullName() && d.What == what })
		})...)
	}
	return out
}

func (t *tableFacts) again(namespace, name string, differs func(what string) bool) []string {
	var out []string
	table := qualified(namespace, name)
	for _, col := range t.columns {
		if !differs("column " + col.name) {
			continue
		}
		id := sqltext.Ident(col.name)
		if text, ok := strings.CutPrefix(col.value, "DEFAULT "); ok {
			out = append(out, "ALTER TABLE "+table+" ALTER "+id+" SET DEFAULT "+text)
		} else if strings.HasPrefix(col.value, "GENERATED ALWAYS AS (") {
			out = append(out, "ALTER TABLE "+table+" DROP COLUMN "+id+" CASCADE",
				"ALTER TABLE "+table+" ADD COLUMN "+id+" "+col.String())
		}
	}
	for _, k := range t.constraints {
		hasExpression := strings.HasPrefix(k.text, "CHECK ") || strings.HasPrefix(k.text, "EXCLUDE ")
		if hasExpression && differs("constraint "+k.name) {
			id := sqltext.Ident(k.name)
			out = append(out, "ALTER TABLE "+table+" DROP CONSTRAINT IF EXISTS "+id,
				"ALTER TABLE "+table+" ADD CONSTRAINT "+id+" "+k.text)
		}
	}
	for _, ix := range t.indexes {
		if differs("index " + ix.name) {
			out = append(out, "DROP INDEX IF EXISTS "+qualified(namespace, ix.name), ix.statement)
		}
	}
	for _, tr := range t.triggers {
		if strings.Contains(tr.text, " WHEN ") && differs("trigger "+tr.name) {
			out = append(out, "DROP TRIGGER IF EXISTS "+sqltext.Ident(tr.name)+" ON "+table, tr.statement)
		}
	}
	return out
}

// compareAgain keeps the differences that are still there after statements put
// the model into its second form.
func (c *creation) compareAgain(ctx context.Context, statements []string, database *facts, first []Difference) ([]Difference, error) {
	for _, sql := range statements {
		if err := c.q.Exec(ctx, label+sql); err != nil {
			return nil, fmt.Errorf("ddl: make an expression again from the server's text: %w", err)
		}
	}
	model, err := c.reader.read(ctx)
	if err != nil {
		return nil, err
	}
	second := compare(c.s, model, database)
	return slices.DeleteFunc(first, func(d Difference) bool {
		return !slices.ContainsFunc(second, func(o Difference) bool { return o.Table == d.Table && o.What == d.What })
	}), nil
}
