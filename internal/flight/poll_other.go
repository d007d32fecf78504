//go:build !linux && !darwin

package flight

// canPoll: elsewhere the age of a connection and a ping decide.
const canPoll = false

func hungUp(uintptr) bool { return false }
