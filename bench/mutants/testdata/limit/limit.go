// Package limit is broken on purpose: by the driver's own test.
package limit

import "errors"

var errLess = errors.New("less than nothing")

// Within has tests on both sides of its boundary.
func Within(n, limit int) bool { return n <= limit }

// Grow has none beside 8.
func Grow(n int) (int, error) {
	if n < 0 {
		return 0, errLess
	}
	if n > 8 {
		n++
	}
	for range n {
		n += 0
	}
	return n + n, nil
}

// Never is not called.
func Never(n int) bool { return n == 1 }

// Wait ends if its channel is closed.
func Wait() {
	c := make(chan struct{})
	close(c)
	<-c
}
