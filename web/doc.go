// Package web gives each HTTP request one session, and answers only after its
// COMMIT is confirmed.
//
// The one idea: no client ever sees a 2xx for a change that is not stored.
// [Handle] runs a function in a session, commits, and then writes its result as
// JSON; [Sessions] does the same for plain handlers by holding the answer back
// in a buffer. An error, a panic, a status of 400 and above, or a client seen to
// leave before COMMIT rolls back.
//
//	func create(ctx context.Context, s *retort.Session, in *CreateInput) (*Book, error) {
//		b := &Book{Title: in.Title}
//		s.Add(b)
//		return b, nil
//	}
//
//	mux.Handle("POST /books", web.Handle(eng, create))
//
// # Input
//
// The tag of a field says where it comes from; a field without one is part of
// the JSON body, under the name of its json tag:
//
//	type ListInput struct {
//		Shelf uuid.UUID `path:"shelf"`
//		After *string   `query:"after"`
//		Limit int       `query:"limit" default:"20"`
//		Match *string   `header:"If-Match"`
//	}
//
// A field is required unless it is a pointer, a [Field], has a default, or its
// tag says omitempty or omitzero; a slice collects repeated query parameters and
// may be empty. Types: strings, booleans, integers, floats, time.Time as RFC
// 3339, everything with UnmarshalText (such as a UUID), and in the body also
// structs, slices, arrays, maps with string keys and types with UnmarshalJSON. A
// number in an any is a float64, as in encoding/json; json.Number and json.RawMessage
// keep all digits. null fits pointers, [Field] and any; a [Field] tells it from an
// absent one.
//
// What does not fit is refused before a session exists, with every fault by its
// place and never by its value: 400 for what cannot be read (broken JSON, a name
// given twice, invalid UTF-8, a NUL character), 413 and 415 for the body as a
// whole, 422 for what can be read but is not what the route takes (unknown or
// wrongly cased names, missing fields, other types).
//
// # Failures
//
// All failures are problem details (RFC 9457); [ProblemOf] maps every error of
// the house for those who answer by other means. No SQL and no value is in an
// answer: what is not known answers 500, and the log has the error.
//
// # Limits
//
// It routes nothing, authenticates nobody and documents no API: net/http, your
// middleware and Huma do. A streamed answer cannot be taken back; [Streaming]
// asks the handler to commit first. Panics are not turned into answers: net/http
// closes the connection.
//
// It stands on the root package, pool and pgerr, links nothing but the standard
// library besides, and only services stand on it.
package web
