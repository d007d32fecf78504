package query

import (
	"reflect"
	"testing"
	"time"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/schema"
)

type color string

// plant has a column of every kind that conditions treat in their own way.
type plant struct {
	ID       [16]byte
	Name     string
	Color    color
	Label    string // citext
	Code     string // varchar
	Height   int32
	Sold     int64
	Weight   float64
	Alive    bool
	SeenAt   time.Time
	Picture  []byte
	Tags     []string
	Note     *string
	ParentID *[16]byte
	Flag     string // char(3)
}

// plants compiles the model; its stand-in comes with it.
func plants(tb testing.TB) (*model.Table, *plant) {
	tb.Helper()
	goType := reflect.TypeFor[plant]()
	fields, err := mapper.Fields(goType)
	if err != nil {
		tb.Fatal(err)
	}
	types := map[string]string{"color": "plant color", "label": "citext", "code": "varchar(8)", "flag": "char(3)"}
	t := &model.Table{
		Schema: &schema.Table{Name: "plants"}, Type: goType, StandIn: mapper.NewStandIn(goType, fields), Fields: fields,
		Key: []int{0}, Version: -1,
	}
	var columns []mapper.Column
	for i, f := range fields {
		notNull := f.Type.Kind() != reflect.Pointer
		columns = append(columns, mapper.Column{Field: f, Name: f.Column, PGType: types[f.Column], Enum: f.Column == "color", NotNull: notNull})
		t.Columns = append(t.Columns, model.Column{Name: f.Column})
		t.FieldColumn = append(t.FieldColumn, i)
	}
	if t.Plan, err = mapper.Compile(goType, columns); err != nil {
		tb.Fatal(err)
	}
	for i, f := range fields {
		t.Schema.Columns = append(t.Schema.Columns, schema.Column{
			Name: f.Column, Type: t.Plan.Column(i).PGType, NotNull: columns[i].NotNull,
		})
	}
	t.Finish()
	return t, t.StandIn.Any().(*plant)
}
