package mapper

import (
	"database/sql"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"reflect"

	"github.com/jackc/pgx/v5/pgtype"
)

// DefaultType is the PostgreSQL type of a Go type for which none is declared.
//
//   - Shape: nullable is true for a pointer, whose type is that of what it
//     points at, and for types that hold NULL themselves (sql.NullString,
//     pgtype.Int8). Named types follow their kind, time.Duration is a bigint of
//     nanoseconds; json.RawMessage and map[string]any are jsonb; slices are
//     arrays of the default of their elements, but for json and durations; other
//     maps and structs have no default.
//   - Errors: text with the remedy, to be put behind the name of the field.
func DefaultType(goType reflect.Type) (pgType string, nullable bool, err error) {
	return (*Types)(nil).DefaultType(goType)
}

// DefaultType is the function of that name, with the registered types.
func (r *Types) DefaultType(goType reflect.Type) (pgType string, nullable bool, err error) {
	if goType == nil {
		return "", false, fmt.Errorf("mapper: no type; pass the type of a field")
	}
	t := goType
	if t.Kind() == reflect.Pointer {
		t, nullable = t.Elem(), true
	}
	pg, ok := r.defaultOf(t)
	if !ok {
		return "", nullable, fmt.Errorf("mapper: %s has no column type; %s", goType, remedy(t))
	}
	var c column
	if r.pair(&c, t, pg) == "" && c.holdsNull {
		nullable = true
	}
	return pg.name, nullable, nil
}

// defaultOf finds the default of a type that is no pointer.
func (r *Types) defaultOf(t reflect.Type) (pgType, bool) {
	if pg, ok := r.ofGo(t); ok {
		return pg, true
	}
	name := ""
	switch t {
	case rawMessageType, anyMapType:
		name = "jsonb"
	case reflect.TypeFor[netip.Addr](), reflect.TypeFor[net.IP]():
		name = "inet"
	case reflect.TypeFor[netip.Prefix](), reflect.TypeFor[net.IPNet]():
		name = "cidr"
	case reflect.TypeFor[net.HardwareAddr]():
		name = "macaddr"
	case reflect.TypeFor[big.Int](), reflect.TypeFor[big.Rat]():
		name = "numeric"
	case reflect.TypeFor[pgtype.Hstore]():
		name = "hstore"
	}
	if name != "" {
		return typeNamed(name)
	}
	if pg, ok := r.defaultOfNull(t); ok {
		return pg, true
	}
	if pg, ok := r.defaultOfContainer(t); ok {
		return pg, true
	}
	if t.Kind() == reflect.Slice {
		if pg, ok := r.ofGo(t.Elem()); ok {
			return arrayOf(pg), true
		}
	}
	switch shapeOf(t) {
	case shapeInt16:
		return typeNamed("smallint")
	case shapeInt32, shapeInt64:
		if t.Kind() == reflect.Int32 {
			return typeNamed("integer")
		}
		return typeNamed("bigint")
	case shapeFloat32:
		return typeNamed("real")
	case shapeFloat64:
		return typeNamed("double precision")
	case shapeBool:
		return typeNamed("boolean")
	case shapeString:
		return typeNamed("text")
	case shapeBytes:
		return typeNamed("bytea")
	case shapeTime:
		return typeNamed("timestamptz")
	case shapeUUID:
		return typeNamed("uuid")
	case shapeStrings:
		return typeNamed("text[]")
	}
	if t.Kind() == reflect.Slice {
		return r.defaultOfList(t.Elem())
	}
	return pgType{}, false
}

const pgtypePath = "github.com/jackc/pgx/v5/pgtype"

// defaultOfNull knows the types of database/sql and of pgtype that stand for
// one type of column.
func (r *Types) defaultOfNull(t reflect.Type) (pgType, bool) {
	switch t {
	case reflect.TypeFor[sql.NullString]():
		return typeNamed("text")
	case reflect.TypeFor[sql.NullInt64]():
		return typeNamed("bigint")
	case reflect.TypeFor[sql.NullInt32]():
		return typeNamed("integer")
	case reflect.TypeFor[sql.NullInt16](), reflect.TypeFor[sql.NullByte]():
		return typeNamed("smallint")
	case reflect.TypeFor[sql.NullFloat64]():
		return typeNamed("double precision")
	case reflect.TypeFor[sql.NullBool]():
		return typeNamed("boolean")
	case reflect.TypeFor[sql.NullTime]():
		return typeNamed("timestamptz")
	}
	if t.Kind() != reflect.Struct {
		return pgType{}, false
	}
	switch t.PkgPath() {
	case "database/sql": // sql.Null[T]
		if v, ok := t.FieldByName("V"); ok && t.NumField() == 2 {
			return r.defaultOf(v.Type)
		}
	case pgtypePath:
		if known, ok := pgtype.NewMap().TypeForValue(reflect.Zero(t).Interface()); ok {
			pg, ok := typeOfOID(known.OID)
			return pg, ok && !pg.isArray() && pg.wire != wireRange
		}
	}
	return pgType{}, false
}

// defaultOfContainer knows the ranges, multiranges and arrays of pgtype.
func (r *Types) defaultOfContainer(t reflect.Type) (pgType, bool) {
	if item, ok := rangeItem(t); ok {
		if bound, ok := r.defaultOf(item); ok {
			return containerOf(wireRange, bound)
		}
	}
	if item, ok := multirangeItem(t); ok && t.Implements(multirangeGetterType) { // a plain slice is an array
		if of, ok := r.defaultOfContainer(item); ok {
			return containerOf(wireMultirange, of)
		}
	}
	if item, ok := arrayItem(t); ok {
		return r.defaultOfList(item)
	}
	return pgType{}, false
}

// containerOf finds the built-in type with that item.
func containerOf(w wire, item pgType) (pgType, bool) {
	for i := range builtins {
		if b := &builtins[i]; b.wire == w && item.oid != 0 && b.of == item.oid {
			return b.pgType(), true
		}
	}
	return pgType{}, false
}

// defaultOfList is the array type for elements of the type t, which may be
// arrays themselves; PostgreSQL has one array type for all dimensions.
func (r *Types) defaultOfList(t reflect.Type) (pgType, bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	pg, ok := r.defaultOf(t)
	if !ok || isJSON(pg.wire) || t == durationType { // one document or many? numbers or intervals?
		return pgType{}, false
	}
	if !pg.isArray() {
		pg = arrayOf(pg)
	}
	return pg, true
}
