package retort_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

type (
	mood   string
	mode   string
	mooded struct {
		retort.UUIDKey
		Mood mood
		Mode mode
	}
)

func TestModels(t *testing.T) {
	t.Parallel()
	t.Run("list_tables_with_fields_and_who_makes_them", func(t *testing.T) {
		t.Parallel()
		models, err := library.Models()
		must(t, err)
		var got []string
		for _, m := range models[:2] {
			for i, c := range m.Columns {
				if c.Made || c.Values != nil {
					got = append(got, fmt.Sprint(m.Table.FullName(), ".", m.Table.Columns[i].Name, " ", c.Field, " ", c.Made, c.Values))
				}
			}
		}
		want := []string{
			"authors.id UUIDKey.ID true []", "authors.created_at Timestamps.CreatedAt true []",
			"authors.updated_at Timestamps.UpdatedAt true []", "authors.version Version.Version true []",
			"books.id UUIDKey.ID true []", "books.genre Genre false [novel poetry]",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		// The result is the caller's own.
		models[1].Columns[4].Values = append(models[1].Columns[4].Values[:0], "spoiled")
		if got := strings.Join(Genres.Values(), " "); got != "novel poetry" {
			t.Errorf("the enum is %q now", got)
		}
	})
	t.Run("tell_enums_of_one_name_apart", func(t *testing.T) {
		t.Parallel()
		base := retort.NewBase(retort.NewTable[mooded]("mooded"),
			retort.NewEnum[mood]("mood", "sad", "happy"), retort.NewEnum[mode]("mood", "minor", "major").InNamespace("music"))
		models, err := base.Models()
		must(t, err)
		if got := fmt.Sprint(models[0].Columns[1].Values, models[0].Columns[2].Values); got != "[sad happy] [minor major]" {
			t.Errorf("got %s", got)
		}
		k := retorttest.New(t, base)
		if m := retorttest.Make[mooded](t, k); m.Mood != "sad" || m.Mode != "minor" {
			t.Errorf("made %+v", m)
		}
	})
	t.Run("report_what_Open_reports", func(t *testing.T) {
		t.Parallel()
		if _, err := retort.NewBase(&retort.Table[Book]{}).Models(); err == nil {
			t.Error("no error")
		}
	})
}
