//go:build !linux

package flight

import "time"

// setUserTimeout does nothing: only Linux has the option, and probes do elsewhere.
func setUserTimeout(uintptr, time.Duration) {}
