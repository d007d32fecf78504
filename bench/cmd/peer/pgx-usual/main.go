// Command pgx-usual is one entrant of the bench in a process of its own; cmd/bench
// starts it.
package main

import (
	"github.com/retort-go/retort/bench/peers/pgxusual"
	"github.com/retort-go/retort/bench/peers/serve"
)

func main() { serve.Main(pgxusual.Open) }
