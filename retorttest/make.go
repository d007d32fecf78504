package retorttest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/schema"
)

// Make inserts a valid row of the model T and returns the object, with what the
// database made in it:
//
//	book := retorttest.Make(t, k, func(b *Book) { b.Title = "Emma" })
//
// Columns that an INSERT has to write are filled where they are zero: texts,
// numbers and times with values that differ from call to call, enums with their
// first value, foreign keys with the key of a row that Make makes first.
// What may be NULL stays NULL. Each change runs on the filled object and has the
// last word; a foreign key that it sets needs no parent, and of one that it sets a
// part of, such as the tenant, the parent has that part.
//
//   - Shape: committed, one round trip for each row, past the kit's proxy: neither
//     counted nor hit by faults. Booleans stay false.
//   - Errors: the test fails. What a check constraint wants cannot be known: the
//     failure names the fields to set.
func Make[T any](tb testing.TB, k *Kit, change ...func(*T)) *T {
	tb.Helper()
	return made(tb, k, new(T), change)
}

// MakeFrom is [Make] from a value whose fields that are not zero are kept:
//
//	book := retorttest.MakeFrom(t, k, Book{Title: "Emma"})
func MakeFrom[T any](tb testing.TB, k *Kit, partial T, change ...func(*T)) *T {
	tb.Helper()
	return made(tb, k, &partial, change)
}

func made[T any](tb testing.TB, k *Kit, object *T, change []func(*T)) *T {
	tb.Helper()
	m := maker{kit: k, models: k.models}
	err := m.row(tb.Context(), object, func() {
		for _, c := range change {
			c(object)
		}
	})
	if err != nil {
		tb.Fatalf("retorttest: Make %s: %v", reflect.TypeFor[T](), err)
	}
	return object
}

// maker makes one row and the rows that it needs.
type maker struct {
	kit    *Kit
	models []retort.Model
	under  []reflect.Type // being made, children first
}

// row fills the object and inserts it, parents first.
func (m *maker) row(ctx context.Context, object any, change func()) error {
	v := reflect.ValueOf(object).Elem()
	at := slices.IndexFunc(m.models, func(o retort.Model) bool { return o.Type == v.Type() })
	if at < 0 {
		return fmt.Errorf("%s is no model of this kit's Base; list its table in NewBase", v.Type())
	}
	model := &m.models[at]
	if model.ReadOnly {
		return fmt.Errorf("table %q is read-only for the models; insert the row with Kit.Exec", model.Table.FullName())
	}
	if slices.Contains(m.under, model.Type) {
		return fmt.Errorf("%s needs a parent that needs a %s itself; insert one with Kit.Exec and set the foreign key", model.Type, model.Type)
	}
	m.under = append(m.under, model.Type)
	defer func() { m.under = m.under[:len(m.under)-1] }()
	if err := m.fill(model, v); err != nil {
		return err
	}
	change()
	if err := m.parents(ctx, model, v); err != nil {
		return err
	}
	_, err := retort.Run(ctx, m.kit.direct(), retort.TxOptions{}, func(_ context.Context, s *retort.Session) (any, error) {
		s.Add(object)
		return nil, nil
	})
	return m.refused(model, err)
}

// fill sets what an INSERT has to write and what is no foreign key.
func (m *maker) fill(model *retort.Model, v reflect.Value) error {
	n := m.kit.made.Add(1)
	for i := range model.Columns {
		name := model.Table.Columns[i].Name
		if !m.required(model, i) || slices.ContainsFunc(model.Table.ForeignKeys, func(f schema.ForeignKey) bool {
			return slices.Contains(f.Columns, name)
		}) {
			continue
		}
		if f := field(v, model.Columns[i].Field); f.IsZero() {
			if err := set(f, &model.Table.Columns[i], model.Columns[i].Values, n); err != nil {
				return fmt.Errorf("field %s: %w", model.Columns[i].Field, err)
			}
		}
	}
	return nil
}

func (m *maker) required(model *retort.Model, i int) bool {
	return model.Table.Columns[i].NotNull && !model.Columns[i].Made
}

// parents makes the rows that required foreign keys refer to, unless their
// fields are set.
func (m *maker) parents(ctx context.Context, model *retort.Model, v reflect.Value) error {
	for _, key := range model.Table.ForeignKeys {
		var missing []string
		for _, name := range key.Columns {
			i := column(model, name)
			if path := model.Columns[i].Field; m.required(model, i) && field(v, path).IsZero() {
				missing = append(missing, path)
			}
		}
		if len(missing) == 0 {
			continue
		}
		if err := m.parent(ctx, model, v, &key, missing); err != nil {
			return err
		}
	}
	return nil
}

