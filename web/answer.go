package web

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// answer is how one Out type becomes a response.
type answer[Out any] struct {
	status   int
	location func(*Out) string
	etag     func(*Out) string
}

// rendered is a response that is ready to be sent: nothing can fail any more.
type rendered struct {
	status   int
	location string
	etag     string
	body     []byte      // nil: none
	replayed bool        // it was given before
	header   http.Header // of a plain handler's answer; nil: location and etag are all
}

// answerFor checks the options and Out, as far as types can be checked.
func answerFor[Out any](set settings) (*answer[Out], []string) {
	a := &answer[Out]{status: set.status}
	t := reflect.TypeFor[Out]()
	problems := unencodable(t, t.String(), make(map[reflect.Type]bool))
	option := func(name string, given any) func(*Out) string {
		f, ok := given.(func(*Out) string)
		if given != nil && (!ok || f == nil) {
			problems = append(problems, fmt.Sprintf("%s is a nil function or a %T, but the route answers with %s", name, given, t))
		}
		return f
	}
	a.location = option("web.Location", set.location)
	a.etag = option("web.ETag", set.etag)
	return a, problems
}

// render makes the response of one result, nil included.
func (a *answer[Out]) render(out *Out, method string) (*rendered, error) {
	r := &rendered{status: a.status}
	if out == nil {
		if r.status == 0 {
			r.status = http.StatusNoContent
		}
		return r, nil
	}
	if a.location != nil {
		r.location = a.location(out)
		if strings.ContainsAny(r.location, "\r\n\x00") {
			return nil, fmt.Errorf("web: Location: the text has a line break; escape its parts with url.PathEscape")
		}
	}
	if a.etag != nil {
		var err error
		if r.etag, err = entityTag(a.etag(out)); err != nil {
			return nil, err
		}
	}
	if r.status == 0 {
		r.status = http.StatusOK
		if r.location != "" && method == http.MethodPost {
			r.status = http.StatusCreated
		}
	}
	if own, ok := any(out).(statusCoder); ok {
		var err error
		if r.status, err = successStatus(own); err != nil {
			return nil, err
		}
	}
	if !bodyAllowed(r.status) {
		return r, nil
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(out); err != nil {
		return nil, fmt.Errorf("web: encode the answer: %w", err)
	}
	r.body = b.Bytes()
	return r, nil
}

// statusCoder is an answer that chooses its own status.
type statusCoder interface{ StatusCode() int }

func successStatus(s statusCoder) (int, error) {
	status := s.StatusCode()
	if status < 200 || status > 399 {
		return 0, fmt.Errorf("web: %T.StatusCode is %d, but success is 200 to 399; return a *web.Error to answer otherwise", s, status)
	}
	return status, nil
}

// send writes the response. A client that has left cannot be told anything.
func (out *rendered) send(w http.ResponseWriter, r *http.Request) {
	if out.header != nil {
		out.replay(w)
		return
	}
	h := w.Header()
	if out.replayed {
		h.Set(replayedHeader, "true")
	}
	if out.location != "" {
		h.Set("Location", out.location)
	}
	if out.etag != "" {
		h.Set("ETag", out.etag)
		if readOnlyMethod(r.Method) && out.status < 300 {
			list := strings.Join(r.Header.Values("If-None-Match"), ", ")
			if matched, ok := matchTags(list, out.etag, true); matched && ok {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
	}
	if out.body == nil {
		w.WriteHeader(out.status)
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(out.body)))
	w.WriteHeader(out.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(out.body)
	}
}

// unencodable lists the parts of t that encoding/json can never encode.
func unencodable(t reflect.Type, path string, seen map[reflect.Type]bool) []string {
	if seen[t] {
		return nil
	}
	seen[t] = true
	for _, own := range [...]reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if t.Implements(own) || reflect.PointerTo(t).Implements(own) {
			return nil
		}
	}
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return []string{path + ": " + t.String() + " cannot be written as JSON; give the field the tag json:\"-\" or answer with another type"}
	case reflect.Map:
		switch k := t.Key(); k.Kind() {
		case reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
			reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		default:
			if !k.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
				return []string{path + ": " + t.String() + " has keys that cannot be written as JSON; use strings"}
			}
		}
		return unencodable(t.Elem(), path, seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return unencodable(t.Elem(), path, seen)
	case reflect.Struct:
		var problems []string
		for f := range t.Fields() {
			if (f.IsExported() || f.Anonymous) && f.Tag.Get("json") != "-" {
				problems = append(problems, unencodable(f.Type, path+"."+f.Name, seen)...)
			}
		}
		return problems
	}
	return nil
}
