package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"
)

type color string

type line struct {
	Name  string  `json:"name"`
	Count int8    `json:"count,omitempty"`
	Sub   []line  `json:"sub,omitempty"`
	Note  *string `json:"note"`
}

type common struct {
	Trace *string `header:"X-Trace"`
	Kind  color   `json:"kind" default:"red"`
}

type everything struct {
	common
	ID     uuid.UUID         `path:"id"`
	Limit  int               `query:"limit" default:"20"`
	After  *time.Time        `query:"after"`
	Colors []color           `query:"color"`
	Exact  bool              `query:"exact,omitempty"`
	Match  string            `header:"if-match,omitempty"`
	Tags   []string          `header:"X-Tag"`
	Name   string            `json:"name"`
	Price  float32           `json:"price,omitempty"`
	Big    uint64            `json:"big,omitempty"`
	Due    *time.Time        `json:"due"`
	Ref    *uuid.UUID        `json:"ref"`
	Note   Field[string]     `json:"note"`
	Lines  []line            `json:"lines,omitempty"`
	Pair   *[2]int           `json:"pair"`
	Extra  map[string]int    `json:"extra,omitempty"`
	Blob   []byte            `json:"blob,omitempty"`
	Any    any               `json:"any,omitempty"`
	Raw    json.RawMessage   `json:"raw,omitempty"`
	Flag   *bool             `json:"flag"`
	Names  map[color]*string `json:"names,omitempty"`
	Inner  *line             `json:"inner"`
	Skip   string            `json:"-"`
	hidden int               //nolint:unused // unexported fields without tags are left alone
}

const someID = "018f3c3e-7a5b-7c3d-9e1f-0123456789ab"

// send makes a request to a pattern and decodes its input.
func send[In any](t testing.TB, r *http.Request, pattern string) (*In, error) {
	t.Helper()
	in, problems := inputFor(reflect.TypeFor[In]())
	if len(problems) > 0 {
		t.Fatalf("registration: %q", problems)
	}
	var out *In
	var failure error
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		req, err := in.read(w, r, DefaultMaxBody)
		if err != nil {
			failure = err
			return
		}
		v, err := in.decode(req)
		out, failure = v.Interface().(*In), err
	})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("the mux answered %d", w.Code)
	}
	return out, failure
}

