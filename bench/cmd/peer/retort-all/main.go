// Command retort-all is Retort with every protection switched on, an entrant of
// the bench in a process of its own; cmd/bench starts it with -everything.
package main

import (
	"github.com/retort-go/retort/bench/peers/serve"
	"github.com/retort-go/retort/bench/peers/withretort"
)

func main() { serve.Main(withretort.OpenAll) }
