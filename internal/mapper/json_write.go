package mapper

import (
	"encoding/json"
	"reflect"
	"sync"
	"unsafe"
)

// jsonWriters write json of one column, without memory of its own for each text.
type jsonWriters struct{ idle sync.Pool }

// jsonWriter is an encoder that appends to a buffer.
type jsonWriter struct {
	buf     []byte
	encoder *json.Encoder
}

// Write appends a text.
func (w *jsonWriter) Write(text []byte) (int, error) {
	w.buf = append(w.buf, text...)
	return len(text), nil
}

// append writes the value at that address behind buf.
func (x *jsonWriters) append(buf []byte, t reflect.Type, at unsafe.Pointer) ([]byte, error) {
	w, _ := x.idle.Get().(*jsonWriter)
	if w == nil {
		w = &jsonWriter{}
		w.encoder = json.NewEncoder(w)
	}
	w.buf = buf
	err := w.encoder.Encode(reflect.NewAt(t, at).Interface())
	out := w.buf
	w.buf = nil
	x.idle.Put(w)
	if err != nil {
		return nil, err
	}
	return out[:len(out)-1], nil // behind every value it writes a line feed
}
