package mapper_test

import (
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

// Columns of a raw query find their fields by name.
func ExampleScanPlan() {
	type total struct {
		Regime string
		Open   int64
	}
	scan, err := mapper.ScanPlan(reflect.TypeFor[total]())
	if err != nil {
		fmt.Println(err)
		return
	}
	fields := []pgconn.FieldDescription{{Name: "open", DataTypeOID: pgtype.Int8OID}, {Name: "regime", DataTypeOID: pgtype.TextOID}}
	decoder, err := scan.Decoder(fields)
	if err != nil {
		fmt.Println(err)
		return
	}
	object, err := decoder.DecodeNew(scan.Plan().NewBatch(1), [][]byte{{0, 0, 0, 0, 0, 0, 0, 3}, []byte("gdpr")})
	fmt.Printf("%+v %v\n", *scan.Plan().Any(object).(*total), err)
	// Output: {Regime:gdpr Open:3} <nil>
}

// Arguments of raw SQL travel as text; the server knows what they stand for.
func ExampleAppendText() {
	var args mapper.Args
	for _, v := range []any{42, "it's", nil, []string{"a b", "c"}, []byte{1, 2}} {
		if _, err := mapper.AppendText(&args, v); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, v := range args.Values {
		fmt.Printf("%s %t\n", v, v == nil)
	}
	// Output:
	// 42 false
	// it's false
	//  true
	// {"a b","c"} false
	// \x0102 false
}
