package model

import (
	"fmt"
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/sqltext"
)

// Key is the value of a primary key of several columns, in their order.
type Key []any

// IsKey tells whether a column is one of the primary key.
func (t *Table) IsKey(col int) bool { return slices.Contains(t.Key, col) }

// KeyServerMade tells whether a column of the key is made by the database, so
// that a new object has no key until its INSERT is back.
func (t *Table) KeyServerMade() bool { return t.texts.keyServerMade }

// KeyOf is the identity of the object's row.
func (t *Table) KeyOf(o mapper.Object) mapper.Key { return t.Plan.RowKey(o, t.Key) }

// KeyValue is the object's key as people write it: the value of a key of one
// column, else a [Key].
func (t *Table) KeyValue(o mapper.Object) any {
	if len(t.Key) == 1 {
		return t.Plan.Value(o, t.Key[0])
	}
	key := make(Key, len(t.Key))
	for i, col := range t.Key {
		key[i] = t.Plan.Value(o, col)
	}
	return key
}

// ParseKey is the identity of the row whose key is v, in the form of KeyValue.
//
//   - Errors: a wrong number or type of values.
func (t *Table) ParseKey(v any) (mapper.Key, error) {
	values, several, err := t.parts(v)
	if err != nil {
		return mapper.Key{}, err
	}
	if !several {
		return t.Plan.KeyOf(t.Key[0], v)
	}
	return t.Plan.RowKeyOf(t.Key, values)
}

// AppendKey encodes a key in the form of KeyValue, one parameter for each column.
//
//   - Errors: those of ParseKey.
func (t *Table) AppendKey(args *mapper.Args, v any) error {
	values, several, err := t.parts(v)
	if err != nil {
		return err
	}
	if !several {
		return t.Plan.AppendValue(args, t.Key[0], v)
	}
	for i, col := range t.Key {
		if err := t.Plan.AppendValue(args, col, values[i]); err != nil {
			return err
		}
	}
	return nil
}

// parts takes a Key apart; several is false for a plain value.
func (t *Table) parts(v any) (values Key, several bool, err error) {
	values, several = v.(Key)
	switch {
	case !several && len(t.Key) > 1:
		return nil, false, fmt.Errorf("the primary key has %d columns (%s); pass retort.Key{…} with a value for each, not a %T", len(t.Key), t.KeyNames(), v)
	case several && len(values) != len(t.Key):
		return nil, false, fmt.Errorf("the primary key has %d columns (%s), the retort.Key %d values", len(t.Key), t.KeyNames(), len(values))
	}
	return values, several, nil
}

// KeyNames lists the names of the key's columns, for people.
func (t *Table) KeyNames() string { return columnList(t, "", t.Key) }

// keyCondition is the condition that a row has the key $1, $2, ….
func keyCondition(t *Table, qualifier string) string {
	var b sqltext.Builder
	for i, col := range t.Key {
		if i > 0 {
			b.WriteString(" AND ")
		}
		b.WriteString(qualifier)
		b.Ident(t.Columns[col].Name)
		b.WriteString(" = ")
		b.Arg()
		if t.Plan.IsComposite(col) { // the server would take it for a record of no type
			b.WriteString("::" + t.Plan.SQLType(col))
		}
	}
	return b.String()
}

// Mergeable lists the columns that the program makes, the key apart.
func (t *Table) Mergeable() []int {
	var columns []int
	for i := range t.Columns {
		c := &t.Columns[i]
		if !t.IsKey(i) && !c.ServerMade && !c.Fixed && c.OnUpdate == "" && c.Stamp == NoStamp {
			columns = append(columns, i)
		}
	}
	return columns
}
