package mapper

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// shape is how a value lies in memory; named types share that of their kind.
type shape uint8

const (
	shapeNone    shape = iota
	shapeInt16         // also the first of the integers
	shapeInt32         //
	shapeInt64         //
	shapeFloat32       //
	shapeFloat64       //
	shapeBool          //
	shapeString        //
	shapeBytes         // any slice of bytes
	shapeTime          // time.Time
	shapeUUID          // any [16]byte
	shapeStrings       // any slice of strings
	shapeJSON          // anything that goes through encoding/json
)

// wire is the binary form of a value on the connection.
type wire uint8

const (
	wireNone wire = iota
	wireInt2
	wireInt4
	wireInt8
	wireFloat4
	wireFloat8
	wireBool
	wireText // also varchar, char(n), citext, name, enums: the bytes of the text
	wireBytea
	wireTimestamptz
	wireTimestamp
	wireDate
	wireUUID
	wireJSON
	wireJSONB
	wireTextArray
)

// pgType is one PostgreSQL type that a column can have.
type pgType struct {
	wire     wire
	oid      uint32 // 0: only the server knows it (enums, types of extensions)
	arrayOID uint32
	name     string
}

// typeNamed finds the type that SQL text names, without its length or precision.
func typeNamed(text string) (pgType, bool) {
	name := strings.Join(strings.Fields(strings.ToLower(text)), " ")
	suffix := ""
	for strings.HasSuffix(name, "[]") {
		name, suffix = strings.TrimSpace(strings.TrimSuffix(name, "[]")), suffix+"[]"
	}
	if open := strings.IndexByte(name, '('); open >= 0 {
		end := strings.IndexByte(name, ')')
		if end < open {
			return pgType{}, false
		}
		name = strings.Join(strings.Fields(name[:open]+" "+name[end+1:]), " ")
	}
	name = strings.TrimPrefix(name, "pg_catalog.") + suffix
	switch name {
	case "smallint", "int2":
		return pgType{wireInt2, pgtype.Int2OID, pgtype.Int2ArrayOID, "smallint"}, true
	case "integer", "int", "int4":
		return pgType{wireInt4, pgtype.Int4OID, pgtype.Int4ArrayOID, "integer"}, true
	case "bigint", "int8":
		return pgType{wireInt8, pgtype.Int8OID, pgtype.Int8ArrayOID, "bigint"}, true
	case "real", "float4":
		return pgType{wireFloat4, pgtype.Float4OID, pgtype.Float4ArrayOID, "real"}, true
	case "double precision", "float8":
		return pgType{wireFloat8, pgtype.Float8OID, pgtype.Float8ArrayOID, "double precision"}, true
	case "boolean", "bool":
		return pgType{wireBool, pgtype.BoolOID, pgtype.BoolArrayOID, "boolean"}, true
	case "bytea":
		return pgType{wireBytea, pgtype.ByteaOID, pgtype.ByteaArrayOID, "bytea"}, true
	case "uuid":
		return pgType{wireUUID, pgtype.UUIDOID, pgtype.UUIDArrayOID, "uuid"}, true
	case "timestamptz", "timestamp with time zone":
		return pgType{wireTimestamptz, pgtype.TimestamptzOID, pgtype.TimestamptzArrayOID, "timestamptz"}, true
	case "date":
		return pgType{wireDate, pgtype.DateOID, pgtype.DateArrayOID, "date"}, true
	case "json":
		return pgType{wireJSON, pgtype.JSONOID, pgtype.JSONArrayOID, "json"}, true
	case "jsonb":
		return pgType{wireJSONB, pgtype.JSONBOID, pgtype.JSONBArrayOID, "jsonb"}, true
	}
	return textTypeNamed(name)
}

func textTypeNamed(name string) (pgType, bool) {
	switch name {
	case "text":
		return pgType{wireText, pgtype.TextOID, pgtype.TextArrayOID, "text"}, true
	case "varchar", "character varying":
		return pgType{wireText, pgtype.VarcharOID, pgtype.VarcharArrayOID, "varchar"}, true
	case "char", "character", "bpchar":
		return pgType{wireText, pgtype.BPCharOID, pgtype.BPCharArrayOID, "char"}, true
	case "citext":
		return pgType{wireText, 0, 0, "citext"}, true
	case "text[]":
		return pgType{wireTextArray, pgtype.TextArrayOID, pgtype.TextArrayOID, "text[]"}, true
	case "varchar[]", "character varying[]":
		return pgType{wireTextArray, pgtype.VarcharArrayOID, pgtype.TextArrayOID, "varchar[]"}, true
	}
	return pgType{}, false
}

// typeOfOID finds the type of a result column. Types that are not built in have
// OIDs from 16384; those that a string may receive send their text.
func typeOfOID(oid uint32) (pgType, bool) {
	const firstUserOID = 16384
	if oid >= firstUserOID || oid == 0 {
		return pgType{wireText, oid, 0, userType}, true
	}
	switch oid {
	case pgtype.NameOID, pgtype.QCharOID:
		return pgType{wireText, oid, 0, "name"}, true
	case pgtype.TimestampOID:
		return pgType{wireTimestamp, oid, 0, "timestamp"}, true
	case pgtype.BPCharArrayOID, pgtype.NameArrayOID:
		return pgType{wireTextArray, oid, 0, "text[]"}, true
	}
	for _, name := range []string{
		"smallint", "integer", "bigint", "real", "double precision", "boolean", "text", "varchar", "char",
		"bytea", "timestamptz", "date", "uuid", "json", "jsonb", "text[]", "varchar[]",
	} {
		if t, ok := typeNamed(name); ok && t.oid == oid {
			return t, true
		}
	}
	return pgType{}, false
}

