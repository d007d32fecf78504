package mapper

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
	"unicode/utf8"
	"unsafe"
)

// decode stores one value that is not NULL.
func (d *decodeColumn) decode(dst unsafe.Pointer, src []byte, memory *arena) error {
	switch d.op {
	case opInt64, opFloat64:
		if len(src) != 8 {
			return d.badLength(src, 8)
		}
		store(dst, binary.BigEndian.Uint64(src))
	case opInt32, opFloat32:
		if len(src) != 4 {
			return d.badLength(src, 4)
		}
		store(dst, binary.BigEndian.Uint32(src))
	case opInt16:
		if len(src) != 2 {
			return d.badLength(src, 2)
		}
		store(dst, binary.BigEndian.Uint16(src))
	case opString:
		store(dst, memory.string(src))
	case opTimestamp:
		if len(src) != 8 {
			return d.badLength(src, 8)
		}
		return d.timestamp(dst, int64(binary.BigEndian.Uint64(src)))
	case opUUID:
		if len(src) != 16 {
			return d.badLength(src, 16)
		}
		store(dst, [16]byte(src))
	case opBool:
		if len(src) != 1 {
			return d.badLength(src, 1)
		}
		store(dst, src[0] != 0)
	case opBytes:
		store(dst, memory.bytes(src))
	case opJSONBBytes:
		text, err := d.jsonb(src)
		if err != nil {
			return err
		}
		store(dst, memory.bytes(text))
	case opDate:
		if len(src) != 4 {
			return d.badLength(src, 4)
		}
		return d.date(dst, int32(binary.BigEndian.Uint32(src)))
	default:
		return d.decodeRare(dst, src, memory)
	}
	return nil
}

// decodeRare keeps decode small enough to stay in the instruction cache.
func (d *decodeColumn) decodeRare(dst unsafe.Pointer, src []byte, memory *arena) error {
	switch d.op {
	case opInteger:
		return d.integer(dst, src)
	case opFloat4To8:
		if len(src) != 4 {
			return d.badLength(src, 4)
		}
		store(dst, float64(math.Float32frombits(binary.BigEndian.Uint32(src))))
	case opUserText:
		// Enums and citext send their text; other types may send anything.
		if !utf8.Valid(src) {
			return d.stored(fmt.Sprintf("of %s is not sent as text; cast it to text in the SQL", nameOfOID(d.in.oid, d.in.oids)))
		}
		store(dst, memory.string(src))
	case opEnum:
		return d.label(dst, src)
	case opJSONBString:
		text, err := d.jsonb(src)
		if err != nil {
			return err
		}
		store(dst, memory.string(text))
	case opStrings:
		return d.strings(dst, src)
	case opCoded:
		return d.column.codec.decode(d, dst, src)
	case opJSON:
		return d.unmarshal(dst, src, memory)
	case opJSONB:
		text, err := d.jsonb(src)
		if err != nil {
			return err
		}
		return d.unmarshal(dst, text, memory)
	}
	return nil
}

// integer reads an integer whose width on the wire is not that of the field.
func (d *decodeColumn) integer(dst unsafe.Pointer, src []byte) error {
	var v int64
	switch pg := &d.in.pg; {
	case pg.wire == wireInt2 && len(src) == 2:
		v = int64(int16(binary.BigEndian.Uint16(src)))
	case pg.wire == wireInt4 && len(src) == 4:
		v = int64(int32(binary.BigEndian.Uint32(src)))
	case pg.wire == wireInt8 && len(src) == 8:
		v = int64(binary.BigEndian.Uint64(src))
	default:
		return d.malformed(fmt.Sprintf("%d bytes for %s", len(src), pg.name))
	}
	fits := true
	switch d.column.shape {
	case shapeInt16:
		fits = v == int64(int16(v))
		store(dst, int16(v))
	case shapeInt32:
		fits = v == int64(int32(v))
		store(dst, int32(v))
	default:
		store(dst, v)
	}
	if !fits {
		return &ValueError{Column: d.column.name, Stored: true, Reason: "is out of range for " + d.column.elem.String() + "; use a wider field"}
	}
	return nil
}