func post(target, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func TestInput(t *testing.T) {
	t.Parallel()

	t.Run("fills_every_kind_of_field", func(t *testing.T) {
		t.Parallel()
		r := post("/things/"+someID+"?limit=-3&color=red&color=blue&exact=true&after=2026-02-28T23:59:59.5%2B01:00", ` {
			"name": "a\u00e9\ud83d\ude00\n\"\\\/", "price": -1.5e2, "big": 18446744073709551615,
			"due": "2026-01-31T00:00:00Z", "ref": "`+someID+`", "note": null,
			"lines": [{"name": "x", "note": "n", "sub": [{"name": "y", "count": -128}]}, {"name": ""}],
			"pair": [1, 2], "extra": {"a": 1, "": 2}, "blob": "aGk=", "any": [1, {"b": null}],
			"raw": {"k" : [true]}, "flag": false, "names": {"red": null, "blue": "b"}, "inner": null} `)
		r.Header.Add("If-Match", `"1"`)
		r.Header.Add("If-Match", `W/"2"`)
		r.Header.Add("X-Tag", "one, two")
		r.Header.Add("X-Tag", "three")
		r.Header.Set("X-Trace", "t")
		got, err := send[everything](t, r, "POST /things/{id}")
		if err != nil {
			t.Fatal(err)
		}
		id := uuid.FromStringOrNil(someID)
		after := time.Date(2026, 2, 28, 23, 59, 59, 5e8, time.FixedZone("", 3600))
		due := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
		want := &everything{
			common: common{Trace: new("t"), Kind: "red"},
			ID:     id, Limit: -3, After: &after, Colors: []color{"red", "blue"}, Exact: true,
			Match: `"1", W/"2"`, Tags: []string{"one, two", "three"},
			Name: "aé😀\n\"\\/", Price: -150, Big: 18446744073709551615, Due: &due, Ref: &id,
			Note: Field[string]{Set: true, Null: true},
			Lines: []line{
				{Name: "x", Note: new("n"), Sub: []line{{Name: "y", Count: -128}}},
				{Name: ""},
			},
			Pair: &[2]int{1, 2}, Extra: map[string]int{"a": 1, "": 2}, Blob: []byte("hi"),
			Any: []any{1.0, map[string]any{"b": nil}}, Raw: json.RawMessage(`{"k" : [true]}`), Flag: new(bool),
			Names: map[color]*string{"red": nil, "blue": new("b")},
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(everything{})); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})

	t.Run("leaves_what_is_absent", func(t *testing.T) {
		t.Parallel()
		got, err := send[everything](t, post("/things/"+someID, `{"name":""}`), "POST /things/{id}")
		if err != nil {
			t.Fatal(err)
		}
		want := &everything{common: common{Kind: "red"}, ID: uuid.FromStringOrNil(someID), Limit: 20}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(everything{})); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})

	t.Run("tells_absent_null_and_value_apart", func(t *testing.T) {
		t.Parallel()
		type patch struct {
			Note Field[string]    `json:"note"`
			Due  Field[time.Time] `json:"due"`
		}
		for body, want := range map[string]Field[string]{
			`{}`:            {},
			`{"note":null}`: {Set: true, Null: true},
			`{"note":""}`:   {Set: true},
			`{"note":"x"}`:  {Set: true, Value: "x"},
		} {
			got, err := send[patch](t, post("/", body), "POST /")
			if err != nil {
				t.Fatal(err)
			}
			if got.Note != want {
				t.Errorf("%s: got %+v, want %+v", body, got.Note, want)
			}
		}
	})

	t.Run("needs_no_body_without_fields_for_one", func(t *testing.T) {
		t.Parallel()
		type list struct {
			Limit *int `query:"limit"`
		}
		for _, body := range []string{"", " \n", "{}"} {
			if _, err := send[list](t, post("/?limit=1", body), "POST /"); err != nil {
				t.Errorf("body %q: %v", body, err)
			}
		}
		if _, err := send[list](t, post("/", `{"limit":1}`), "POST /"); StatusOf(err) != 422 {
			t.Errorf("a body for nobody: %v", err)
		}
	})

	t.Run("reads_the_rest_of_a_path", func(t *testing.T) {
		t.Parallel()
		type file struct {
			Path string `path:"path"`
		}
		for target, want := range map[string]string{"/f/": "", "/f/a/b%20c": "a/b c"} {
			got, err := send[file](t, httptest.NewRequest(http.MethodGet, target, nil), "GET /f/{path...}")
			if err != nil || got.Path != want {
				t.Errorf("%s: got %+v, %v, want %q", target, got, err, want)
			}
		}
	})

	t.Run("says_that_the_pattern_lacks_a_part", func(t *testing.T) {
		t.Parallel()
		type one struct {
			ID int `path:"id"`
		}
		_, err := send[one](t, httptest.NewRequest(http.MethodGet, "/x/1", nil), "GET /x/{key}")
		if StatusOf(err) != 500 || !strings.Contains(err.Error(), `"GET /x/{key}"`) {
			t.Errorf("got %v", err)
		}
	})
}

