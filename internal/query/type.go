package query

import (
	"fmt"
	"regexp"
)

const typePattern = `^("[^"\x00]{1,63}"|[a-z_][a-z0-9_ ]{0,62})(\.("[^"\x00]{1,63}"|[a-z_][a-z0-9_]{0,62}))?(\([0-9]{1,4}(, ?[0-9]{1,4})?\))?( with(out)? time zone)?(\[\])*$`

// CheckType refuses what is not the name of a type, so that a cast cannot become
// anything else.
func CheckType(sqlType string) error {
	if ok, err := regexp.MatchString(typePattern, sqlType); err != nil || !ok {
		return fmt.Errorf("retort: Cast: %q is not the name of a type; write it as in \"numeric(10,2)\", \"text[]\" or \"app.mood\"", sqlType)
	}
	return nil
}