func (d *decodeColumn) timestamp(dst unsafe.Pointer, us int64) error {
	if us == math.MaxInt64 || us == math.MinInt64 {
		return d.infinite()
	}
	sec, rest := us/1e6, us%1e6
	if rest < 0 {
		sec, rest = sec-1, rest+1e6
	}
	if sec < firstSecond || sec >= endSecond {
		return d.malformed("timestamp outside of PostgreSQL's own range")
	}
	store(dst, time.Unix(sec+epochSeconds, rest*1000).UTC())
	return nil
}

func (d *decodeColumn) date(dst unsafe.Pointer, days int32) error {
	if days == math.MaxInt32 || days == math.MinInt32 {
		return d.infinite()
	}
	if days < firstDay || days >= endDay {
		return d.malformed("date outside of PostgreSQL's own range")
	}
	store(dst, time.Unix((int64(days)+epochDays)*86400, 0).UTC())
	return nil
}

func (d *decodeColumn) infinite() error {
	return &ValueError{Column: d.column.name, Stored: true, Reason: "is infinity, which time.Time cannot hold; select nullif(…, 'infinity') into a pointer"}
}

// jsonb takes off the version byte.
func (d *decodeColumn) jsonb(src []byte) ([]byte, error) {
	if len(src) == 0 || src[0] != 1 {
		return nil, d.malformed("jsonb of another version than 1")
	}
	return src[1:], nil
}

func (d *decodeColumn) unmarshal(dst unsafe.Pointer, text []byte, memory *arena) error {
	v := reflect.NewAt(d.column.elem, dst)
	v.Elem().SetZero() // json.Unmarshal would merge into maps and structs
	if d.column.json != nil {
		if d.column.json.read(dst, text, memory) {
			return nil
		}
		v.Elem().SetZero()
	}
	err := json.Unmarshal(text, v.Interface())
	if err == nil {
		return nil
	}
	reason := "is json that does not fit " + d.column.elem.String()
	// Other texts of encoding/json and of UnmarshalJSON methods may quote the value.
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && mismatch.Field != "" {
		reason += " in its field " + mismatch.Field
	}
	return &ValueError{Column: d.column.name, Stored: true, Reason: reason}
}

// strings reads a one-dimensional array of text.
func (d *decodeColumn) strings(dst unsafe.Pointer, src []byte) error {
	a, err := d.array(src)
	if err != nil {
		return err
	}
	if pg, known := typeOfOID(a.oid); known && pg.wire != wireText {
		return d.stored("is an array of " + pg.name + ", which " + d.column.elem.String() + " cannot hold; cast it in the SQL")
	}
	if a.count == 0 {
		store(dst, []string{})
		return nil
	}
	if len(a.dims) > 1 {
		return d.stored(fmt.Sprintf("is an array of %d dimensions; %s holds 1", len(a.dims), d.column.elem))
	}
	list := make([]string, 0, a.count)
	all := string(a.rest) // one allocation; the elements are parts of it
	for rest := a.rest; len(list) < a.count; {
		value, after, err := d.sized(rest)
		switch {
		case err != nil:
			return err
		case value == nil:
			return &NullError{Column: d.column.name, Type: "string", Element: true}
		case d.in.unknown && !utf8.Valid(value):
			return d.stored("holds elements that are not sent as text; cast it to text[] in the SQL")
		}
		start := len(all) - len(after) - len(value)
		list, rest = append(list, all[start:start+len(value)]), after
	}
	store(dst, list)
	return nil
}

// nullElement is a NULL inside of an array or a range.
func (d *decodeColumn) nullElement() error {
	return &NullError{Column: d.column.name, Type: d.column.elem.String(), Element: true}
}

func (d *decodeColumn) badLength(src []byte, want int) error {
	return d.malformed(fmt.Sprintf("%d bytes where %d are due", len(src), want))
}

func (d *decodeColumn) malformed(reason string) error {
	if d.in.unknown { // more likely it is another type than that the server sent nonsense
		return d.stored(fmt.Sprintf("of %s does not read as %s (%s); declare its type, or cast it in the SQL", nameOfOID(d.in.oid, d.in.oids), d.column.elem, reason))
	}
	return &FormatError{Column: d.column.name, Reason: reason}
}
