package mapper_test

import (
	"testing"

	"github.com/retort-go/retort/internal/mapper"
)

func TestErrors_say_what_and_what_to_do(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"mapper: Book.Score: uint64 has no column type":                                                         &mapper.FieldError{Type: "Book", Field: "Score", Problem: "uint64 has no column type"},
		"mapper: column note: value is not valid UTF-8":                                                         &mapper.ValueError{Column: "note", Reason: "is not valid UTF-8"},
		"mapper: argument: value is not valid UTF-8":                                                            &mapper.ValueError{Reason: "is not valid UTF-8"},
		"mapper: column due: stored value is infinity":                                                          &mapper.ValueError{Column: "due", Reason: "is infinity", Stored: true},
		"mapper: column note is NULL, which string cannot hold; make the field a *string or select coalesce(…)": &mapper.NullError{Column: "note", Type: "string"},
		"mapper: nil value for column note; pass a value, or compare with IsNull or IsNotNull":                  &mapper.NilValueError{Column: "note"},
		"mapper: column note takes string, not int":                                                             &mapper.TypeError{Column: "note", Want: "string", Got: "int"},
		"mapper: argument of type chan int cannot be sent; pass a basic type":                                   &mapper.TypeError{Want: "a basic type", Got: "chan int"},
		"mapper: column id: malformed reply: 3 bytes where 16 are due; close the connection":                    &mapper.FormatError{Column: "id", Reason: "3 bytes where 16 are due"},
	} {
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
}
