// Package query turns typed conditions into SQL text and parameters.
//
// The one idea: a field is named by a pointer into a stand-in, and the pointer
// is resolved against the query's own sources when the text is built. There is
// no registry to look in: a pointer of another model is an error that says so.
//
// It does no I/O. Above it sits the root package; below it internal/model,
// internal/mapper and internal/sqltext.
package query
