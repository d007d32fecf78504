package mapper_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/mapper"
)

// Rows without values lie where rows with values did, and the other way round: no
// snapshot shows what was there before, and no object what came after.
func TestLent_keeps_one_read_out_of_the_next(t *testing.T) {
	p := planOf[Nullable](t, nullableTypes)
	d, err := p.Decoder(allColumns(p), nullableOIDs)
	if err != nil {
		t.Fatal(err)
	}
	const rows = 200
	full, none := encodeAll(t, p, fullNullable()), make([][]byte, p.Len())
	j, _ := p.Index("j")
	i16, _ := p.Index("i16")
	var lent mapper.Lent
	var taken []mapper.Object // back to what snapshots said that are gone by now
	for round := range 6 {
		values := full
		if round%2 == 1 {
			values = none
		}
		b := p.NewBatch(0)
		objects, then := make([]mapper.Object, rows), make([]mapper.Snapshot, rows)
		for i := range objects {
			if objects[i], then[i], err = d.DecodeKept(b, values); err != nil {
				t.Fatal(err)
			}
		}
		for i, o := range objects {
			if names := changedNames(t, p, o, then[i]); len(names) != 0 {
				t.Fatalf("round %d, row %d: %v changed by themselves", round, i, names)
			}
			if _, null := p.KeyThen(then[i], j); null != (round%2 == 1) {
				t.Fatalf("round %d, row %d: json was null: %v", round, i, null)
			}
			m := p.Any(o).(*Nullable)
			m.J, m.I16 = &map[string]any{"other": "value"}, new(int16(99))
			if diff := cmp.Diff([]string{"i16", "j"}, changedNames(t, p, o, then[i])); diff != "" {
				t.Fatal(diff)
			}
			after := p.SnapshotAfter(o, then[i], []int{i16}, []int{j})
			if names := changedNames(t, p, o, after); len(names) != 0 {
				t.Fatalf("round %d, row %d: %v changed behind their snapshot", round, i, names)
			}
			if round%2 == 1 { // a form that was none is not one of before
				after = p.SnapshotAfter(o, then[i], []int{i16})
				if names := changedNames(t, p, o, after); len(names) != 0 {
					t.Fatalf("round %d, row %d: %v differ from what was NULL", round, i, names)
				}
			}
			p.Restore(o, then[i], allColumns(p))
		}
		if round == 0 {
			taken = objects
		}
		lent.TakeOver(b)
		lent.GiveBack()
	}
	for i, o := range taken {
		if diff := cmp.Diff(fullNullable(), p.Any(o)); diff != "" {
			t.Fatalf("object %d looks into memory that was given back: %s", i, diff)
		}
	}
}

// The second read takes what the first gave back; without that each would allocate
// its snapshots.
func TestLent_is_taken_again(t *testing.T) {
	p := rowPlan(t)
	d, err := p.Decoder(allColumns(p), rowOIDs)
	if err != nil {
		t.Fatal(err)
	}
	values := encodeAll(t, p, sampleRow())
	read := func(back bool) func() {
		return func() {
			b := p.NewBatch(64)
			for range 640 {
				if _, _, err := d.DecodeKept(b, values); err != nil {
					t.Fatal(err)
				}
			}
			if back {
				var lent mapper.Lent
				lent.TakeOver(b)
				lent.GiveBack()
			}
		}
	}
	kept, given := testing.AllocsPerRun(20, read(false)), testing.AllocsPerRun(20, read(true))
	if given > kept-5 { // of ten; the race detector makes pools forget
		t.Errorf("%v allocations where the memory is given back, %v where it is kept", given, kept)
	}
}
