package mapper_test

import (
	"testing"
	"time"

	"github.com/retort-go/retort/internal/mapper"
)

type Item struct {
	Key
	Status  string
	Note    *string
	Other   *string
	Due     *time.Time
	Empty   struct{}
	Count   int32
	Address struct{ Street string }
	Last    struct{}
}

func TestStandIn(t *testing.T) {
	t.Parallel()
	fields := fieldsOf[Item](t)
	s := mapper.NewStandIn(typeOf[Item](), fields)
	c := s.Any().(*Item)
	named := func(name string) any { return name }
	for _, tt := range []struct {
		title string
		field any
		want  any
	}{
		{"a field", &c.Status, named("Status")},
		{"a promoted field at offset 0", &c.ID, named("ID")},
		{"a nullable field by its address", &c.Note, named("Note")},
		{"a nullable field by its slot", c.Note, named("Note")},
		{"another slot of the same type", c.Other, named("Other")},
		{"a slot of another type", c.Due, named("Due")},
		{"a field of size zero", &c.Empty, named("Empty")},
		{"a field behind one of size zero", &c.Count, named("Count")},
		{"a field of size zero at the end", &c.Last, named("Last")},
		{"a struct field", &c.Address, named("Address")},
		{"a field inside a struct field", &c.Address.Street, nil},
		{"the embedded struct itself", &c.Key, nil},
		{"the stand-in itself", c, nil},
		{"another object", &new(Item).Status, nil},
		{"a value", c.Status, nil},
		{"a number that looks like nothing", 7, nil},
		{"nil", nil, nil},
		{"a nil pointer", (*string)(nil), nil},
		{"a nil pointer to a pointer", (**string)(nil), nil},
	} {
		t.Run("finds "+tt.title, func(t *testing.T) {
			t.Parallel()
			i, ok := s.Find(tt.field)
			if !ok {
				if tt.want != nil {
					t.Errorf("not found, want %v", tt.want)
				}
				return
			}
			if fields[i].Name != tt.want {
				t.Errorf("found %s, want %v", fields[i].Name, tt.want)
			}
		})
	}
}

func TestStandIn_tells_two_of_one_type_apart(t *testing.T) {
	t.Parallel()
	fields := fieldsOf[Item](t)
	a, b := mapper.NewStandIn(typeOf[Item](), fields), mapper.NewStandIn(typeOf[Item](), fields)
	c := b.Any().(*Item)
	if _, ok := a.Find(&c.Status); ok {
		t.Error("a field of b was found in a")
	}
	if _, ok := a.Find(c.Note); ok {
		t.Error("a slot of b was found in a")
	}
	if _, ok := b.Find(c.Note); !ok {
		t.Error("a slot of b was not found in b")
	}
}

func TestStandIn_finds_without_allocating(t *testing.T) {
	s := mapper.NewStandIn(typeOf[Item](), fieldsOf[Item](t))
	c := s.Any().(*Item)
	if n := testing.AllocsPerRun(100, func() { s.Find(&c.Status); s.Find(c.Note) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestStandIn_takes_what_is_no_model(t *testing.T) {
	t.Parallel()
	for _, s := range []*mapper.StandIn{mapper.NewStandIn(typeOf[int](), nil), mapper.NewStandIn(typeOf[struct{}](), nil)} {
		if _, ok := s.Find(s.Any()); ok {
			t.Errorf("%T was found to be a field", s.Any())
		}
	}
}
