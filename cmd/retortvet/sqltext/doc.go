// Package sqltext finds SQL whose text is put together from values. doc.md is its
// documentation, which `retortvet help sqltext` prints.
package sqltext
