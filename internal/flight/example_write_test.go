package flight_test

import (
	"context"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/localpg"
)

// A row is written and committed in one round trip, its server-made value
// included; then COMMIT meets a row that is there already.
func ExampleConn_Fly() {
	ctx := context.Background()
	server, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Stop(ctx)
	parsed, err := pgconn.ParseConfig(server.URL("postgres"))
	if err != nil {
		log.Fatal(err)
	}
	conn, err := flight.Connect(ctx, &flight.Config{Conn: parsed})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close(ctx)
	create := flight.Flight{Statements: []flight.Statement{{
		SQL: "CREATE TABLE books (id int PRIMARY KEY, title text, shelf text DEFAULT 'new')",
	}}}
	if err := conn.Fly(ctx, &create); err != nil {
		log.Fatal(err)
	}

	write := flight.Flight{
		Begin: "BEGIN",
		Statements: []flight.Statement{{
			SQL:     "INSERT INTO books (id, title) VALUES ($1, $2) RETURNING shelf",
			OIDs:    []uint32{23, 25}, // int4, text
			Args:    [][]byte{{0, 0, 0, 1}, []byte("Alchemy")},
			Formats: []int16{1},
			Row: func(fields []pgconn.FieldDescription, values [][]byte) error {
				fmt.Printf("%s = %s\n", fields[0].Name, values[0])
				return nil
			},
		}},
		End: flight.Commit,
	}
	fmt.Println(conn.Fly(ctx, &write), write.Statements[0].Tag)
	fmt.Println(conn.Fly(ctx, &write))
	// Output:
	// shelf = new
	// <nil> INSERT 0 1
	// flight: rolled back, statement 0: pgerr: unique constraint "books_pkey" on table "books" refused the row (SQLSTATE 23505); see docs/errors.md#constraint
}
