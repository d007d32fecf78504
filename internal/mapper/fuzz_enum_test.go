package mapper_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/retort-go/retort/internal/mapper"
)

// FuzzDecodeEnum feeds labels of any bytes: one that the program lists arrives as
// it spells it, NULL where it may, and all others are an error.
func FuzzDecodeEnum(f *testing.F) {
	labels := []string{"glad", "", "sad'", "é", "gla"}
	for _, l := range append(labels, "GLAD", "glad\x00", " glad", "\xff", "e\u0301", "gladglad", "NULL") {
		f.Add([]byte(l), false)
		f.Add([]byte(l), true)
	}
	type row struct {
		Mood  Status
		Maybe *Status
		All   []Status
	}
	types, err := mapper.NewTypes(mapper.Enum{Name: "mood", Labels: labels})
	if err != nil {
		f.Fatal(err)
	}
	p, err := types.Compile(typeOf[row](), columnsOf[row](f, map[string]string{"mood": "mood", "maybe": "mood", "all": "mood[]"}))
	if err != nil {
		f.Fatal(err)
	}
	const mood, moods = 50000, 50001
	d, err := p.Decoder(allColumns(p), []uint32{mood, mood, moods})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, label []byte, null bool) {
		label = label[:len(label):len(label)]
		maybe := label
		if null {
			maybe = nil
		} else if maybe == nil {
			maybe = []byte{}
		}
		list := slices.Concat(be32(1), be32(0), be32(mood), be32(1), be32(1), be32(int32(len(label))), label)
		o := p.New()
		if err := d.Decode(o, [][]byte{append([]byte{}, label...), maybe, list}); err != nil {
			var value *mapper.ValueError
			if slices.Contains(labels, string(label)) || !errors.As(err, &value) {
				t.Fatalf("%q: %v", label, err)
			}
			return
		}
		got := p.Any(o).(*row)
		if !slices.Contains(labels, string(label)) || string(got.Mood) != string(label) || len(got.All) != 1 || got.All[0] != got.Mood ||
			null != (got.Maybe == nil) || !null && *got.Maybe != got.Mood {
			t.Fatalf("%q was read as %+v", label, got)
		}
		var args mapper.Args
		if err := p.Append(&args, o, 0); err != nil || string(args.Values[0]) != string(label) {
			t.Fatalf("%q is written as %q: %v", label, args.Values[0], err)
		}
	})
}
