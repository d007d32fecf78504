package mapper

import (
	"encoding"
	"reflect"
	"strings"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

// pairText compiles strings, and types that marshal themselves as text, for
// types whose text is all that they need: uuid, addresses, intervals, geometry.
func pairText(c *column, t reflect.Type) bool {
	marshals := implements(t, textMarshalerType) && implements(t, textUnmarshalerType) && !isTime(t)
	if !marshals && t.Kind() != reflect.String {
		return false
	}
	switch c.pg.wire {
	case wireText:
		if !marshals {
			return false
		}
	case wireUUID, wireInet, wireCIDR, wireMacaddr, wireInterval, wireTime, wireOther:
		c.asText = true // only the server knows how to read it
	default:
		return false
	}
	return c.coded(&textCodec{t, marshals})
}

// textCodec is a type that travels as its text; what comes back in binary form
// is written as the server would.
type textCodec struct {
	typ      reflect.Type
	marshals bool // with MarshalText; else it is a string
}

func (x *textCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	return x.literal(c, buf, at)
}

func (x *textCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	text := ""
	if x.marshals {
		b, err := reflect.NewAt(x.typ, at).Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil { // its text may quote the value
			return nil, c.valueErr("was refused by the MarshalText method of " + x.typ.String())
		}
		text = string(b)
	} else {
		text = load[string](at)
	}
	if err := checkText(c.name, text); err != nil {
		return nil, err
	}
	return append(buf, text...), nil
}

func (x *textCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	text, err := d.textForm(src)
	if err != nil {
		return err
	}
	if !x.marshals {
		store(dst, text)
		return nil
	}
	fresh := reflect.New(x.typ)
	if fresh.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) != nil {
		return d.stored("was refused by the UnmarshalText method of " + x.typ.String())
	}
	reflect.NewAt(x.typ, dst).Elem().Set(fresh.Elem())
	return nil
}

// textForm is the text of a value without parts that came in its binary form.
func (d *decodeColumn) textForm(src []byte) (string, error) {
	switch d.in.pg.wire {
	case wireText:
		var text string
		op := opString
		if d.in.unknown {
			op = opUserText
		}
		err := (&decodeColumn{op: op, column: d.column, in: d.in}).decode(unsafe.Pointer(&text), src, &arena{})
		return text, err
	case wireUUID:
		if len(src) != 16 {
			return "", d.badLength(src, 16)
		}
		return string(appendUUID(nil, [16]byte(src))), nil
	case wireNumeric:
		v, err := d.numeric(src)
		return string(v.append(nil)), err
	case wireTime:
		return d.clockText(src)
	case wireInterval:
		return d.intervalText(src)
	case wireInet, wireCIDR:
		p, err := d.prefix(src)
		text := p.String()
		if d.in.pg.wire == wireInet && p.IsSingleIP() {
			text = p.Addr().String()
		}
		return text, err
	}
	if known := pgtypeCodec(d.in.pg.oid); known != nil {
		v, err := known.DecodeDatabaseSQLValue(pgtype.NewMap(), d.in.pg.oid, pgtype.BinaryFormatCode, src)
		if text, ok := v.(string); err == nil && ok {
			return strings.Clone(text), nil
		}
	}
	return "", d.malformed("bytes that have no text")
}
