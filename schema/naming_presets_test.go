package schema_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/schema"
)

func TestNamingPresets(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		naming schema.Naming
		want   string
	}{
		"PostgreSQL": {schema.PostgreSQLNaming(), "users_pkey users_email_key users_city_name_idx users_age_check users_order_id_fkey users_a_b_excl"},
		"SQLAlchemy": {schema.SQLAlchemyNaming(), "users_pkey users_email_key ix_users_city users_age_check users_order_id_fkey users_a_b_excl"},
		"SQLAlchemys_convention": {
			schema.SQLAlchemyConventionNaming(), "pk_users uq_users_email ix_users_city ck_users_age fk_users_order_id_orders users_a_b_excl",
		},
		"GORM":  {schema.GORMNaming(), "users_pkey uni_users_email idx_users_city_name chk_users_age fk_users_order users_a_b_excl"},
		"Rails": {schema.RailsNaming(), "users_pkey index_users_on_email index_users_on_city_and_name age fk_rails_c1e9b98e31 users_a_b_excl"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := test.naming
			got := strings.Join([]string{
				n.PrimaryKeyName("users"), n.UniqueName("users", []string{"email"}), n.IndexName("users", []string{"city", "name"}), n.CheckName("users", "age"),
				n.ForeignKeyName("users", []string{"order_id"}, "orders"), n.ExclusionName("users", []string{"a", "b"}),
			}, " ")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(n, n.WithDefaults()); diff != "" {
				t.Errorf("a pattern is empty\n%s", diff)
			}
			if long := n.IndexName(strings.Repeat("t", 60), []string{"column"}); len(long) > schema.MaxIdentifier {
				t.Errorf("%s has %d bytes", long, len(long))
			}
		})
	}
}