func TestInputRefuses(t *testing.T) {
	t.Parallel()
	const path = "/things/" + someID
	deep := strings.Repeat(`{"sub":[`, 200)
	for name, c := range map[string]struct {
		target, body string
		header       [2]string
		status       int
		want         []string // location message
	}{
		"broken_json":        {body: `{"name":`, status: 400, want: []string{"body ends in the middle of a JSON value"}},
		"wrong_json":         {body: `{"name":x}`, status: 400, want: []string{"body is not valid JSON (byte 9)"}},
		"trailing_data":      {body: `{"name":"a"} {}`, status: 400, want: []string{"body goes on after the JSON value ends (byte 14)"}},
		"empty_body":         {body: "", status: 400, want: []string{"body is empty; send a JSON object"}},
		"null_body":          {body: "null", status: 422, want: []string{"body must not be null"}},
		"array_body":         {body: `[1]`, status: 422, want: []string{"body must be an object"}},
		"raw_nul":            {body: "{\"name\":\"a\x00\"}", status: 400, want: []string{"body is not valid JSON (byte 11)"}},
		"escaped_nul":        {body: `{"name":"\u0000"}`, status: 400, want: []string{"body.name must not contain a NUL character"}},
		"nul_in_any":         {body: `{"name":"","any":[{"x":"\u0000"}]}`, status: 400, want: []string{"body.any[0].x must not contain a NUL character"}},
		"nul_in_raw_name":    {body: `{"name":"","raw":{"\u0000":1}}`, status: 400, want: []string{"body.raw a name in it must not contain a NUL character"}},
		"lone_surrogate":     {body: `{"name":"\ud800x"}`, status: 400, want: []string{"body.name must not contain half of a surrogate pair"}},
		"swapped_surrogates": {body: `{"name":"\ude00\ud83d"}`, status: 400, want: []string{"body.name must not contain half of a surrogate pair"}},
		"invalid_utf8":       {body: "{\"name\":\"\xff\"}", status: 400, want: []string{"body must be valid UTF-8"}},
		"byte_order_mark":    {body: "\ufeff{\"name\":\"\"}", status: 400, want: []string{"body is not valid JSON (byte 1)"}},
		"duplicate_name":     {body: `{"name":"a","name":"b"}`, status: 400, want: []string{"body.name is given twice"}},
		"duplicate_escaped":  {body: `{"name":"a","n\u0061me":"b"}`, status: 400, want: []string{"body.name is given twice"}},
		"duplicate_in_map":   {body: `{"name":"a","extra":{"x":1,"x":2}}`, status: 400, want: []string{"body.extra.x is given twice"}},
		"duplicate_in_any":   {body: `{"name":"a","any":{"x":1,"x":2}}`, status: 400, want: []string{"body.any.x is given twice"}},
		"unknown_field":      {body: `{"name":"a","nome":1}`, status: 422, want: []string{"body.nome is unknown"}},
		"wrong_case":         {body: `{"Name":"a"}`, status: 422, want: []string{`body.Name is unknown; write "name"`, "body.name is required"}},
		"skipped_field":      {body: `{"name":"a","Skip":"x"}`, status: 422, want: []string{"body.Skip is unknown"}},
		"missing_field":      {body: `{}`, status: 422, want: []string{"body.name is required"}},
		"null_field":         {body: `{"name":null}`, status: 422, want: []string{"body.name must not be null"}},
		"null_list":          {body: `{"name":"","lines":null}`, status: 422, want: []string{"body.lines must not be null"}},
		"null_time":          {body: `{"name":"","lines":[{"name":null}]}`, status: 422, want: []string{"body.lines[0].name must not be null"}},
		"number_for_string":  {body: `{"name":1}`, status: 422, want: []string{"body.name must be a string"}},
		"string_for_number":  {body: `{"name":"","big":"1"}`, status: 422, want: []string{"body.big must be an integer"}},
		"fraction":           {body: `{"name":"","big":1.0}`, status: 422, want: []string{"body.big must be an integer"}},
		"negative":           {body: `{"name":"","big":-1}`, status: 422, want: []string{"body.big must be an integer from 0 to 18446744073709551615"}},
		"int8_overflow":      {body: `{"name":"","lines":[{"name":"","count":128}]}`, status: 422, want: []string{"body.lines[0].count must be an integer from -128 to 127"}},
		"float_overflow":     {body: `{"name":"","price":1e39}`, status: 422, want: []string{"body.price is too large a number"}},
		"any_overflow":       {body: `{"name":"","any":1e999}`, status: 422, want: []string{"body.any is not valid"}},
		"bad_bool":           {body: `{"name":"","flag":"true"}`, status: 422, want: []string{"body.flag must be true or false"}},
		"bad_time":           {body: `{"name":"","due":"tomorrow"}`, status: 422, want: []string{"body.due must be a time such as 2006-01-02T15:04:05Z"}},
		"bad_uuid":           {body: `{"name":"","ref":"x"}`, status: 422, want: []string{"body.ref must be a UUID"}},
		"bad_base64":         {body: `{"name":"","blob":"?"}`, status: 422, want: []string{"body.blob must be base64"}},
		"short_array":        {body: `{"name":"","pair":[1]}`, status: 422, want: []string{"body.pair must have 2 elements"}},
		"long_array":         {body: `{"name":"","pair":[1,2,3]}`, status: 422, want: []string{"body.pair must have 2 elements"}},
		"object_for_list":    {body: `{"name":"","lines":{}}`, status: 422, want: []string{"body.lines must be an array"}},
		"list_for_map":       {body: `{"name":"","extra":[]}`, status: 422, want: []string{"body.extra must be an object"}},
		"null_in_map":        {body: `{"name":"","extra":{"a":null}}`, status: 422, want: []string{"body.extra.a must not be null"}},
		"several_at_once": {
			target: path + "?limit=x&lmit=1", body: `{"name":1,"lines":[{}]}`, status: 422,
			want: []string{"query.lmit is unknown", "query.limit must be an integer", "body.name must be a string", "body.lines[0].name is required"},
		},
		"unknown_query":     {target: path + "?Limit=1", body: `{"name":""}`, status: 422, want: []string{`query.Limit is unknown; write "limit"`}},
		"repeated_query":    {target: path + "?limit=1&limit=1", body: `{"name":""}`, status: 422, want: []string{"query.limit is given more than once"}},
		"empty_number":      {target: path + "?limit=", body: `{"name":""}`, status: 422, want: []string{"query.limit must be an integer"}},
		"huge_number":       {target: path + "?limit=9223372036854775808", body: `{"name":""}`, status: 422, want: []string{"query.limit must be an integer from -9223372036854775808 to 9223372036854775807"}},
		"plus_in_query":     {target: path + "?limit=%2B1", body: `{"name":""}`, status: 422, want: []string{"query.limit must be an integer"}},
		"nul_in_query":      {target: path + "?color=%00", body: `{"name":""}`, status: 400, want: []string{"query.color must not contain a NUL character"}},
		"bad_utf8_in_query": {target: path + "?color=%ff", body: `{"name":""}`, status: 400, want: []string{"query.color must be valid UTF-8"}},
		"broken_query":      {target: path + "?color=%zz", body: `{"name":""}`, status: 400, want: []string{"query has a broken escape or a semicolon"}},
		"semicolon":         {target: path + "?a;b", body: `{"name":""}`, status: 400, want: []string{"query has a broken escape or a semicolon"}},
		"bad_path":          {target: "/things/7", body: `{"name":""}`, status: 422, want: []string{"path.id must be a UUID"}},
		"nul_in_path":       {target: "/things/%00", body: `{"name":""}`, status: 400, want: []string{"path.id must not contain a NUL character"}},
		"bad_header":        {body: `{"name":""}`, header: [2]string{"X-Trace", "\xff"}, status: 400, want: []string{"header.X-Trace must be valid UTF-8"}},
		"form_body":         {body: `name=a`, header: [2]string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415},
		"no_content_type":   {body: `{"name":""}`, header: [2]string{"Content-Type", ""}, status: 415},
		"latin1":            {body: `{"name":""}`, header: [2]string{"Content-Type", "application/json; charset=latin1"}, status: 415},
		"gzip":              {body: `{"name":""}`, header: [2]string{"Content-Encoding", "gzip"}, status: 415},
		"body_too_large":    {body: `{"name":"` + strings.Repeat("a", DefaultMaxBody) + `"}`, status: 413},
		"long_unknown_name": {body: `{"name":"","` + strings.Repeat("é", 99) + `":1}`, status: 422, want: []string{"body." + strings.Repeat("é", 32) + "… is unknown"}},
		"deep_place": {
			body: `{"name":"","lines":[` + deep + `{}` + strings.Repeat(`]}`, 200) + `]}`, status: 422,
			want: []string{"body.lines[0]" + strings.Repeat(".sub[0]", 35) + "… is required"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := c.target
			if target == "" {
				target = path
			}
			r := post(target, c.body)
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			_, err := send[everything](t, r, "POST /things/{id}")
			p := ProblemOf(err)
			if err == nil || p.Status != c.status {
				t.Fatalf("got %d (%v), want %d", p.Status, err, c.status)
			}
			if c.want == nil {
				return
			}
			var got []string
			for _, e := range p.Errors {
				got = append(got, e.Location+" "+e.Message)
			}
			if name == "deep_place" {
				got = got[:1]
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}

	t.Run("lists_no_more_than_twenty_faults", func(t *testing.T) {
		t.Parallel()
		body := `{"name":"","lines":[` + strings.Repeat("1,", 1000) + `"\u0000"]}`
		_, err := send[everything](t, post(path, body), "POST /things/{id}")
		if p := ProblemOf(err); len(p.Errors) != maxFaults || p.Status != 422 {
			t.Errorf("got %d faults, status %d", len(p.Errors), p.Status)
		}
	})

	t.Run("survives_ten_thousand_levels", func(t *testing.T) {
		t.Parallel()
		for _, member := range []string{"any", "raw"} {
			body := `{"name":"","` + member + `":` + strings.Repeat("[", 9990) + strings.Repeat("]", 9990) + `}`
			if _, err := send[everything](t, post(path, body), "POST /things/{id}"); err != nil {
				t.Errorf("%s: %v", member, err)
			}
		}
	})
}
