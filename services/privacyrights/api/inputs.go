package api

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort/web"
)

// requestID is the id of a request in a path or query: the 36 characters that
// the service itself writes, in either case, and no shorter spelling.
type requestID uuid.UUID

func (id requestID) uuid() uuid.UUID { return uuid.UUID(id) }

// UnmarshalText reads the id.
func (id *requestID) UnmarshalText(text []byte) error {
	const canonical = 36
	parsed, err := uuid.FromString(string(text))
	if err != nil || len(text) != canonical {
		return errors.New("must be a UUID such as 0197e3a4-5b6c-7d8e-9f00-112233445566")
	}
	*id = requestID(parsed)
	return nil
}

// Schema describes the id to OpenAPI.
func (*requestID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "uuid"}
}

// Precondition is the part of an input that If-Match fills. It is exported since
// Huma looks into exported embedded structs only.
type Precondition struct {
	IfMatch string `header:"If-Match" doc:"Change only this version: an entity tag from ETag, a list of them, or *."`
}

func (p *Precondition) conditional() bool { return p.IfMatch != "" }

// check compares the header with the version that was read.
func (p *Precondition) check(version int64) error {
	if !p.conditional() {
		return nil
	}
	ok, err := matchStrong(p.IfMatch, etag(version))
	if err != nil {
		return malformed("header.If-Match", err)
	}
	if !ok {
		return asError(preconditionFailed())
	}
	return nil
}

// maxNote is the longest note and reason, in characters.
const maxNote = 10_000

// optionalText is a text that PATCH can leave, set or clear.
type optionalText struct{ web.Field[string] }

// Schema describes the text to OpenAPI.
func (optionalText) Schema(huma.Registry) *huma.Schema {
	most := maxNote
	return &huma.Schema{Type: huma.TypeString, Nullable: true, MaxLength: &most}
}
