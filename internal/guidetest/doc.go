// Package guidetest runs what the guides show: the Go blocks of docs/guides are parts
// of tests here, of examples of the root package, or of tests in beside/, and package
// readmetest compares the two.
//
// It holds tests only, and nothing imports it.
package guidetest
