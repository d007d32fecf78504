package mapper

import (
	"encoding/json"
	"reflect"
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
	shapeCoded         // what a codec reads and writes
)

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

// hotPair reports the pairs that column and decodeColumn handle themselves.
func hotPair(s shape, pg *pgType) bool {
	switch s {
	case shapeInt16, shapeInt32, shapeInt64:
		return pg.wire == wireInt2 || pg.wire == wireInt4 || pg.wire == wireInt8
	case shapeFloat32:
		return pg.wire == wireFloat4
	case shapeFloat64:
		return pg.wire == wireFloat8
	case shapeBool:
		return pg.wire == wireBool
	case shapeString:
		return pg.wire == wireText
	case shapeBytes:
		return pg.wire == wireBytea || isJSON(pg.wire)
	case shapeTime:
		return pg.wire == wireTimestamptz || pg.wire == wireTimestamp || pg.wire == wireDate
	case shapeUUID:
		return pg.wire == wireUUID
	case shapeStrings:
		return pg.wire == wireTextArray
	}
	return false
}

func isJSON(w wire) bool { return w == wireJSON || w == wireJSONB }
