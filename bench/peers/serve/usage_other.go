//go:build !unix

package serve

// cpuTime is not known here.
func cpuTime() int64 { return 0 }
