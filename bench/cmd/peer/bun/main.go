// Command bun is one entrant of the bench in a process of its own; cmd/bench
// starts it.
package main

import (
	"github.com/retort-go/retort/bench/peers/serve"
	"github.com/retort-go/retort/bench/peers/withbun"
)

func main() { serve.Main(withbun.Open) }
