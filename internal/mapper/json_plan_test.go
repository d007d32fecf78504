package mapper_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/retort-go/retort/internal/mapper"
)

// paper has every kind of field that json is read into in its own way.
type paper struct {
	Text     string            `json:"text"`
	Small    int8              `json:"small,omitempty"`
	Count    int               `json:"count"`
	Wide     uint64            `json:"wide"`
	Narrow   uint16            `json:"narrow"`
	Ratio    float64           `json:"ratio"`
	Single   float32           `json:"single"`
	Yes      bool              `json:"yes"`
	Maybe    *string           `json:"maybe"`
	Tags     []string          `json:"tags"`
	Matrix   [][]int           `json:"matrix"`
	Inner    part              `json:"inner"`
	List     []*part           `json:"list,omitzero"`
	Bytes    []byte            `json:"bytes"`
	Any      any               `json:"any"`
	Map      map[string]any    `json:"map"`
	Words    map[string]string `json:"words"`
	At       time.Time         `json:"at"`
	Raw      json.RawMessage   `json:"raw,omitempty"`
	Number   json.Number       `json:"number"`
	Fixed    [2]int            `json:"fixed"`
	Left     string            `json:"-"`
	Untagged string
	cache    *string // what json does not show
}

type part struct {
	A     int    `json:"a"`
	B     string `json:"b"`
	Below *part  `json:"below"`
}

// embedding is left to encoding/json.
type embedding struct {
	part
	Text string `json:"text"`
}

// jsonRow is a row with one column of json.
type jsonRow[T any] struct{ Doc T }

// jsonReader reads texts as a row is decoded, and as encoding/json does.
type jsonReader[T any] struct {
	plan    *mapper.Plan
	decoder *mapper.Decoder
}

func newJSONReader[T any](tb testing.TB) jsonReader[T] {
	tb.Helper()
	p := planOf[jsonRow[T]](tb, map[string]string{"doc": "json"})
	d, err := p.Decoder([]int{0}, []uint32{114})
	if err != nil {
		tb.Fatal(err)
	}
	return jsonReader[T]{p, d}
}

// check reads text in both ways, and asks the snapshot about an edit.
func (r jsonReader[T]) check(t fataler, text string, edit func(*T)) {
	t.Helper()
	var want T
	refused := json.Unmarshal([]byte(text), &want)
	o, then, err := r.decoder.DecodeOne([][]byte{[]byte(text)})
	if (err != nil) != (refused != nil) {
		t.Fatalf("%s: read as %v, by encoding/json as %v", text, err, refused)
	}
	if err != nil {
		return
	}
	got := mapper.At[jsonRow[T]](o)
	if !reflect.DeepEqual(got.Doc, want) {
		t.Fatalf("%s: read as %#v, by encoding/json as %#v", text, got.Doc, want)
	}
	if changed, err := r.plan.Changed(o, then, nil); err != nil || len(changed) != 0 {
		t.Fatalf("%s: changed before it was touched: %v %v", text, changed, err)
	}
	before, errBefore := json.Marshal(&want)
	edit(&got.Doc)
	after, errAfter := json.Marshal(&got.Doc)
	if errBefore != nil || errAfter != nil {
		return
	}
	changed, err := r.plan.Changed(o, then, nil)
	if err != nil || (len(changed) != 0) != (string(before) != string(after)) {
		t.Fatalf("%s: %s became %s, changed says %v %v", text, before, after, changed, err)
	}
	r.plan.Restore(o, then, []int{0})
	if restored, err := json.Marshal(&got.Doc); err != nil || string(restored) != string(before) {
		t.Fatalf("%s: restored as %s, not %s: %v", text, restored, before, err)
	}
}

// jsonTexts are texts whose reading has a trap.
var jsonTexts = []string{
	`{}`, `null`, ` { } `, `[]`, `""`, `1`, ``, ` `, `{`, `}`, `{"text"}`, `{"text":}`, `{"text":"a",}`, `{,}`, `{"text":"a"} x`, `{"text":"a"}{}`,
	`{"text": "a", "count": 3, "yes": true}`, `{"TEXT": "fold"}`, `{"text":"a","Text":"b"}`, `{"text":"a","text":"b"}`, `{"ſmall":1}`, `{"te\u0078t":"a"}`,
	`{"text":"\u00e9\n\"\\\/"}`, `{"text":"\n\t\b\f\r\"\\\/"}`, `{"text":"\x"}`, "{\"text\":\"\n\"}", "{\"text\":\"\xff\"}", `{"text":"日本"}`, `{"text":null}`, `{"text":1}`,
	`{"small":127}`, `{"small":128}`, `{"small":-128}`, `{"small":1.0}`, `{"small":1e1}`, `{"count":-0}`, `{"count":01}`, `{"count":+1}`, `{"count":"1"}`,
	`{"wide":18446744073709551615}`, `{"wide":-1}`, `{"narrow":65536}`, `{"ratio":1e308}`, `{"ratio":1e309}`, `{"ratio":.5}`, `{"ratio":1.}`, `{"ratio":-0}`, `{"ratio":1E+2}`,
	`{"ratio":0.1}`, `{"ratio":1e}`, `{"ratio":--1}`, `{"ratio":NaN}`, `{"single":0.1}`, `{"single":3.5e38}`, `{"yes":false}`, `{"yes":1}`, `{"yes":truex}`, `{"maybe":"x"}`, `{"maybe":null}`,
	`{"tags":[]}`, `{"tags":null}`, `{"tags":["a","b",null]}`, `{"tags":["a",]}`, `{"tags":["a" "b"]}`, `{"tags":{}}`, `{"matrix":[[1,2],[],null,[3]]}`,
	`{"inner":{"a":1,"b":"x","below":{"a":2}}}`, `{"inner":null}`, `{"inner":[]}`, `{"list":[{"a":1},null,{}]}`, `{"bytes":"aGk="}`, `{"bytes":"!"}`, `{"bytes":[104]}`,
	`{"any":{"x":[1,"a",null,true]}}`, `{"any":null}`, `{"map":{"a":1,"b":{"c":[]}}}`, `{"map":{}}`, `{"map":null}`, `{"words":{"k":"v"}}`, `{"at":"2025-01-02T03:04:05Z"}`, `{"at":"x"}`,
	`{"raw":{"b": 1}}`, `{"number":1.50}`, `{"number":"1"}`, `{"fixed":[1]}`, `{"fixed":[1,2,3]}`, `{"Left":"x","-":"y"}`, `{"Untagged":"u"}`, `{"unknown":{"a":[1,{"b":"\u0000"}]},"text":"a"}`,
	`{"unknown":01}`, `{"unknown":"\q"}`, `{"unknown":[1,2}`, `{"unknown":"\"","count":2}`, `{"unknown":1e5,"unknown":-3.25,"":0}`,
}

