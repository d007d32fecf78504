package cli_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/cli"
)

// A program that has no commands of its own hands on what stands behind "db",
// and ends with the exit code.
func ExampleRun() {
	db := cli.New(cli.Config{
		Name: "shop db",
		Open: func(context.Context) (*retort.Engine, error) {
			return nil, errors.New("shop: DATABASE_URL is empty")
		},
	})
	code := cli.Run(context.Background(), db, "doctor", "--json")
	fmt.Println("exit code", code == cli.Failed)
	// Output:
	// {
	//   "error": "shop: DATABASE_URL is empty",
	//   "exit": 1,
	//   "next": [
	//     "shop db doctor --json"
	//   ]
	// }
	// exit code true
}

// A program with cobra commands adds ours to them.
func ExampleNew() {
	root := &cobra.Command{Use: "shop"}
	root.AddCommand(cli.New(cli.Config{}))
	root.SetArgs([]string{"db", "doctor", "--json"})
	err := root.ExecuteContext(context.Background())
	fmt.Println("exit code", cli.ExitCode(err) == cli.Misused)
	// Output:
	// {
	//   "error": "doctor needs a database, and this program opens none: set cli.Config.Open",
	//   "exit": 2,
	//   "next": [
	//     "shop db doctor --help"
	//   ]
	// }
	// exit code true
}
