package roles_test

import (
	"fmt"
	"strings"

	"github.com/retort-go/retort/migrate/roles"
)

// Script is text for psql, to be reviewed and run by a superuser.
func ExampleConfig_Script() {
	script, err := roles.Config{Owner: "shop_owner", App: "shop_app", Database: "shop", Schemas: []string{"public"}}.Script()
	if err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(script) {
		if strings.HasPrefix(line, "ALTER DEFAULT") {
			fmt.Print(line)
		}
	}
	// Output:
	// ALTER DEFAULT PRIVILEGES FOR ROLE "shop_owner" IN SCHEMA "public" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "shop_app";
	// ALTER DEFAULT PRIVILEGES FOR ROLE "shop_owner" IN SCHEMA "public" GRANT USAGE, SELECT ON SEQUENCES TO "shop_app";
}

// Warnings tells a service at start-up that its role can do too much.
func ExampleRights_Warnings() {
	rights := &roles.Rights{Role: "shop", Owns: []string{"public.orders"}}
	for _, warning := range rights.Warnings() {
		fmt.Println(warning)
	}
	// Output:
	// shop owns public.orders: it can drop and alter what it owns, and row-level security does not hold it unless it is forced
}
