package mutants

import "fmt"

// switchFile is the file beside the instrumented sources of a package: the switch,
// and sums with one. With RETORT_MUTANT_TRACE it notes down which mutants are reached.
func switchFile(pkg string, mutants int) []byte {
	return fmt.Appendf(nil, `package %s

import (
	"os"
	"strconv"
	"sync/atomic"
)

var (
	mutantActive, _ = strconv.Atoi(os.Getenv("RETORT_MUTANT"))
	mutantTrace     = os.Getenv("RETORT_MUTANT_TRACE")
	mutantSeen      [%d]atomic.Bool
)

func mutantOn(id int) bool {
	if mutantTrace != "" && !mutantSeen[id].Swap(true) {
		f, err := os.OpenFile(mutantTrace, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			panic(err)
		}
		f.WriteString(strconv.Itoa(id) + "\n")
		f.Close()
	}
	return id == mutantActive
}

type mutantNumber interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr | ~float32 | ~float64
}

func mutantAdd[T mutantNumber | ~string](id int, a, b T) T {
	if mutantOn(id) {
		return a
	}
	return a + b
}

func mutantSub[T mutantNumber](id int, a, b T) T {
	if mutantOn(id) {
		return a
	}
	return a - b
}

func mutantMul[T mutantNumber](id int, a, b T) T {
	if mutantOn(id) {
		return a
	}
	return a * b
}

func mutantQuo[T mutantNumber](id int, a, b T) T {
	if mutantOn(id) {
		return a
	}
	return a / b
}
`, pkg, mutants+1)
}
