// Package archtest holds the repository's shape as a test: which room may
// import which, which libraries each may link, what no file may be.
//
// The one idea: [House] is the drawing, a table of rooms from the cellar to
// the roof. [Read] takes the real tree as a list of files, by their import
// clauses and for every operating system at once, and each rule compares the
// two. A room that the table does not know is a violation too, so the drawing
// cannot fall behind.
//
//	files, err := archtest.Read(root)
//	for _, v := range archtest.Check(files) {
//		t.Error(v) // pool/pool.go: imports …: the reason
//	}
//
// It does not judge code, only borders: what a linter can say stays in
// .golangci.yml. Test files may import upward (a pool test may want a real
// server); they obey the rules that say so.
//
// It imports no other package of the repository, and none imports it.
package archtest