func (m *maker) parent(ctx context.Context, model *retort.Model, v reflect.Value, key *schema.ForeignKey, missing []string) error {
	at := slices.IndexFunc(m.models, func(o retort.Model) bool { return o.Table.FullName() == key.RefFullName() })
	if at < 0 {
		return fmt.Errorf("its parent table %q is in no model", key.RefFullName())
	}
	of := &m.models[at]
	parent := reflect.New(of.Type)
	pair := func(i int) (own, referred reflect.Value, path string) {
		path = model.Columns[column(model, key.Columns[i])].Field
		return field(v, path), field(parent.Elem(), of.Columns[column(of, key.RefColumns[i])].Field), path
	}
	// What is there of the key is what the parent has to have: the tenant, say.
	given := func() {
		for i := range key.Columns {
			made := of.Columns[column(of, key.RefColumns[i])].Made
			if own, referred, _ := pair(i); !made && !own.IsZero() {
				assign(referred, own)
			}
		}
	}
	if err := m.row(ctx, parent.Interface(), given); err != nil {
		return fmt.Errorf("its parent %s, made for want of %s: %w", of.Type, strings.Join(missing, ", "), err)
	}
	for i := range key.Columns {
		own, referred, path := pair(i)
		was := reflect.New(own.Type()).Elem()
		was.Set(own)
		if !assign(own, referred) {
			return fmt.Errorf("field %s: a %s does not fit the parent's %s; set it", path, own.Type(), referred.Type())
		}
		if !was.IsZero() && !reflect.DeepEqual(was.Interface(), own.Interface()) {
			return fmt.Errorf("field %s is set, but no other field of its foreign key, and the database makes the parent's; set all of them", path)
		}
	}
	return nil
}

// assign copies a key from one row to another; false where it does not fit.
func assign(to, from reflect.Value) bool {
	if from.Kind() == reflect.Pointer && to.Kind() != reflect.Pointer {
		if from.IsNil() {
			return false
		}
		from = from.Elem()
	}
	if to.Kind() == reflect.Pointer && from.Kind() != reflect.Pointer {
		if !from.CanConvert(to.Type().Elem()) {
			return false
		}
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	if !from.CanConvert(to.Type()) {
		return false
	}
	to.Set(from.Convert(to.Type()))
	return true
}

func column(model *retort.Model, name string) int {
	return slices.IndexFunc(model.Table.Columns, func(c schema.Column) bool { return c.Name == name })
}

// field walks a path of Go names.
func field(v reflect.Value, path string) reflect.Value {
	for name := range strings.SplitSeq(path, ".") {
		v = v.FieldByName(name)
	}
	return v
}

// refused says of a constraint's refusal which fields are to be set.
func (m *maker) refused(model *retort.Model, err error) error {
	var c *pgerr.ConstraintError
	if !errors.As(err, &c) {
		return err
	}
	about, rule := c.Columns, ""
	for _, check := range model.Table.Checks {
		if check.Name == c.Constraint {
			about, rule = mentioned(model, check.Expression), " ("+check.Expression+")"
		}
	}
	fields := make([]string, 0, len(about))
	for _, name := range about {
		if i := column(model, name); i >= 0 {
			fields = append(fields, model.Columns[i].Field)
		}
	}
	if len(fields) == 0 {
		fields = []string{"the fields that it is about"}
	}
	where := "in a change function"
	if len(m.under) > 1 {
		where = fmt.Sprintf("by a Make[%s] of its own", model.Type)
	}
	if c.Kind == pgerr.NotNull && c.Constraint == "" {
		return fmt.Errorf("Make has no value for what is NOT NULL; set %s %s: %w", strings.Join(fields, ", "), where, err)
	}
	return fmt.Errorf("the constraint %q%s refuses the row, and Make cannot know what it wants; set %s %s: %w",
		c.Constraint, rule, strings.Join(fields, ", "), where, err)
}

// mentioned are the columns whose names are in an SQL expression.
func mentioned(model *retort.Model, expression string) []string {
	words := strings.FieldsFunc(expression, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r < 0x80
	})
	var names []string
	for i := range model.Table.Columns {
		if slices.Contains(words, model.Table.Columns[i].Name) {
			names = append(names, model.Table.Columns[i].Name)
		}
	}
	return names
}