// shapeOf classifies a Go type that is no pointer; shapeNone can be no column
// under any name.
func shapeOf(t reflect.Type) shape {
	switch t.Kind() {
	case reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		switch t.Size() {
		case 2:
			return shapeInt16
		case 4:
			return shapeInt32
		}
		return shapeInt64
	case reflect.Float32:
		return shapeFloat32
	case reflect.Float64:
		return shapeFloat64
	case reflect.Bool:
		return shapeBool
	case reflect.String:
		return shapeString
	case reflect.Slice:
		switch t.Elem().Kind() {
		case reflect.Uint8:
			return shapeBytes
		case reflect.String:
			return shapeStrings
		}
		return shapeJSON
	case reflect.Array:
		if t.Len() == 16 && t.Elem().Kind() == reflect.Uint8 {
			return shapeUUID
		}
		return shapeJSON
	case reflect.Struct:
		if isTime(t) {
			return shapeTime
		}
		return shapeJSON
	case reflect.Map:
		return shapeJSON
	}
	return shapeNone
}

var (
	rawMessageType = reflect.TypeFor[json.RawMessage]()
	anyMapType     = reflect.TypeFor[map[string]any]()
)

// DefaultType is the PostgreSQL type of a Go type for which none is declared.
//
//   - Shape: nullable is true for a pointer; the type is that of what it points
//     at. Named types follow their kind; json.RawMessage and map[string]any are
//     jsonb, other maps, slices and structs have no default.
//   - Errors: text with the remedy, to be put behind the name of the field.
func DefaultType(goType reflect.Type) (pgType string, nullable bool, err error) {
	if goType == nil {
		return "", false, fmt.Errorf("mapper: no type; pass the type of a field")
	}
	t := goType
	if t.Kind() == reflect.Pointer {
		t, nullable = t.Elem(), true
	}
	if t == rawMessageType || t == anyMapType {
		return "jsonb", nullable, nil
	}
	switch shapeOf(t) {
	case shapeInt16:
		return "smallint", nullable, nil
	case shapeInt32, shapeInt64:
		if t.Kind() == reflect.Int32 {
			return "integer", nullable, nil
		}
		return "bigint", nullable, nil
	case shapeFloat32:
		return "real", nullable, nil
	case shapeFloat64:
		return "double precision", nullable, nil
	case shapeBool:
		return "boolean", nullable, nil
	case shapeString:
		return "text", nullable, nil
	case shapeBytes:
		return "bytea", nullable, nil
	case shapeTime:
		return "timestamptz", nullable, nil
	case shapeUUID:
		return "uuid", nullable, nil
	case shapeStrings:
		return "text[]", nullable, nil
	}
	return "", nullable, fmt.Errorf("mapper: %s has no column type; %s", goType, remedy(t))
}

// remedy says what to use instead of a type that has no column type.
func remedy(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "use one pointer at most, for a nullable column"
	case reflect.Int8, reflect.Uint8:
		return "use int16"
	case reflect.Uint16:
		return "use int32"
	case reflect.Uint32:
		return "use int64"
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		return "PostgreSQL has no unsigned integers: use int64"
	case reflect.Complex64, reflect.Complex128:
		return "use two float64 fields"
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Array:
		return "declare it jsonb, or exclude it with the tag `db:\"-\"`"
	}
	return "use a basic type, or exclude the field with the tag `db:\"-\"`"
}

// fits says why a column of type pg cannot hold a t of that shape, "" when it can.
func fits(t reflect.Type, s shape, pg pgType) string {
	ok := false
	switch s {
	case shapeInt16, shapeInt32, shapeInt64:
		ok = pg.wire == wireInt2 || pg.wire == wireInt4 || pg.wire == wireInt8
	case shapeFloat32:
		ok = pg.wire == wireFloat4
	case shapeFloat64:
		ok = pg.wire == wireFloat8
	case shapeBool:
		ok = pg.wire == wireBool
	case shapeString:
		ok = pg.wire == wireText
	case shapeBytes:
		ok = pg.wire == wireBytea || isJSON(pg.wire)
	case shapeTime:
		ok = pg.wire == wireTimestamptz || pg.wire == wireDate
	case shapeUUID:
		ok = pg.wire == wireUUID
	case shapeStrings:
		ok = pg.wire == wireTextArray || isJSON(pg.wire)
	case shapeJSON:
		ok = isJSON(pg.wire)
	}
	if ok {
		return ""
	}
	if def, _, err := DefaultType(t); err == nil {
		return fmt.Sprintf("%s cannot be stored as %s; its type is %s", t, pg.name, def)
	}
	return fmt.Sprintf("%s cannot be stored as %s; %s", t, pg.name, remedy(t))
}

func isJSON(w wire) bool { return w == wireJSON || w == wireJSONB }

// userType is the name under which typeOfOID gives types that are not built in.
const userType = "user type"
