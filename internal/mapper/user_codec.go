package mapper

import (
	"fmt"
	"reflect"
	"unsafe"
)

// Codec reads and writes a type of an extension, such as pgvector's vector.
//
//   - Shape: Append and Text append to buf and return it; Decode fills *dst. No
//     value is NULL: a nullable column is a pointer.
//   - Errors: what the functions return becomes a [*ValueError] without their
//     text, which might quote the value.
//   - Concurrency: the functions are called by many goroutines at once.
type Codec struct {
	Name   string       // as SQL writes it
	Type   reflect.Type // of the Go values
	Append func(buf []byte, v any) ([]byte, error)
	Decode func(src []byte, dst any) error // src is only valid during the call
	// Text appends the text form. It is needed for arrays of the type, many rows
	// at once and composites that hold it, whose binary form names OIDs that only
	// the server knows; nil refuses those.
	Text func(buf []byte, v any) ([]byte, error)
}

// NewCodec makes the codec of the Go type T.
func NewCodec[T any](
	name string,
	appendBinary func(buf []byte, v T) ([]byte, error),
	decode func(src []byte, dst *T) error,
	appendText func(buf []byte, v T) ([]byte, error),
) Codec {
	c := Codec{
		Name: name, Type: reflect.TypeFor[T](),
		Append: func(buf []byte, v any) ([]byte, error) { return appendBinary(buf, v.(T)) },
		Decode: func(src []byte, dst any) error { return decode(src, dst.(*T)) },
	}
	if appendText != nil {
		c.Text = func(buf []byte, v any) ([]byte, error) { return appendText(buf, v.(T)) }
	}
	return c
}

func (u Codec) typeName() string { return u.Name }

func (u Codec) define(*Types) (pgType, []reflect.Type, error) {
	if u.Type == nil || u.Append == nil || u.Decode == nil {
		return pgType{}, nil, fmt.Errorf("its codec lacks Type, Append or Decode; use NewCodec")
	}
	if u.Type.Kind() == reflect.Pointer || u.Type.Kind() == reflect.Interface {
		return pgType{}, nil, fmt.Errorf("its codec is of %s; give it the type of the value", u.Type)
	}
	pair := func(_ *Types, c *column) string {
		if c.elem != u.Type {
			return fmt.Sprintf("%s cannot be stored as %s; its codec takes %s", c.elem, u.Name, u.Type)
		}
		c.coded(userCodec{u})
		return ""
	}
	return pgType{wire: wireUser, name: u.Name, user: &userType{pair}}, []reflect.Type{u.Type}, nil
}

// userCodec keeps what a Codec says within bounds: it only appends, and its
// errors stay unread.
type userCodec struct{ Codec }

func (u userCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	return u.call(c, u.Append, buf, at)
}

func (u userCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	if u.Text == nil {
		return nil, c.valueErr("of type " + u.Name + " has no text form here, which arrays and composites need; set Codec.Text")
	}
	start := len(buf)
	buf, err := u.call(c, u.Text, buf, at)
	if err != nil {
		return nil, err
	}
	return buf, checkText(c.name, string(buf[start:]))
}

func (u userCodec) call(c *column, f func([]byte, any) ([]byte, error), buf []byte, at unsafe.Pointer) ([]byte, error) {
	out, err := f(buf, reflect.NewAt(u.Type, at).Elem().Interface())
	if err != nil || len(out) < len(buf) {
		return nil, c.valueErr("was refused by the codec of " + u.Name)
	}
	return out, nil
}

func (u userCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	fresh := reflect.New(u.Type)
	if u.Decode(src, fresh.Interface()) != nil {
		return d.stored("was refused by the codec of " + u.Name)
	}
	reflect.NewAt(u.Type, dst).Elem().Set(fresh.Elem())
	return nil
}
