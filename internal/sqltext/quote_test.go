package sqltext_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/sqltext"
)

func TestIdent(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":        `""`,
		"books":   `"books"`,
		"a.b":     `"a.b"`,
		`a"b`:     `"a""b"`,
		`"`:       `""""`,
		`""x`:     `"""""x"`,
		"Straße ": `"Straße "`,
		"select":  `"select"`,
	} {
		if got := sqltext.Ident(name); got != want {
			t.Errorf("Ident(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestCheckIdent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, name, want string }{
		{"a_plain_name", "books", ""},
		{"63_bytes_fit", strings.Repeat("x", 63), ""},
		{"63_bytes_of_two_byte_letters_fit", strings.Repeat("é", 31) + "x", ""},
		{"empty", "", "sqltext: a name is empty"},
		{"NUL", "a\x00b", `sqltext: the name "a\x00b" contains a NUL byte`},
		{"not_UTF-8", "a\xff", `sqltext: the name "a\xff" is not valid UTF-8`},
		{
			"64_bytes_in_32_letters", strings.Repeat("é", 32),
			`sqltext: the name "` + strings.Repeat("é", 32) +
				`" is 64 bytes long, PostgreSQL keeps 63; choose a shorter one`,
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, text(sqltext.CheckIdent(c.name))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":      `''`,
		"it's":  `'it''s'`,
		`a\b`:   `E'a\\b'`,
		`\'`:    `E'\\'''`,
		"a\nb":  "'a\nb'",
		"'; --": `'''; --'`,
	} {
		if got := sqltext.Literal(s); got != want {
			t.Errorf("Literal(%q) = %s, want %s", s, got, want)
		}
	}
}

func TestCheckLiteral(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":           "",
		"é'\\":       "",
		"secret\x00": "sqltext: a text has a NUL byte at offset 6, which PostgreSQL cannot hold",
		"secret\xff": "sqltext: a text of 7 bytes is not valid UTF-8",
	} {
		if got := text(sqltext.CheckLiteral(s)); got != want {
			t.Errorf("CheckLiteral(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestEscapeLike(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":       "",
		"plain":  "plain",
		"50%_\\": `50\%\_\\`,
		"é%":     `é\%`,
	} {
		if got := sqltext.EscapeLike(s); got != want {
			t.Errorf("EscapeLike(%q) = %s, want %s", s, got, want)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
