package retort

import (
	"reflect"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/sqltext"
)

// Type is a PostgreSQL type that is not built in: a domain, a composite, a range
// or one of an extension, with the Go types that hold its values. List it in
// [NewBase]: models, raw SQL, arguments and arrays of the type know it then.
//
//   - Shape: a value; names are as SQL writes them: "isbn", "app.isbn", `"ISBN"`.
//     citext and hstore need no Type, enums have [NewEnum].
//   - Concurrency: immutable.
type Type struct {
	name   string
	create string // its statement, "" for none
	remedy string // what makes the type, for errors
	make   func(goTypes []reflect.Type) mapper.Registered
	stands []reflect.Type
}

func (t Type) register(b *Base) { b.types = append(b.types, t) }

// For makes fields of the Go types of values columns of t, without a word in
// Define: NewDomain("isbn", "text").For(ISBN("")). They have to be types of your
// own.
func (t Type) For(values ...any) Type {
	stands := append([]reflect.Type(nil), t.stands...)
	for _, v := range values {
		stands = append(stands, reflect.TypeOf(v))
	}
	t.stands = stands
	return t
}

// Create gives the statement that makes the type, CREATE EXTENSION or CREATE TYPE
// for example. [Base.CreateAll] runs it where the database has no type of that
// name, after the enums and in the order of the Base; it compares nothing of it.
func (t Type) Create(sql string) Type {
	t.create, t.remedy = sql, "Base.CreateAll creates it"
	return t
}

// NewDomain declares the domain name over the type of, whose Go types are its,
// too. A column says Type("name"), or its Go type is given to [Type.For].
func NewDomain(name, of string) Type {
	return Type{name: name, remedy: "CREATE DOMAIN " + name + " AS " + of, make: func(goTypes []reflect.Type) mapper.Registered {
		return mapper.Domain{Name: name, Of: of, Types: goTypes}
	}}
}

// NewRange declares the range type name whose bounds are of the type of, for
// pgtype.Range. A column says Type("name"), or its Go type is given to [Type.For].
func NewRange(name, of string) Type {
	return Type{name: name, remedy: "CREATE TYPE " + name + " AS RANGE (SUBTYPE = " + of + ")", make: func(goTypes []reflect.Type) mapper.Registered {
		return mapper.RangeOf{Name: name, Of: of, Types: goTypes}
	}}
}

// NewMultirange declares the multirange type name that was made with the range
// type of, which is declared, too; for pgtype.Multirange.
func NewMultirange(name, of string) Type {
	return Type{name: name, remedy: "CREATE TYPE of its range", make: func(goTypes []reflect.Type) mapper.Registered {
		return mapper.RangeOf{Name: name, Of: of, Multirange: true, Types: goTypes}
	}}
}

// NewComposite declares the composite type name, or the row type of a table, for
// the struct T: its fields in the order of the attributes. Attributes has the SQL
// types of those attributes, by name, that are not the default of their field; nil
// for none.
//
//   - Shape: a type with pgtype's CompositeIndexGetter and CompositeIndexScanner
//     is asked for its attributes, all of which are named by number: "0", "1", ….
func NewComposite[T any](name string, attributes map[string]string) Type {
	return Type{name: name, remedy: "CREATE TYPE " + name + " AS (…)", make: func([]reflect.Type) mapper.Registered {
		return mapper.Composite{Name: name, Type: reflect.TypeFor[T](), Attributes: attributes}
	}}
}

// Codec reads and writes values of T in PostgreSQL's binary form of one type.
//
//   - Shape: Append and Text append to buf and return it; Decode fills *dst and
//     keeps nothing of src. NULL does not come: a nullable column is a *T.
//   - Errors: what the functions return becomes a [*ValueError] without their
//     text, which might quote the value.
//   - Concurrency: many goroutines call them at once.
type Codec[T any] struct {
	Append func(buf []byte, v T) ([]byte, error)
	Decode func(src []byte, dst *T) error

	// Text appends the text form. Arguments of raw SQL, arrays, lists for In and
	// composites need it; without it they refuse the type.
	Text func(buf []byte, v T) ([]byte, error)
}

// NewCodec declares the type name, of an extension such as pgvector or of a
// user's own, with the code that reads and writes it as T.
func NewCodec[T any](name string, codec Codec[T]) Type {
	return Type{name: name, remedy: "CREATE EXTENSION, or CREATE TYPE " + name, make: func([]reflect.Type) mapper.Registered {
		if codec.Append == nil || codec.Decode == nil {
			return mapper.Codec{Name: name} // which says so
		}
		return mapper.NewCodec(name, codec.Append, codec.Decode, codec.Text)
	}}
}

// registered is what the mapper has to know of an enum.
func (e *EnumType) registered() mapper.Enum {
	return mapper.Enum{
		Name: e.enum.FullName(), SQL: sqltext.Qualified(e.enum.Namespace, e.enum.Name), Labels: e.enum.Values, Types: []reflect.Type{e.goType},
	}
}
