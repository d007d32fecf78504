package mapper

import (
	"reflect"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

// codec reads and writes the values of one Go type as one PostgreSQL type, for
// all pairs that are not hot.
//
//   - Shape: c is the column that the codec belongs to, for its name and types.
//   - Concurrency: safe for many goroutines.
type codec interface {
	// encode appends the binary form; it returns nil for SQL NULL.
	encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error)
	// literal appends the text form; it returns nil for SQL NULL.
	literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error)
	// decode stores src; nil, for NULL, comes only when column.holdsNull is set.
	decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error
}

// pair decides how values of the Go type t, which is no pointer, are moved to
// and from pg; problem is "" when they can be.
//
// The order is what people expect: what a type says of itself (methods of
// pgtype, then those of database/sql) counts before its kind.
func (r *Types) pair(c *column, t reflect.Type, pg pgType) (problem string) {
	c.elem, c.pg, c.shape = t, pg, shapeOf(t)
	if pg.user != nil {
		return pg.user.pair(r, c)
	}
	if c.shape == shapeUUID && pg.wire == wireUUID {
		return ""
	}
	if done, problem := r.pairContainer(c, t); done {
		return problem
	}
	if pairPgtype(c, t) || pairScanner(c, t) {
		return ""
	}
	if hotPair(c.shape, &pg) {
		return ""
	}
	if pairDecimal(c, t) || pairTime(c, t) || pairNet(c, t) || pairHstore(c, t) || pairText(c, t) {
		return ""
	}
	if isJSON(pg.wire) && c.shape != shapeNone && c.shape != shapeString && !isScalar(c.shape) {
		c.shape = shapeJSON
		return notJSON(t, nil)
	}
	return r.misfit(t, pg)
}

// isScalar keeps numbers and times out of json, where they are mistakes.
func isScalar(s shape) bool {
	return s >= shapeInt16 && s <= shapeBool || s == shapeTime || s == shapeUUID
}

// misfit says why a t cannot be stored as pg.
func (r *Types) misfit(t reflect.Type, pg pgType) string {
	if shapeOf(t) == shapeNone {
		return t.String() + " has no column type; " + remedy(t)
	}
	if def, ok := r.defaultOf(t); ok {
		return t.String() + " cannot be stored as " + pg.name + "; its type is " + def.name
	}
	return t.String() + " cannot be stored as " + pg.name + "; " + remedy(t)
}

// coded makes c a column that this codec reads and writes.
func (c *column) coded(by codec) bool {
	c.shape, c.codec = shapeCoded, by
	return true
}

// item compiles the element of a container: a column of its own without a place
// in the struct.
func (r *Types) item(c *column, t reflect.Type, pg pgType) (column, string) {
	item := column{name: c.name, path: c.path, typ: t}
	if t.Kind() == reflect.Pointer {
		item.nullable, t = true, t.Elem()
	}
	problem := r.pair(&item, t, pg)
	item.self = incoming{pg: pg, types: r}
	return item, problem
}

// form appends the form in which the column's values travel.
func (c *column) form(buf []byte, at unsafe.Pointer) ([]byte, error) {
	if c.asText {
		return c.literal(buf, at)
	}
	return c.encode(buf, at)
}

// encodeItem appends the binary form of an element with its length before it,
// -1 for NULL.
func (c *column) encodeItem(buf []byte, at unsafe.Pointer) (_ []byte, null bool, err error) {
	length := len(buf)
	buf = append(buf, 0xff, 0xff, 0xff, 0xff)
	if c.nullable && at != nil {
		at = load[unsafe.Pointer](at)
	}
	if at == nil {
		return buf, true, nil
	}
	full, err := c.encode(buf, at)
	if err != nil || full == nil {
		return buf, err == nil, err
	}
	putLength(full[length:])
	return full, false, nil
}

// literalItem appends the text form of an element; nil for NULL.
func (c *column) literalItem(buf []byte, at unsafe.Pointer) ([]byte, error) {
	if c.nullable && at != nil {
		at = load[unsafe.Pointer](at)
	}
	if at == nil {
		return nil, nil
	}
	return c.literal(buf, at)
}

// valueErr is a value that was to be sent.
func (c *column) valueErr(reason string) error { return &ValueError{Column: c.name, Reason: reason} }

// stored is a value from the database.
func (d *decodeColumn) stored(reason string) error {
	return &ValueError{Column: d.column.name, Stored: true, Reason: reason}
}

// pgtypeCodec is pgtype's codec of a type, nil for those whose codec needs a
// Map to look up the types of its parts.
func pgtypeCodec(oid uint32) pgtype.Codec {
	known, ok := pgtype.NewMap().TypeForOID(oid)
	if !ok {
		return nil
	}
	switch known.Codec.(type) {
	case *pgtype.ArrayCodec, *pgtype.RangeCodec, *pgtype.MultirangeCodec, *pgtype.JSONCodec, *pgtype.JSONBCodec,
		*pgtype.XMLCodec, *pgtype.TextFormatOnlyCodec, pgtype.RecordCodec:
		return nil
	}
	return known.Codec
}
