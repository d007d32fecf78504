package mapper_test

import (
	"fmt"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

type Loan struct {
	ID   int64
	Book string
	Due  time.Time
	Note *string
}

func loanPlan() (*mapper.Plan, error) {
	t := reflect.TypeFor[Loan]()
	fields, err := mapper.Fields(t)
	if err != nil {
		return nil, err
	}
	columns := make([]mapper.Column, len(fields))
	for i, f := range fields {
		columns[i] = mapper.Column{Field: f, Name: f.Column, NotNull: f.Type.Kind() != reflect.Pointer}
	}
	columns[2].PGType = "date"
	return mapper.Compile(t, columns)
}

// A row that a server sent becomes a struct; an edit of it becomes a parameter.
func ExampleCompile() {
	plan, err := loanPlan()
	if err != nil {
		fmt.Println(err)
		return
	}
	decoder, err := plan.Decoder([]int{0, 1}, []uint32{pgtype.Int8OID, pgtype.TextOID})
	if err != nil {
		fmt.Println(err)
		return
	}
	object := plan.New()
	if err := decoder.Decode(object, [][]byte{{0, 0, 0, 0, 0, 0, 0, 7}, []byte("Stoner")}); err != nil {
		fmt.Println(err)
		return
	}
	loan := plan.Any(object).(*Loan)
	fmt.Println(loan.ID, loan.Book)

	before := plan.Snapshot(object)
	loan.Note = new("renewed")
	changed, err := plan.Changed(object, before, nil)
	if err != nil {
		panic(err)
	}
	var args mapper.Args
	for _, col := range changed {
		err = plan.Append(&args, object, col)
		fmt.Printf("%s = %q %v\n", plan.Name(col), args.Values[len(args.Values)-1], err)
	}
	// Output:
	// 7 Stoner
	// note = "renewed" <nil>
}

// A pointer into the stand-in names a column, without strings.
func ExampleStandIn() {
	t := reflect.TypeFor[Loan]()
	fields, err := mapper.Fields(t)
	if err != nil {
		fmt.Println(err)
		return
	}
	standIn := mapper.NewStandIn(t, fields)
	c := standIn.Any().(*Loan)
	for _, field := range []any{&c.Due, &c.Note, c.Note, &new(Loan).Due} {
		if i, ok := standIn.Find(field); ok {
			fmt.Println(fields[i].Column)
		} else {
			fmt.Println("no column of this stand-in")
		}
	}
	// Output:
	// due
	// note
	// note
	// no column of this stand-in
}
