package history_test

import (
	"fmt"

	"github.com/retort-go/retort/retorttest/history"
)

// Two people look whether the other one is on call, and both go home.
func ExampleCheck() {
	txns := []history.Txn{
		{Ops: []history.Op{history.Read("alice left"), history.Append("bob left", 1)}},
		{Ops: []history.Op{history.Read("bob left"), history.Append("alice left", 1)}},
		{Ops: []history.Op{history.Read("alice left", 1), history.Read("bob left", 1)}},
	}
	fmt.Println(len(history.Check(txns, history.RepeatableRead)))
	for _, a := range history.Check(txns, history.Serializable) {
		fmt.Println(a.Kind, a.Txns)
	}
	// Output:
	// 0
	// G2-item [0 1]
}
