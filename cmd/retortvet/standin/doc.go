// Package standin finds fields of a table's stand-in that are used as values
// instead of by address. doc.md is its documentation, which `retortvet help
// standin` prints.
package standin
