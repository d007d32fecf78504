package retort_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/retort-go/retort"
)

// Open connects to nothing: a service starts and stays up without its database.
// The settings are SQLAlchemy's, by their names.
func ExampleOpen() {
	eng, err := retort.Open(retort.Config{
		Base:        library,
		URL:         "postgresql+asyncpg://app:secret@db.internal:5432/library",
		PoolSize:    10,
		MaxOverflow: 20,
		PrePing:     true,
		Recycle:     1800 * time.Second,
		Logger:      slog.Default(),
		Echo:        os.Getenv("DEBUG") == "true",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer eng.Close(context.Background())
	fmt.Println(eng)
	// Output: retort.Engine(db.internal:5432/library)
}

// Every problem of the settings and the models is reported at once.
func ExampleOpen_problems() {
	type Note struct {
		Text string
		Size uint64
	}
	_, err := retort.Open(retort.Config{
		Base:     retort.NewBase(retort.NewTable[Note]("notes")),
		URL:      "postgres://app:p@ss@db/library",
		PoolSize: -5,
	})
	fmt.Println(err)
	// Output:
	// retort: Open found 3 problems:
	// retort: Config.PoolSize: is -5; give the number of connections to keep, 0 for 5 or -1 for unlimited
	// retort: Config.URL: has more than one @ before the host; percent-encode those in the user and the password as %40
	// retort: model retort_test.Note: field Size: uint64 has no column type; PostgreSQL has no unsigned integers: use int64
}

// No print of a Config shows the password.
func ExampleConfig() {
	cfg := retort.Config{URL: "postgres://app:secret@db/library?sslmode=verify-full", PoolSize: 10}
	fmt.Printf("%+v\n", cfg)
	// Output: retort.Config{URL:postgres://app@db/library PoolSize:10 MaxOverflow:0 PoolTimeout:0s Recycle:0s PrePing:false Echo:false EchoParams:false Pooler:false ConnectTimeout:0s CommitTimeout:0s}
}
