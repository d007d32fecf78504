package mapper_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

func TestObject(t *testing.T) {
	t.Parallel()
	p := rowPlan(t)
	r := sampleRow()
	o := object(t, p, r)
	if p.Any(o).(*Row) != r {
		t.Error("Any is another object")
	}
	if again := object(t, p, r); again != o {
		t.Error("two Objects of one struct differ")
	}
	if first, second := p.New(), p.New(); first == second {
		t.Error("two structs are one Object")
	}
	for _, v := range []any{nil, (*Row)(nil), Row{}, &Book{}, 7, &r} {
		if _, ok := p.ObjectOf(v); ok {
			t.Errorf("%T was taken for an object", v)
		}
	}
	if p.Any(mapper.Object{}) != nil || !(mapper.Object{}).IsNil() {
		t.Error("the zero Object is something")
	}
}

func TestBatch_makes_objects_of_their_own(t *testing.T) {
	t.Parallel()
	p := planOf[Nullable](t, nullableTypes)
	for _, expect := range []int{-1, 0, 1, 5, 1000} {
		b := p.NewBatch(expect)
		seen := map[mapper.Object]bool{}
		for range 300 {
			o := b.New()
			if seen[o] {
				t.Fatal("one object twice")
			}
			seen[o] = true
			if diff := cmp.Diff(&Nullable{}, p.Any(o).(*Nullable)); diff != "" {
				t.Fatal(diff)
			}
		}
	}
}

// The slots of a batch hold pointers: the collector must see them.
func TestBatch_survives_the_garbage_collector(t *testing.T) {
	t.Parallel()
	p := planOf[Nullable](t, nullableTypes)
	d, err := p.Decoder(allColumns(p), nullableOIDs)
	if err != nil {
		t.Fatal(err)
	}
	values := encodeAll(t, p, fullNullable())
	var kept []*Nullable
	b := p.NewBatch(0)
	for i := range 500 {
		o, err := d.DecodeNew(b, values)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, p.Any(o).(*Nullable))
		if i%100 == 0 {
			runtime.GC()
		}
	}
	runtime.GC()
	for _, n := range kept {
		if diff := cmp.Diff(fullNullable(), n); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestSet_and_Value(t *testing.T) {
	t.Parallel()
	p := planOf[Everything](t, everythingTypes)
	from, to := object(t, p, everything()), p.New()
	for col := range p.Len() {
		if !p.IsZero(to, col) {
			t.Errorf("%s of a new object is not zero", p.Name(col))
		}
		if err := p.Set(to, col, p.Value(from, col)); err != nil {
			t.Fatal(err)
		}
		if p.IsZero(to, col) {
			t.Errorf("%s is still zero", p.Name(col))
		}
	}
	if changed := changedNames(t, p, to, p.Snapshot(from)); changed != nil {
		t.Errorf("differs in %v", changed)
	}
	note, _ := p.Index("note")
	if err := p.Set(to, note, nil); err != nil || !p.IsNull(to, note) || p.Value(to, note) != nil {
		t.Errorf("note is %v, %v", p.Value(to, note), err)
	}
	if err := p.Set(to, note, new("x")); err != nil || p.Value(to, note) != "x" {
		t.Errorf("note is %v, %v", p.Value(to, note), err)
	}
	name, _ := p.Index("name")
	var isNil *mapper.NilValueError
	if err := p.Set(to, name, nil); !errors.As(err, &isNil) {
		t.Error(err)
	}
	var wrong *mapper.TypeError
	if err := p.Set(to, name, Status("x")); !errors.As(err, &wrong) || wrong.Want != "string" {
		t.Error(err)
	}
}

func TestValue_is_a_copy(t *testing.T) {
	t.Parallel()
	p := planOf[Everything](t, everythingTypes)
	e := everything()
	raw, _ := p.Index("raw")
	v := p.Value(object(t, p, e), raw).([]byte)
	v[0] = 'X'
	if string(e.Raw) != "raw" {
		t.Error("the object was changed")
	}
}

func TestSetUUID(t *testing.T) {
	t.Parallel()
	type M struct {
		A UUID
		B *UUID
		C string
	}
	p, m := planOf[M](t, nil), &M{B: &UUID{1}}
	o, before := object(t, p, m), m.B
	p.SetUUID(o, 0, [16]byte{7})
	p.SetUUID(o, 1, [16]byte{8})
	if m.A != (UUID{7}) || *m.B != (UUID{8}) || *before != (UUID{1}) {
		t.Errorf("%+v, before %v", m, before)
	}
	defer func() {
		if recover() == nil {
			t.Error("a string was set to a uuid")
		}
	}()
	p.SetUUID(o, 2, [16]byte{})
}

func TestCopyColumns_copies_only_those(t *testing.T) {
	t.Parallel()
	p := planOf[Everything](t, everythingTypes)
	e := &Everything{Name2: new("kept"), Gap: 5}
	dst, src := object(t, p, e), object(t, p, everything())
	gap, _ := p.Index("gap")
	name2, _ := p.Index("name2")
	var cols []int
	for col := range p.Len() {
		if col != gap && col != name2 {
			cols = append(cols, col)
		}
	}
	p.CopyColumns(dst, src, cols)
	if diff := cmp.Diff([]string{"gap", "name2"}, changedNames(t, p, dst, p.Snapshot(src))); diff != "" {
		t.Error(diff)
	}
	if *e.Name2 != "kept" || e.Gap != 5 {
		t.Errorf("%+v", e)
	}
}

func TestPlan_serves_many_goroutines(t *testing.T) {
	t.Parallel()
	p := rowPlan(t)
	d, err := p.Decoder(allColumns(p), rowOIDs)
	if err != nil {
		t.Fatal(err)
	}
	values := encodeAll(t, p, sampleRow())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			b := p.NewBatch(0)
			for range 50 {
				o, err := d.DecodeNew(b, values)
				if err != nil {
					t.Error(err)
					return
				}
				s := p.Snapshot(o)
				p.Any(o).(*Row).Created = time.Time{}
				if changed, err := p.Changed(o, s, nil); len(changed) != 1 || err != nil {
					t.Error(changed, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestDecodeNew_puts_nullable_values_into_the_batch(t *testing.T) {
	type M struct {
		A *int64
		B *int32
		C *bool
	}
	p := planOf[M](t, nil)
	d, err := p.Decoder(allColumns(p), []uint32{pgtype.Int8OID, pgtype.Int4OID, pgtype.BoolOID})
	if err != nil {
		t.Fatal(err)
	}
	b, values := p.NewBatch(1000), [][]byte{be64(1), be32(2), {1}}
	if n := testing.AllocsPerRun(640, func() {
		if _, err := d.DecodeNew(b, values); err != nil {
			t.Fatal(err)
		}
	}); n > 0.1 {
		t.Errorf("%v allocations per object, want one per 64", n)
	}
}
