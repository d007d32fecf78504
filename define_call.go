package retort

import "reflect"

// binder lets defineStruct fill a Definition whose type it only knows by
// reflection.
type binder interface {
	bind(core *definition, standIn any)
	about() reflect.Type
}

func (d *Definition[T]) bind(core *definition, standIn any) {
	d.core, d.C = core, standIn.(*T)
}

func (*Definition[T]) about() reflect.Type { return reflect.TypeFor[T]() }

// defineStruct calls the Define methods of the embedded structs and of the
// struct itself, each with its own Definition. Calling them one by one matters:
// Go promotes the method of a single embedded struct and drops those of two.
//
//   - Shape: embedded tells which structs were asked before.
func defineStruct(core *definition, standIn any, embedded map[reflect.Type]bool) {
	v := reflect.ValueOf(standIn)
	t := v.Type().Elem()
	for i := range t.NumField() {
		f := t.Field(i)
		if _, tagged := f.Tag.Lookup("db"); tagged || !f.Anonymous || f.Type.Kind() != reflect.Struct {
			continue // not a set of columns
		}
		// A struct whose name is not exported is embedded like any other, but reflect
		// hands it out through its address only.
		part := reflect.NewAt(f.Type, v.Elem().Field(i).Addr().UnsafePointer())
		defineStruct(core, part.Interface(), embedded)
		embedded[f.Type] = true
	}
	method := v.MethodByName("Define")
	if !method.IsValid() {
		return
	}
	b, argument := definitionOf(method.Type())
	switch {
	case b == nil:
		return // a method of the user's own, by chance of that name
	case b.about() == t:
		b.bind(core, standIn)
		method.Call([]reflect.Value{argument})
	case !embedded[b.about()]:
		core.fail("Define of %s takes a Definition of %s; write func (%s) Define(d *retort.Definition[%s])", t, b.about(), t.Name(), t.Name())
	}
}

// definitionOf makes the argument of a Define method; nil when it does not take
// a Definition and nothing else.
func definitionOf(method reflect.Type) (binder, reflect.Value) {
	if method.NumIn() != 1 || method.In(0).Kind() != reflect.Pointer {
		return nil, reflect.Value{}
	}
	argument := reflect.New(method.In(0).Elem())
	b, _ := argument.Interface().(binder)
	return b, argument
}
