package manifest_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate/manifest"
)

func part(statements ...manifest.Statement) *manifest.Manifest {
	return &manifest.Manifest{Format: manifest.Format, Statements: statements}
}

func text(t *testing.T, m *manifest.Manifest) string {
	t.Helper()
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMerge(t *testing.T) {
	t.Parallel()
	one := part(manifest.Statement{Label: "raw", SQL: "SELECT 2", From: []string{"b.go"}}, manifest.Statement{Label: "raw", SQL: "SELECT '<ü>'"})
	two := part(manifest.Statement{Label: "raw", SQL: "SELECT 2", From: []string{"a.go", "b.go"}}, manifest.Statement{Label: "flush", SQL: "SELECT 9"})

	t.Run("is_the_same_in_any_order", func(t *testing.T) {
		t.Parallel()
		if diff := cmp.Diff(text(t, manifest.Merge(one, two)), text(t, manifest.Merge(two, one, two))); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("keeps_every_origin_and_no_statement_twice", func(t *testing.T) {
		t.Parallel()
		var got []string
		for _, s := range manifest.Merge(one, two).Statements {
			got = append(got, s.Label+" "+s.SQL+" "+strings.Join(s.From, ","))
		}
		if diff := cmp.Diff([]string{"flush SELECT 9 ", "raw SELECT '<ü>' ", "raw SELECT 2 a.go,b.go"}, got); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("of_nothing_can_be_written_and_read", func(t *testing.T) {
		t.Parallel()
		m, err := manifest.Read(strings.NewReader(text(t, manifest.Merge())))
		if err != nil || len(m.Statements) != 0 {
			t.Errorf("Read = %v, %v", m, err)
		}
	})
}

func TestRead(t *testing.T) {
	t.Parallel()

	t.Run("gives_back_what_was_written", func(t *testing.T) {
		t.Parallel()
		m := part(manifest.Statement{SQL: "SELECT $1", Params: []string{""}, Columns: []manifest.Column{{Name: "?column?", Type: "text"}}})
		m.Tables = []manifest.Table{{Name: "public.t", Columns: []manifest.TableColumn{{Name: "id", Type: "uuid", NotNull: true}}}}
		got, err := manifest.Read(strings.NewReader(text(t, m)))
		if diff := cmp.Diff(m, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})

	t.Run("refuses_half_a_file_and_a_newer_one", func(t *testing.T) {
		t.Parallel()
		for in, want := range map[string]string{"": "no manifest", `{"format": 1, "sta`: "half of one", `{"format": 2}`: "its format is 2"} {
			if _, err := manifest.Read(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Read(%q) = %v, want %s", in, err, want)
			}
		}
	})

	t.Run("names_the_part_that_cannot_be_read", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if _, err := manifest.ReadDir(dir); err == nil || !strings.Contains(err.Error(), "RETORT_MANIFEST") {
			t.Errorf("ReadDir of an empty folder = %v", err)
		}
		here, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := manifest.ReadDir("parts"); err == nil || !strings.HasSuffix(err.Error(), "RETORT_MANIFEST="+filepath.Join(here, "parts")+" first") {
			t.Errorf("ReadDir of a folder of here = %v, which leads each package's tests to a folder of their own", err)
		}
		if err := os.WriteFile(filepath.Join(dir, "x.manifest.json"), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := manifest.ReadDir(dir); err == nil || !strings.Contains(err.Error(), "x.manifest.json") {
			t.Errorf("ReadDir = %v", err)
		}
	})
}

// Parts of several test processes become one file.
func ExampleMerge() {
	shop := &manifest.Manifest{Format: manifest.Format, Statements: []manifest.Statement{{Label: "raw", SQL: "SELECT 1", From: []string{"shop/cart.go"}}}}
	mail := &manifest.Manifest{Format: manifest.Format, Statements: []manifest.Statement{{Label: "raw", SQL: "SELECT 1", From: []string{"mail/send.go"}}}}
	for _, s := range manifest.Merge(shop, mail).Statements {
		fmt.Println(s.SQL, s.From)
	}
	// Output: SELECT 1 [mail/send.go shop/cart.go]
}
