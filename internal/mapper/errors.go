package mapper

import "fmt"

// FieldError is a struct field that cannot be a column, with the remedy.
type FieldError struct {
	Type    string // the Go type that declares the model, as reflect prints it
	Field   string // path of the field in it, such as "Timestamps.CreatedAt"
	Problem string // what is wrong and what to do
}

// Error names the type, the field and the remedy.
func (e *FieldError) Error() string {
	return fmt.Sprintf("mapper: %s.%s: %s", e.Type, e.Field, e.Problem)
}

// ValueError is a value that one of both sides cannot hold. The value itself is
// in no text.
type ValueError struct {
	Column string // name of the column, "" for an argument of raw SQL
	Reason string
	Stored bool // the value came from the database; false: it was to be sent there
}

// Error names the column and the reason, never the value.
func (e *ValueError) Error() string {
	where := "argument"
	if e.Column != "" {
		where = "column " + e.Column
	}
	if e.Stored {
		return fmt.Sprintf("mapper: %s: stored value %s", where, e.Reason)
	}
	return fmt.Sprintf("mapper: %s: value %s", where, e.Reason)
}

// NullError is an SQL NULL that arrived for a Go field which is no pointer.
type NullError struct {
	Column  string
	Type    string // Go type that cannot hold NULL
	Element bool   // of an array
}

// Error names the column, the Go type and the remedy.
func (e *NullError) Error() string {
	if e.Element {
		return fmt.Sprintf("mapper: an element of column %s is NULL, which %s cannot hold; make the field a []*%s, or leave NULLs out (ArrayAgg(…).Filter)", e.Column, e.Type, e.Type)
	}
	return fmt.Sprintf("mapper: column %s is NULL, which %s cannot hold; make the field a *%s or select coalesce(…)", e.Column, e.Type, e.Type)
}

// NilValueError is a nil where a value is needed: in a comparison, or in a
// column declared NOT NULL.
type NilValueError struct{ Column string }

// Error names the column and the remedy.
func (e *NilValueError) Error() string {
	return fmt.Sprintf("mapper: nil value for column %s; pass a value, or compare with IsNull or IsNotNull", e.Column)
}

// TypeError is a Go value of another type than its column has.
type TypeError struct {
	Column string // "" for an argument of raw SQL
	Want   string // Go type of the column
	Got    string // Go type that was passed
}

// Error names the column and both types.
func (e *TypeError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("mapper: argument of type %s cannot be sent; pass %s", e.Got, e.Want)
	}
	return fmt.Sprintf("mapper: column %s takes %s, not %s", e.Column, e.Want, e.Got)
}

// FormatError is a reply of the server whose bytes are not what its type says.
type FormatError struct {
	Column string
	Reason string
}

// Error names the column and what was wrong with the bytes.
func (e *FormatError) Error() string {
	return fmt.Sprintf("mapper: column %s: malformed reply: %s; close the connection", e.Column, e.Reason)
}
