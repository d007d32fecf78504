// Package readmetest holds the documents to their word: links lead somewhere,
// Go blocks compile, make targets exist, and `make demo` works in a fresh copy
// of the repository (build tag readme, run by `make readme`).
//
// The README's curl session is run by the service's own tests, which have the
// service at hand.
//
// Of the repository it imports only what its rules are about, and none imports it.
package readmetest