// edits are ways to change a paper.
var edits = []func(*paper){
	func(*paper) {},
	func(d *paper) { d.Text += "!" },
	func(d *paper) { d.Tags = append(d.Tags, "new") },
	func(d *paper) { d.Tags = []string{} },
	func(d *paper) { d.Inner.Below = &part{A: 7} },
	func(d *paper) { d.Count, d.Ratio, d.Single, d.Small, d.Wide = d.Count+1, d.Ratio+1, 2, 3, 4 },
	func(d *paper) { d.Yes = !d.Yes },
	func(d *paper) { d.Maybe = new("other") },
	func(d *paper) { d.Map, d.Any = map[string]any{"z": 1.0}, "other" },
	func(d *paper) { d.cache, d.Left = new("cache"), "left" },
	func(d *paper) { d.Matrix, d.List = nil, nil },
	func(d *paper) { d.List, d.At = append(d.List, nil), d.At.Add(time.Second) },
}

func TestJSONIsReadAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	docs, embedded := newJSONReader[paper](t), newJSONReader[embedding](t)
	lists, maps := newJSONReader[[]part](t), newJSONReader[map[string]*part](t)
	for _, text := range jsonTexts {
		for _, edit := range edits {
			docs.check(t, text, edit)
		}
		embedded.check(t, text, func(e *embedding) { e.Text, e.A = "x", 4 })
		lists.check(t, text, func(l *[]part) { *l = append(*l, part{A: 1}) })
		lists.check(t, "["+text+","+text+"]", func(l *[]part) { (*l)[0].B += "!" })
		maps.check(t, `{"k":`+text+`}`, func(m *map[string]*part) { delete(*m, "k") })
	}
}

// TestJSONOfAnyDocument writes documents, with blanks where the server would leave
// none, and reads them.
func TestJSONOfAnyDocument(t *testing.T) {
	t.Parallel()
	docs := newJSONReader[paper](t)
	rapid.Check(t, func(rt *rapid.T) {
		d := paper{
			Text: rapid.String().Draw(rt, "text"), Small: rapid.Int8().Draw(rt, "small"), Count: rapid.Int().Draw(rt, "count"), Wide: rapid.Uint64().Draw(rt, "wide"),
			Ratio: rapid.Float64Range(-1e300, 1e300).Draw(rt, "ratio"), Single: rapid.Float32Range(-1e30, 1e30).Draw(rt, "single"),
			Yes: rapid.Bool().Draw(rt, "yes"), Tags: rapid.SliceOf(rapid.String()).Draw(rt, "tags"),
			Inner: part{A: rapid.Int().Draw(rt, "a"), Below: &part{B: rapid.String().Draw(rt, "b")}}, Raw: json.RawMessage(`[1]`), Number: "1",
		}
		write := json.Marshal
		if rapid.Bool().Draw(rt, "blanks") {
			write = func(v any) ([]byte, error) { return json.MarshalIndent(v, " ", "\t") }
		}
		text, err := write(&d)
		if err != nil {
			rt.Fatal(err)
		}
		docs.check(rt, string(text), rapid.SampledFrom(edits).Draw(rt, "edit"))
	})
}

func FuzzJSON(f *testing.F) {
	docs, lists := newJSONReader[paper](f), newJSONReader[[]part](f)
	for _, text := range jsonTexts {
		f.Add(text, 0)
	}
	f.Fuzz(func(t *testing.T, text string, edit int) {
		if edit < 0 || edit >= len(edits) {
			return
		}
		docs.check(t, text, edits[edit])
		lists.check(t, text, func(l *[]part) { *l = append(*l, part{}) })
	})
}

// TestJSONIsReadInPlace is the control of the others: if encoding/json did all of
// it, none of them could fail.
func TestJSONIsReadInPlace(t *testing.T) {
	type plain struct {
		Language string
		On       bool
		Tags     []string
	}
	docs := newJSONReader[plain](t)
	values := [][]byte{[]byte(`{"Language": "en", "On": true, "Tags": ["a", "b"]}`)}
	o, then, err := docs.decoder.DecodeOne(values)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plain{"en", true, []string{"a", "b"}}, mapper.At[jsonRow[plain]](o).Doc); diff != "" {
		t.Fatal(diff)
	}
	if n := testing.AllocsPerRun(100, func() { _, _, _ = docs.decoder.DecodeOne(values) }); n > 5 {
		t.Errorf("%v allocations for the object, its snapshot, their texts and a slice", n)
	}
	changed := make([]int, 0, 1)
	if n := testing.AllocsPerRun(100, func() { _, _ = docs.plan.Changed(o, then, changed) }); n != 0 {
		t.Errorf("%v allocations to see that nothing changed", n)
	}
}
