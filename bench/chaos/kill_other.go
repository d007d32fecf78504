//go:build !linux

package chaos

// killChildren leaves them to notice that their postmaster is gone.
func killChildren(int) error { return nil }
