package model_test

import (
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/schema"
)

type row struct {
	ID      int64
	Version int32
	Name    string `db:"na\"me"`
	Changed string
	Note    *string
}

// compiled is the model of row after change.
func compiled(t *testing.T, change func(*model.Table)) *model.Table {
	t.Helper()
	goType := reflect.TypeFor[row]()
	fields, err := mapper.Fields(goType)
	if err != nil {
		t.Fatal(err)
	}
	table := &model.Table{Schema: &schema.Table{Name: "rows"}, Type: goType, StandIn: mapper.NewStandIn(goType, fields), Fields: fields, Key: []int{0}, Version: -1}
	var columns []mapper.Column
	for i, f := range fields {
		columns = append(columns, mapper.Column{Field: f, Name: f.Column})
		table.Columns = append(table.Columns, model.Column{Name: f.Column})
		table.FieldColumn = append(table.FieldColumn, i)
	}
	if table.Plan, err = mapper.Compile(goType, columns); err != nil {
		t.Fatal(err)
	}
	for i := range fields {
		table.Schema.Columns = append(table.Schema.Columns, schema.Column{Name: fields[i].Column, Type: table.Plan.Column(i).PGType})
	}
	change(table)
	table.Finish()
	return table
}

// line puts a statement on one line.
func line(sql string) string { return strings.Join(strings.Fields(sql), " ") }

func TestTexts(t *testing.T) {
	t.Parallel()
	plain := compiled(t, func(*model.Table) {})
	rich := compiled(t, func(table *model.Table) {
		table.Version = 1
		table.Columns[0].ServerMade = true
		table.Columns[1].ServerMade, table.Columns[1].OnUpdate = true, `"version" + 1`
		table.Columns[3].OnUpdate = "clock() -- now"
	})
	bare := compiled(t, func(table *model.Table) {
		for i := range table.Columns {
			table.Columns[i].ServerMade = true
		}
	})
	const (
		label = "/* retort:session.flush */ "
		guard = "CASE WHEN (SELECT true FROM u) THEN true ELSE current_setting('retort.stale_row')::boolean END"
	)
	for name, tc := range map[string]struct{ got, want string }{
		"insert":                    {plain.InsertSQL(), label + `INSERT INTO "rows" ("id", "version", "na""me", "changed", "note") VALUES ($1, $2, $3, $4, $5)`},
		"insert_returns":            {rich.InsertSQL(), label + `INSERT INTO "rows" ("na""me", "changed", "note") VALUES ($1, $2, $3) RETURNING "id", "version"`},
		"insert_of_nothing":         {bare.InsertSQL(), label + `INSERT INTO "rows" DEFAULT VALUES RETURNING "id", "version", "na""me", "changed", "note"`},
		"update":                    {plain.UpdateSQL([]int{2, 4}, false), label + `WITH u AS ( UPDATE "rows" SET "na""me" = $2, "note" = $3 WHERE "id" = $1 RETURNING 1 ) SELECT ` + guard + ` AS ok`},
		"update_with_version":       {rich.UpdateSQL([]int{2}, false), label + `WITH u AS ( UPDATE "rows" SET "na""me" = $3, "version" = "version" + 1, "changed" = clock() -- now WHERE "id" = $1 AND "version" = $2 RETURNING "version", "changed" ) SELECT g.ok, u."version", u."changed" FROM (SELECT ` + guard + ` AS ok) AS g LEFT JOIN u ON true`},
		"delete":                    {plain.DeleteSQL(false), label + `WITH d AS ( DELETE FROM "rows" WHERE "id" = $1 RETURNING 1 ) SELECT ` + strings.Replace(guard, "FROM u", "FROM d", 1) + ` AS ok`},
		"delete_with_version":       {rich.DeleteSQL(false), label + `WITH d AS ( DELETE FROM "rows" WHERE "id" = $1 AND "version" = $2 RETURNING 1 ) SELECT ` + strings.Replace(guard, "FROM u", "FROM d", 1) + ` AS ok`},
		"update_alone":              {plain.UpdateSQL([]int{2, 4}, true), label + `UPDATE "rows" SET "na""me" = $2, "note" = $3 WHERE "id" = $1`},
		"update_alone_with_version": {rich.UpdateSQL([]int{2}, true), label + `UPDATE "rows" SET "na""me" = $3, "version" = "version" + 1, "changed" = clock() -- now WHERE "id" = $1 AND "version" = $2 RETURNING "version", "changed"`},
		"delete_alone":              {plain.DeleteSQL(true), label + `DELETE FROM "rows" WHERE "id" = $1`},
		"delete_alone_with_version": {rich.DeleteSQL(true), label + `DELETE FROM "rows" WHERE "id" = $1 AND "version" = $2`},
		"select_by_key":             {plain.SelectByKeySQL(), `/* retort:session.get */ SELECT "id", "version", "na""me", "changed", "note" FROM "rows" WHERE "id" = $1`},
		"the_columns_of_children":   {plain.ChildList(), `c."id", c."version", c."na""me", c."changed", c."note"`},
	} {
		if diff := cmp.Diff(tc.want, line(tc.got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if !strings.Contains(rich.UpdateSQL([]int{2}, false), "-- now\n") {
		t.Error("a comment in an expression swallows what follows")
	}
	if diff := cmp.Diff([]int{2, 3, 4}, rich.InsertColumns()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]int{{0, 1}, {1, 3}}, [][]int{rich.InsertReturned(), rich.UpdateReturned()}); diff != "" {
		t.Error(diff)
	}
}

// TestUpdateTextsAreKept asks for them from many goroutines.
func TestUpdateTextsAreKept(t *testing.T) {
	t.Parallel()
	table := compiled(t, func(*model.Table) {})
	want := table.UpdateSQL([]int{1, 3}, false)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				if table.UpdateSQL([]int{1, 3}, false) != want || table.UpdateSQL([]int{3}, false) == want || table.UpdateSQL([]int{3, 1}, false) == want {
					t.Error("another text")
				}
			}
		})
	}
	group.Wait()
}

func TestUpdateTextsCostNothing(t *testing.T) {
	table := compiled(t, func(*model.Table) {})
	if n := testing.AllocsPerRun(100, func() { table.UpdateSQL([]int{1, 3}, false) }); n > 0 {
		t.Errorf("%v allocations for a text that is kept", n)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	table := compiled(t, func(table *model.Table) { table.FieldColumn[3] = -1 })
	c := table.StandIn.Any().(*row)
	if col, _, ok := table.Find(&c.Name); !ok || col != 2 {
		t.Errorf("Name: %d, %t", col, ok)
	}
	if col, field, ok := table.Find(&c.Changed); !ok || col != -1 || field != 3 {
		t.Errorf("a field that is no column: %d, %d, %t", col, field, ok)
	}
	if col, _, ok := table.Find(c.Note); !ok || col != 4 {
		t.Errorf("a slot: %d, %t", col, ok)
	}
	if _, _, ok := table.Find(new(string)); ok {
		t.Error("a pointer from elsewhere")
	}
	if _, ok := table.Relation(&c.Name); ok {
		t.Error("a column is a relation")
	}
}
