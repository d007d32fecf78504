package mapper_test

import (
	"database/sql"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/mapper"
)

type Key struct{ ID UUID }

type Stamps struct{ CreatedAt, UpdatedAt time.Time }

type inner struct{ Depth int64 }

type Outer struct {
	inner
	Width int64
}

type Book struct {
	Key
	Stamps
	Outer
	Title   string
	ISBN    string `db:"isbn13"`
	Hidden  string `db:"-"`
	private string //nolint:unused // unexported fields must be left out
	Note    *string
}

func TestFields(t *testing.T) {
	t.Parallel()
	t.Run("flattens embedded structs in order", func(t *testing.T) {
		t.Parallel()
		var got []string
		for _, f := range fieldsOf[Book](t) {
			got = append(got, f.Path+" "+f.Column)
		}
		want := []string{
			"Key.ID id", "Stamps.CreatedAt created_at", "Stamps.UpdatedAt updated_at",
			"Outer.inner.Depth depth", "Outer.Width width", "Title title", "ISBN isbn13", "Note note",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("gives offsets from the outermost struct and the chain of embedded types", func(t *testing.T) {
		t.Parallel()
		var b Book
		f := fieldsOf[Book](t)[4]
		if want := reflect.TypeOf(b).Field(2).Offset + reflect.TypeOf(b.Outer).Field(1).Offset; f.Offset != want {
			t.Errorf("offset of %s is %d, want %d", f.Path, f.Offset, want)
		}
		depth := fieldsOf[Book](t)[3]
		if len(depth.Embedded) != 2 || depth.Embedded[0] != typeOf[Outer]() || depth.Embedded[1] != typeOf[inner]() {
			t.Errorf("chain of %s is %v", depth.Path, depth.Embedded)
		}
		if len(f.Embedded) != 1 {
			t.Errorf("chain of %s is %v: grown by its neighbor", f.Path, f.Embedded)
		}
	})
	t.Run("takes a tagged embedded struct as one leaf", func(t *testing.T) {
		t.Parallel()
		type M struct {
			Stamps `db:"stamps"`
		}
		if f := fieldsOf[M](t); len(f) != 1 || f[0].Column != "stamps" {
			t.Error(f)
		}
	})
	t.Run("of an empty struct are none", func(t *testing.T) {
		t.Parallel()
		if f := fieldsOf[struct{}](t); len(f) != 0 {
			t.Error(f)
		}
	})
}

func TestFields_joins_every_problem_with_type_and_field(t *testing.T) {
	t.Parallel()
	type Bad struct {
		*Stamps
		time.Time
		sql.NullString
		ID     int64
		Id     int64  // the same column on purpose
		Cut    string `db:"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"`
		hidden string `db:"x"` //nolint:unused // the tag is the mistake
	}
	_, err := mapper.Fields(typeOf[Bad]())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"Bad.Stamps: an embedded pointer", "Bad.Time: embedded time.Time is one value", "Bad.NullString: embedded sql.NullString",
		"Bad.Id: column id is already that of field ID", "Bad.Cut: column name of 64 bytes", "Bad.hidden: the db tag is on an unexported field",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	var field *mapper.FieldError
	if !errors.As(err, &field) {
		t.Errorf("%T holds no FieldError", err)
	}
}

func TestFields_refuses_what_is_no_struct(t *testing.T) {
	t.Parallel()
	for _, typ := range []reflect.Type{nil, typeOf[int](), typeOf[*Book](), typeOf[time.Time](), typeOf[error]()} {
		if _, err := mapper.Fields(typ); err == nil {
			t.Errorf("%v was taken", typ)
		}
	}
}

func TestSnakeCase(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ID": "id", "DueAt": "due_at", "HTTPServer": "http_server", "UserID": "user_id", "A": "a", "": "",
		"SHA256Sum": "sha256_sum", "Snake_Case": "snake_case", "OAuth2Token": "o_auth2_token", "ÄrgerÜber": "ärger_über",
		"IDs": "i_ds", "X509": "x509", "UUIDv7": "uui_dv7", "already_snake": "already_snake",
	} {
		if got := mapper.SnakeCase(name); got != want {
			t.Errorf("SnakeCase(%q) = %q, want %q", name, got, want)
		}
	}
}
