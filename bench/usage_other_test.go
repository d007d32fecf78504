//go:build !unix

package bench

func processorTime() int64 { return 0 } // not known here
