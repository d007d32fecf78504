package mapper

import (
	"encoding/json"
	"reflect"
	"unsafe"
)

// sentMark is the first byte of the form of json that a snapshot keeps as the
// server sent it: no text of json begins with it. What the program would write
// for the same value differs from it in blanks, in the order of fields and in
// escapes, so the two are compared as values, and only by a flush that asks.
const sentMark = 1

// asSent gives the text behind the mark.
func (c *column) asSent(form []byte) (text []byte, ok bool) {
	if c.shape != shapeJSON || len(form) == 0 || form[0] != sentMark {
		return nil, false
	}
	return form[1:], true
}

// sent copies the json of a column out of the row that holds it, behind the mark;
// nil where the row has none.
func (d *Decoder) sent(col int, values [][]byte, memory *arena) []byte {
	k := d.json[col]
	if k < 0 || values[k] == nil {
		return nil
	}
	text := values[k]
	if d.cols[k].op == opJSONB {
		text = text[1:]
	}
	form := memory.take(len(text) + 1)
	form[0] = sentMark
	copy(form[1:], text)
	return form
}

// sameAsSent compares a value with json as it was sent; where they differ, form is
// what would have been stored for that.
func (c *column) sameAsSent(now unsafe.Pointer, sent []byte) (same bool, form []byte) {
	if c.json != nil && c.json.same(now, sent) {
		return true, nil
	}
	then := reflect.New(c.elem)
	if json.Unmarshal(sent, then.Interface()) != nil {
		return false, nil // it could be read once
	}
	if reflect.DeepEqual(then.Interface(), reflect.NewAt(c.elem, now).Interface()) {
		return true, nil
	}
	form, _ = c.marshal(then.UnsafePointer())
	return false, form
}

// formThen is the form of a snapshot as the program would have stored it.
func (c *column) formThen(form []byte) []byte {
	sent, ok := c.asSent(form)
	if !ok {
		return form
	}
	then := reflect.New(c.elem)
	if json.Unmarshal(sent, then.Interface()) != nil {
		return nil
	}
	form, _ = c.marshal(then.UnsafePointer())
	return form
}
