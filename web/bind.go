package web

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// request is what an input is made from: everything is read, nothing decoded,
// so that a repeated attempt can decode anew.
type request struct {
	http  *http.Request
	query url.Values
	body  []byte
}

// decode makes a new input.
//
//   - Shape: a pointer to a value of the input's type; usable only without error.
//   - Errors: an [*Error] that lists every fault, the first [maxFaults] of them.
func (in *input) decode(r *request) (reflect.Value, error) {
	v := reflect.New(in.typ)
	var f faults
	for i := range in.path {
		p := &in.path[i]
		p.set(v.Elem(), &f, pathValues(r.http, p.name))
	}
	in.unknown(r.query, &f)
	for i := range in.query {
		p := &in.query[i]
		p.set(v.Elem(), &f, r.query[p.name])
	}
	for i := range in.header {
		p := &in.header[i]
		p.set(v.Elem(), &f, headerValues(r.http, p))
	}
	if in.needBody || len(r.body) > 0 {
		readJSON(r.body, v.Elem(), in.body, &f)
	}
	return v, f.err()
}

func pathValues(r *http.Request, name string) []string {
	if value := r.PathValue(name); value != "" || inPattern(r.Pattern, name) {
		return []string{value}
	}
	return nil
}

// inPattern reports whether a pattern of net/http has the wildcard.
func inPattern(pattern, name string) bool {
	return strings.Contains(pattern, "{"+name+"}") || strings.Contains(pattern, "{"+name+"...}")
}

// headerValues gives the lines of a header. Several lines of a list mean the
// same as one with commas (RFC 9110, 5.3).
func headerValues(r *http.Request, p *param) []string {
	values := r.Header[p.name]
	if p.name == "Host" && r.Host != "" {
		values = []string{r.Host} // the server moves it there
	}
	if len(values) > 1 && !p.repeated {
		return []string{strings.Join(values, ", ")}
	}
	return values
}

// unknown refuses query parameters that the route does not take: a misspelt
// filter must not widen the answer.
func (in *input) unknown(query url.Values, f *faults) {
	var names []string
	for name := range query {
		if !in.queries[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		message := "is unknown"
		for known := range in.queries {
			if strings.EqualFold(known, name) {
				message = "is unknown; write \"" + known + "\""
			}
		}
		f.add("query."+clientName(name), message)
	}
}

// set fills the parameter's field from what the request holds of it.
func (p *param) set(v reflect.Value, f *faults, values []string) {
	field := v.FieldByIndex(p.index)
	switch {
	case len(values) == 0 && p.hasFall:
		setText(field, p.shape, p.fallback)
		return
	case len(values) == 0:
		if p.required {
			f.add(p.location, "is required")
		}
		return
	case p.repeated:
		field.Set(reflect.MakeSlice(field.Type(), len(values), len(values)))
		for i, text := range values {
			p.one(field.Index(i), f, text)
		}
		return
	case len(values) > 1:
		f.add(p.location, givenTwice)
		return
	}
	p.one(field, f, values[0])
}

func (p *param) one(v reflect.Value, f *faults, text string) {
	if message := badText(text); message != "" {
		f.bad(p.location, message)
		return
	}
	if message := setText(v, p.shape, text); message != "" {
		f.add(p.location, message)
	}
}
