package retort

import (
	"errors"
	"fmt"
)

// numbered joins problems, one per line behind a line that counts them; one
// problem speaks for itself. Nil when there is none.
func numbered(call string, problems ...error) error {
	all := flat(nil, problems...)
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	default:
		return fmt.Errorf("retort: %s found %d problems:\n%w", call, len(all), errors.Join(all...))
	}
}

// flat appends errs to all, joined errors one by one.
func flat(all []error, errs ...error) []error {
	for _, err := range errs {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			all = flat(all, joined.Unwrap()...)
		} else if err != nil {
			all = append(all, err)
		}
	}
	return all
}
