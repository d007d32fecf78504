package web

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

// Field is a part of an input that may be absent, null or a value: what PATCH
// needs to tell "leave it" from "clear it".
//
//		type Patch struct {
//			Note web.Field[string] `json:"note"`
//		}
//
//		if in.Note.Set {
//			request.Note = in.Note.Pointer()
//		}
//
//	  - Shape: absent {false, false, zero}; null {true, true, zero}; a value
//	    {true, false, value}. A query parameter or header is never null.
//
// It works with encoding/json alone too; give it omitzero there, so that an
// absent field is written as absent.
type Field[T any] struct {
	Set   bool // the client named the field
	Null  bool // it did, with null
	Value T    // zero when absent or null
}

// Pointer returns a pointer to a copy of the value, nil when absent or null:
// the form of a nullable column.
func (f Field[T]) Pointer() *T {
	if !f.Set || f.Null {
		return nil
	}
	return &f.Value
}

// IsZero reports whether the field is absent, for omitzero.
func (f Field[T]) IsZero() bool { return !f.Set }

// MarshalJSON writes the value, and null for a field that is null or absent.
func (f Field[T]) MarshalJSON() ([]byte, error) {
	if !f.Set || f.Null {
		return []byte("null"), nil
	}
	return json.Marshal(f.Value)
}

// UnmarshalJSON sets the field from a JSON value, null included.
func (f *Field[T]) UnmarshalJSON(data []byte) error {
	*f = Field[T]{Set: true}
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		f.Null = true
		return nil
	}
	return json.Unmarshal(data, &f.Value)
}

// fieldElem returns T of a Field[T] type, nil for every other type, one that
// embeds a Field included.
func fieldElem(t reflect.Type) reflect.Type {
	own := reflect.TypeFor[Field[int]]()
	if t.Kind() != reflect.Struct || t.PkgPath() != own.PkgPath() || !strings.HasPrefix(t.Name(), "Field[") {
		return nil
	}
	return t.Field(2).Type
}
