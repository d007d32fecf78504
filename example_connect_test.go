package retort_test

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort"
)

// A team keeps its .env: SQLAlchemy's URL, or libpq's keywords.
func ExampleOpen_urls() {
	for _, url := range []string{
		"postgresql+asyncpg://app:s%40fe@db:5432/shop?ssl=verify_full",
		"host=db user=app password='with a space' dbname=shop",
		"postgres://app@db1,db2:5433/shop?target_session_attrs=read-write",
		"postgres:///shop?host=/run/postgresql",
	} {
		eng, err := retort.Open(retort.Config{URL: url})
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(eng)
		_ = eng.Close(context.Background())
	}
	// Output:
	// retort.Engine(db:5432/shop)
	// retort.Engine(db:5432/shop)
	// retort.Engine(db1:5432/shop)
	// retort.Engine(/run/postgresql:5432/shop)
}

// A token that expires is asked for anew by each connection.
func ExampleConfig_passwordFunc() {
	token := func(context.Context) (string, error) { // asks a vault, or the cloud
		return "token of " + time.Now().Format(time.TimeOnly), nil
	}
	eng, err := retort.Open(retort.Config{
		URL:          "postgres://app@db.example.com/shop?sslmode=verify-full",
		PasswordFunc: token,
		Recycle:      10 * time.Minute, // connections no older than the token
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer eng.Close(context.Background())
	fmt.Println(eng)
	// Output: retort.Engine(db.example.com:5432/shop)
}

// Each connection of the pool begins with the same settings, whatever raw SQL did
// to it before.
func ExampleConfig_afterConnect() {
	eng, err := retort.Open(retort.Config{
		URL: "postgres://app@localhost/shop",
		AfterConnect: func(ctx context.Context, conn *pgconn.PgConn) error {
			_, err := conn.Exec(ctx, "SET search_path = shop, public").ReadAll()
			return err
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer eng.Close(context.Background())
	fmt.Println(eng)
	// Output: retort.Engine(localhost:5432/shop)
}

// PgBouncer in transaction mode lends each transaction another session.
func ExampleConfig_pooler() {
	eng, err := retort.Open(retort.Config{URL: "postgres://app@bouncer:6432/shop", Pooler: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer eng.Close(context.Background())
	fmt.Println(eng)
	// Output: retort.Engine(bouncer:6432/shop)
}
