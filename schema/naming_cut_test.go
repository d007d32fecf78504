package schema_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/schema"
)

// The names that the tools themselves make of long tables: GORM's NamingStrategy was
// run, SQLAlchemy's and Active Record's expressions were evaluated.
func TestNaming_cuts_long_names_as_the_tools_do(t *testing.T) {
	t.Parallel()
	const (
		table  = "a_very_very_very_very_very_very_very_very_very_long_table"
		german = "tabelle_der_straßenbahnfahrpläne_und_öffnungszeiten_übersicht"
	)
	number := []string{"customer_number"}
	sqlalchemy, gorm, rails, postgresql := schema.SQLAlchemyConventionNaming(), schema.GORMNaming(), schema.RailsNaming(), schema.SQLAlchemyNaming()
	for want, got := range map[string]string{
		"pk_a_very_very_very_very_very_very_very_very_very_long_table":    sqlalchemy.PrimaryKeyName(table),
		"uq_a_very_very_very_very_very_very_very_very_very_long__0f68":    sqlalchemy.UniqueName(table, number),
		"ix_a_very_very_very_very_very_very_very_very_very_long__b2da":    sqlalchemy.IndexName(table, number),
		"ck_a_very_very_very_very_very_very_very_very_very_long__042d":    sqlalchemy.CheckName(table, "positive"),
		"fk_a_very_very_very_very_very_very_very_very_very_long__843c":    sqlalchemy.ForeignKeyName(table, number, "customers"),
		"ix_tabelle_der_straßenbahnfahrpläne_und_öffnungszeiten__a669":    sqlalchemy.IndexName(german, []string{"größe_in_metern"}),
		"ix_a_very_very_very_very_very_very_very_very_very_long__b2da ":   postgresql.IndexName(table, number) + " ",
		"a_very_very_very_very_very_very_very_very_v_customer_number_key": postgresql.UniqueName(table, number),

		"idx_a_very_very_very_very_very_very_very_very_very_long5a77f17f": gorm.IndexName(table, number),
		"uni_a_very_very_very_very_very_very_very_very_very_longc46281bd": gorm.UniqueName(table, number),
		"chk_a_very_very_very_very_very_very_very_very_very_long9eb329fc": gorm.CheckName(table, "customer_number"),
		"idx_tabelle_der_straßenbahnfahrpläne_und_öffnungszeidb6b21d5":    gorm.IndexName(german, []string{"größe_in_metern"}),

		"idx_on_customer_number_city_d9f97fb2c0":                         rails.IndexName(table, []string{"customer_number", "city"}),
		"idx_on_customer_number_the_name_of_the_town_where_i_1d8f031e45": rails.IndexName(table, []string{"customer_number", "the_name_of_the_town_where_it_is_sent_to"}),
		"idx_on_größe_in_metern_und_in_zentimetern_für_di_8fb9cb3865":    rails.UniqueName(german, []string{"größe_in_metern_und_in_zentimetern_für_die_übersicht", "x"}),
		"fk_rails_55f6f600c2": rails.ForeignKeyName(table, number, "customers"),
	} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// At their limits names stay whole: 63 bytes, and Rails' own 62.
func TestNaming_leaves_names_that_fit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		naming schema.Naming
		limit  int
	}{
		"default": {schema.DefaultNaming(), 63}, "PostgreSQL": {schema.PostgreSQLNaming(), 63}, "SQLAlchemy": {schema.SQLAlchemyConventionNaming(), 63},
		"GORM": {schema.GORMNaming(), 63}, "Rails": {schema.RailsNaming(), 62},
	} {
		n := test.naming
		short := n.IndexName("", []string{"c"})
		table := strings.Repeat("t", test.limit-len(short))
		whole := strings.NewReplacer("{table}", table, "{columns}", "c", "{columns and}", "c", "{column}", "c").Replace(n.Index)
		if got := n.IndexName(table, []string{"c"}); got != whole || len(got) != test.limit {
			t.Errorf("%s: %d bytes became %s", name, test.limit, got)
		}
		if got := n.IndexName(table+"t", []string{"c"}); got == strings.Replace(whole, "t", "tt", 1) || len(got) > schema.MaxIdentifier {
			t.Errorf("%s: %d bytes became %s", name, test.limit+1, got)
		}
	}
}
