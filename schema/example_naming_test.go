package schema_test

import (
	"fmt"

	"github.com/retort-go/retort/schema"
)

// A preset keeps the names that another tool gave: retort.Naming(schema.RailsNaming())
// in the Base.
func ExampleRailsNaming() {
	n := schema.RailsNaming()
	fmt.Println(n.IndexName("users", []string{"city", "name"}))
	fmt.Println(n.ForeignKeyName("users", []string{"order_id"}, "orders"))
	fmt.Println(schema.GORMNaming().UniqueName("users", []string{"email"}))
	fmt.Println(schema.SQLAlchemyNaming().IndexName("users", []string{"city", "name"}))
	fmt.Println(schema.SQLAlchemyConventionNaming().PrimaryKeyName("users"))
	fmt.Println(schema.PostgreSQLNaming().CheckName("users", "age"))
	// Output:
	// index_users_on_city_and_name
	// fk_rails_c1e9b98e31
	// uni_users_email
	// ix_users_city
	// pk_users
	// users_age_check
}
