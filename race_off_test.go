//go:build !race

package retort_test

// slowdown divides the size of long tests.
const slowdown = 1
