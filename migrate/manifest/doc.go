// Package manifest holds what one build of a program sends to its database: the
// statements, with the types of their parameters and results, and what they rely on.
//
// The one idea: the deployed release and the schema of the next one must live
// together while it rolls out, and what a release sends is known to its tests. The
// test kit writes parts into the folder that RETORT_MANIFEST names; merged, they are
// one file, the same for the same statements, which goes into git:
//
//	$ RETORT_MANIFEST=/tmp/parts go test ./...
//
//	m, err := manifest.ReadDir("/tmp/parts")
//	if err != nil {
//		return err
//	}
//	return m.Write(file)
//
// It is values and their file, no I/O with a database: package retorttest collects,
// package migrate/rolling checks. There are no values of parameters in it; what
// raw SQL has in its text is in it as it stands.
package manifest
