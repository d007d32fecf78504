package ddl

import (
	"math"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// Names that every table has already.
func systemColumn(name string) bool {
	return slices.Contains([]string{"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"}, name)
}

func (v *validation) column(table string, c *schema.Column) {
	where := table + ": column " + c.Name
	v.name("column", table, c.Name)
	if systemColumn(c.Name) {
		v.problem(where, "PostgreSQL keeps this name for a column of its own")
	}
	if strings.TrimSpace(c.Type) == "" {
		v.problem(where, "it has no type")
	}
	v.text(where, "type", c.Type)
	v.text(where, "default", c.Default)
	v.text(where, "generating expression", c.Generated)
	v.text(where, "comment", c.Comment)
	v.collation(where, c)
	if c.Generated != "" && c.Default != "" {
		v.problem(where, "it is generated and has a default; PostgreSQL takes one of them")
	}
	v.identity(where, c)
}

func (v *validation) collation(where string, c *schema.Column) {
	if c.Collation == "" {
		return
	}
	v.name("collation", where, c.Collation)
	if f := family(c.Type); f != "text" && f != "" {
		v.problem(where, "it has the collation %q, but its type %s knows none", c.Collation, c.Type)
	}
}

func (v *validation) identity(where string, c *schema.Column) {
	switch c.Identity {
	case schema.NoIdentity:
		if c.Sequence != (schema.Sequence{}) {
			v.problem(where, "it has a start or an increment, but it is no identity column")
		}
		return
	case schema.IdentityAlways, schema.IdentityByDefault:
	case schema.Serial:
		if serialType(c.Type) == "" || !c.NotNull {
			v.problem(where, "it is serial; that is for smallint, integer and bigint that are NOT NULL")
		}
		if c.Sequence != (schema.Sequence{}) {
			v.problem(where, "it is serial and has a start or an increment; declare an identity for that")
		}
	default:
		v.problem(where, "its identity is %q; there are %q, %q and %q", c.Identity,
			schema.IdentityByDefault, schema.IdentityAlways, schema.Serial)
	}
	if c.Default != "" {
		v.problem(where, "it is an identity column and has a default; PostgreSQL takes one of them")
	}
	if c.Generated != "" {
		v.problem(where, "it is an identity column and generated; PostgreSQL takes one of them")
	}
	if f := family(c.Type); f != "integer" && f != "" {
		v.problem(where, "it is an identity column of type %s; it must be smallint, integer or bigint", c.Type)
	}
	v.sequence(where, c)
}

// sequence checks what PostgreSQL checks of START WITH and INCREMENT BY: an
// ascending sequence runs from 1 up, a descending one from -1 down.
func (v *validation) sequence(where string, c *schema.Column) {
	low, high := int64(1), int64(math.MaxInt64)
	switch strings.ToLower(strings.TrimSpace(c.Type)) {
	case "smallint", "int2":
		high = math.MaxInt16
	case "integer", "int", "int4":
		high = math.MaxInt32
	}
	if c.Sequence.Increment < 0 {
		low, high = -high-1, -1
	}
	if s := c.Sequence.Start; s != 0 && (s < low || s > high) {
		v.problem(where, "it starts at %d, outside of %d to %d", s, low, high)
	}
}

// text checks SQL text of the model as far as it can be without a server.
func (v *validation) text(where, what, sql string) {
	if sqltext.CheckLiteral(sql) != nil {
		v.problem(where, "its %s has a NUL byte or is not valid UTF-8", what)
	}
}
