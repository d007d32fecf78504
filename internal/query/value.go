package query

import (
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"net"
	"reflect"
	"time"
)

// valueOf writes the next parameter, encoded as f says.
func (b *builder) valueOf(call string, f facts, v any) {
	if f.table != nil {
		b.value(call, source{table: f.table}, f.col, v)
		return
	}
	b.param(call, v)
}

// param writes the next parameter, typed by its Go type.
func (b *builder) param(call string, v any) { b.paramOf(call, v, oidOf) }

// paramOf writes the next parameter with the type that oid gives for its Go type.
func (b *builder) paramOf(call string, v any, oid func(reflect.Type) uint32) {
	if b.isStandIn(v) {
		b.fail("%s: the value is a field of a table's stand-in, which holds no data; name a column with retort.Col(&c.Field)", call)
		return
	}
	t := reflect.TypeOf(v)
	if isNil(v) {
		b.fail("%s: a nil value compares with nothing; use retort.IsNull or .IsNull()", call)
		return
	}
	if b.inline {
		b.constant(call, v, oid(t))
		return
	}
	if _, err := b.world.Types.AppendText(&b.args, v); err != nil {
		b.errs = append(b.errs, nilHint(call, err))
		return
	}
	b.bind(oid(t))
}

func isNil(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}

// oidOf is the type of a parameter where the Go type leaves no doubt; 0 leaves it
// to the server, which knows what stands on the other side.
func oidOf(t reflect.Type) uint32 {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return 1184
	case reflect.TypeFor[[]int64]():
		return 1016
	case reflect.TypeFor[[]int32]():
		return 1007
	case reflect.TypeFor[json.RawMessage](), reflect.TypeFor[net.HardwareAddr]():
		return 0
	}
	if writesItself(t) {
		return 0
	}
	switch t.Kind() {
	case reflect.Bool:
		return 16
	case reflect.Int16, reflect.Int8:
		return 21
	case reflect.Int32:
		return 23
	case reflect.Int, reflect.Int64:
		if t == reflect.TypeFor[time.Duration]() {
			return 0
		}
		return 20
	case reflect.Float32:
		return 700
	case reflect.Float64:
		return 701
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return 17
		}
	case reflect.Array:
		if t.Len() == 16 && t.Elem().Kind() == reflect.Uint8 {
			return 2950
		}
	}
	return 0
}

// writesItself tells whether the text of a value is made by a method of its type, and
// so says nothing of what its Go kind is. Any 16 bytes are a uuid.
func writesItself(t reflect.Type) bool {
	has := func(method reflect.Type) bool { return t.Implements(method) || reflect.PointerTo(t).Implements(method) }
	switch t.Kind() {
	case reflect.Array:
		return t.Len() != 16 && (has(valuer) || has(marshaler))
	case reflect.Slice:
		return has(valuer) || has(marshaler)
	default:
		return has(valuer)
	}
}

var (
	valuer    = reflect.TypeFor[driver.Valuer]()
	marshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// isNumber tells whether a type is one of those that numbers of Go have.
func isNumber(oid uint32) bool {
	switch oid {
	case 20, 21, 23, 700, 701, 1700:
		return true
	}
	return false
}
