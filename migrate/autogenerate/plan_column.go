package autogenerate

import (
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/hazard"
)

// addColumn adds a column without a rewrite of the table where it can: what
// needs a value for each row gets it afterwards.
func (p *planner) addColumn(t *catalog.Table, d Difference) {
	col, ok := t.Column(d.Name)
	if !ok {
		return
	}
	plain := *col
	var hazards []Hazard
	rewrite := hazard.AddColumnCopy.On(t.Name)
	switch {
	case col.Identity != "" || col.Generated != "":
		plain.NotNull = col.NotNull && !p.waiting[columnKey{t.Namespace, t.Name, col.Name}]
		if !col.Virtual {
			hazards = append(hazards, rewrite)
		}
	case col.Default == "":
		plain.NotNull = false // see notNulls
	case !hazard.Constant(col.Default):
		plain.NotNull, plain.Default = false, ""
	}
	alter := "ALTER TABLE " + p.table(t.Ref())
	p.step(Together, alter+" ADD COLUMN "+columnText(&plain), hazards...)
	if plain.Default != col.Default {
		p.step(Together, alter+" ALTER COLUMN "+sqltext.Ident(col.Name)+" SET DEFAULT "+col.Default)
	}
	if col.Storage != "" {
		p.step(Together, alter+" ALTER COLUMN "+sqltext.Ident(col.Name)+" SET STORAGE "+col.Storage)
	}
}

func (p *planner) alterColumn(t *catalog.Table, name string, aspects map[Aspect]Difference) {
	fromTable, ok := p.from.Table(t.Namespace, t.Name)
	if !ok {
		return
	}
	from, ok := fromTable.Column(name)
	to, both := t.Column(name)
	if !ok || !both {
		return
	}
	alter := "ALTER TABLE " + p.table(t.Ref()) + " ALTER COLUMN " + sqltext.Ident(name)
	if _, differs := aspects[Generated]; differs {
		if to.Generated == "" {
			p.step(Together, alter+" DROP EXPRESSION", CannotUndo.Of("the values stay, but nothing keeps them up to date"))
		} else {
			if from.NotNull && p.waiting[columnKey{t.Namespace, t.Name, name}] {
				p.step(Together, alter+" DROP NOT NULL")
			}
			p.step(Together, alter+" SET EXPRESSION AS ("+to.Generated+")", hazard.SetExpression.On(t.Name))
		}
	}
	if _, differs := aspects[Identity]; differs && from.Identity != "" && to.Identity != "" {
		p.alterIdentity(t, alter, from, to)
	}
	_, retype := aspects[DataType]
	_, redefault := aspects[Default]
	if from.Default != "" && (redefault && to.Default == "" || retype && from.Type != to.Type) {
		p.step(Together, alter+" DROP DEFAULT")
	}
	if retype {
		p.retype(t, alter, from, to)
	}
	if to.Default != "" && (redefault || retype && from.Type != to.Type) {
		p.step(Together, alter+" SET DEFAULT "+to.Default)
	}
	if d, differs := aspects[Storage]; differs {
		p.step(Together, alter+" SET STORAGE "+p.storageWord(d.Model))
	}
	if d, differs := aspects[Compression]; differs {
		method := d.Model
		if method == "" {
			method = "DEFAULT"
		}
		p.step(Together, alter+" SET COMPRESSION "+method)
	}
}

// storageWord is the default's name where the server knows one.
func (p *planner) storageWord(storage string) string {
	switch {
	case storage != "":
		return storage
	case p.from.Version >= 160000:
		return "DEFAULT"
	default:
		return "EXTENDED"
	}
}

func (p *planner) retype(t *catalog.Table, alter string, from, to *catalog.Column) {
	sql := alter + " TYPE " + columnType(to)
	if hazard.BaseType(from.Type) != hazard.BaseType(to.Type) && !(hazard.Textual(from.Type) && hazard.Textual(to.Type)) {
		sql += " USING " + sqltext.Ident(to.Name)
		switch { // enums cast by way of text only
		case !from.Enum && !to.Enum || hazard.BaseType(to.Type) == "text" || hazard.BaseType(to.Type) == "text[]":
		case strings.HasSuffix(from.Type, "[]"):
			sql += "::text[]"
		case from.Type != "text":
			sql += "::text"
		}
		sql += "::" + to.Type
	}
	var hazards []Hazard
	if from.Type == to.Type {
		hazards = append(hazards, hazard.AccessExclusive.OnUntil(t.Name, "while the indexes of the column are built anew"))
	} else if !hazard.Widens(from.Type, to.Type) {
		copied := hazard.AlterTypeCopy.On(t.Name)
		copied.Text += " and its indexes are built anew"
		hazards = append(hazards, copied)
		switch {
		case !from.Enum && !to.Enum && !castable(from.Type, to.Type):
			hazards = append(hazards, ByHand.Of("PostgreSQL has no cast from "+from.Type+" to "+to.Type+": write behind USING how the new values are made"))
		case zoned(from.Type) != zoned(to.Type):
			hazards = append(hazards, ByHand.Of("the session's TimeZone says which moment a time without a zone means: set it before this step"))
		case !holds(from, to):
			hazards = append(hazards, MayFail.Of("a value that "+to.Type+" cannot hold stops it, or loses what does not fit"))
		}
	} else {
		hazards = append(hazards, hazard.AlterTypeWiden.On(t.Name))
	}
	p.step(Together, sql, hazards...)
}

// holds reports whether a type takes every value of another.
func holds(from, to *catalog.Column) bool {
	if to.Type == "text" || to.Type == "character varying" {
		return true
	}
	a, b := slices.Index(numbers, from.Type), slices.Index(numbers, to.Type)
	return a >= 0 && a < b
}

// numbers are types that can be compared with each other, each wider than the one
// before it.
var numbers = []string{"smallint", "integer", "bigint", "numeric"}

func number(col *catalog.Column) bool { return slices.Contains(numbers, hazard.BaseType(col.Type)) }

func zoned(typ string) bool { return strings.HasSuffix(hazard.BaseType(typ), " with time zone") }
