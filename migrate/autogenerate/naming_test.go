package autogenerate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/schema"
)

// City and Resident are what another tool's tables say.
type (
	City struct {
		ID int64
	}
	Resident struct {
		ID     int64
		CityID int64
		Email  string
		Age    int32
	}
)

func (City) Define(d *retort.Definition[City]) { d.PrimaryKey(&d.C.ID) }

func (Resident) Define(d *retort.Definition[Resident]) {
	d.PrimaryKey(&d.C.ID)
	d.References(&d.C.CityID, &cities.C.ID)
	d.Unique(&d.C.Email)
	d.Index(&d.C.Age)
	d.Check("age", "age > 0")
}

var (
	cities    = retort.NewTable[City]("cities")
	residents = retort.NewTable[Resident]("residents")
)

// TestNamingPresets: tables as other tools make them keep their names, under the
// preset of the tool; without it the names differ.
func TestNamingPresets(t *testing.T) {
	t.Parallel()
	const head = "CREATE TABLE cities (id bigint PRIMARY KEY); "
	for name, test := range map[string]struct {
		naming schema.Naming
		sql    string
	}{
		"PostgreSQL": {schema.PostgreSQLNaming(), head + `CREATE TABLE residents (id bigint PRIMARY KEY, city_id bigint NOT NULL REFERENCES cities, email text NOT NULL UNIQUE,
			age int NOT NULL CHECK (age > 0)); CREATE INDEX ON residents (age)`},
		"SQLAlchemy": {schema.SQLAlchemyNaming(), head + `CREATE TABLE residents (id bigint NOT NULL, city_id bigint NOT NULL, email text NOT NULL, age int NOT NULL CHECK (age > 0),
			PRIMARY KEY (id), FOREIGN KEY(city_id) REFERENCES cities (id), UNIQUE (email)); CREATE INDEX ix_residents_age ON residents (age)`},
		"SQLAlchemys_convention": {schema.SQLAlchemyConventionNaming(), `CREATE TABLE cities (id bigint NOT NULL, CONSTRAINT pk_cities PRIMARY KEY (id));
			CREATE TABLE residents (id bigint NOT NULL, city_id bigint NOT NULL, email text NOT NULL, age int NOT NULL, CONSTRAINT pk_residents PRIMARY KEY (id),
			CONSTRAINT fk_residents_city_id_cities FOREIGN KEY(city_id) REFERENCES cities (id), CONSTRAINT uq_residents_email UNIQUE (email),
			CONSTRAINT ck_residents_age CHECK (age > 0)); CREATE INDEX ix_residents_age ON residents (age)`},
		"GORM": {schema.GORMNaming(), head + `CREATE TABLE residents (id bigint, city_id bigint NOT NULL, email text NOT NULL, age int NOT NULL, PRIMARY KEY (id),
			CONSTRAINT fk_residents_city FOREIGN KEY (city_id) REFERENCES cities (id), CONSTRAINT uni_residents_email UNIQUE (email), CONSTRAINT chk_residents_age CHECK (age > 0));
			CREATE INDEX idx_residents_age ON residents (age)`},
		"Rails": {schema.RailsNaming(), head + `CREATE TABLE residents (id bigint PRIMARY KEY, city_id bigint NOT NULL, email text NOT NULL, age int NOT NULL,
			CONSTRAINT fk_rails_2637416e81 FOREIGN KEY (city_id) REFERENCES cities (id), CONSTRAINT index_residents_on_email UNIQUE (email), CONSTRAINT age CHECK (age > 0));
			CREATE INDEX index_residents_on_age ON residents (age)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t, test.sql)
			for _, naming := range []schema.Naming{test.naming, schema.DefaultNaming()} {
				found, err := autogenerate.Generate(t.Context(), db.eng, retort.NewBase(cities, residents, retort.Naming(naming)), config(t))
				if err != nil {
					t.Fatal(err)
				}
				same := naming == test.naming || name == "SQLAlchemys_convention" // which ours is, for one column
				if same != (len(found.Differences) == 0) {
					t.Errorf("with %v it finds\n%s", naming, list(found.Differences))
				}
			}
		})
	}
}

// TestNamingPresets_cut_as_the_server_does: names that the server makes itself, at
// lengths around its limit and with letters of several bytes.
func TestNamingPresets_cut_as_the_server_does(t *testing.T) {
	t.Parallel()
	db := newDatabase(t, "CREATE TABLE target (id int PRIMARY KEY)")
	n := schema.PostgreSQLNaming()
	for i, names := range [][]string{
		{strings.Repeat("t", 63), "c"},
		{strings.Repeat("t", 58), "c"},
		{"t", strings.Repeat("c", 63), "d"},
		{strings.Repeat("t", 30), strings.Repeat("c", 30), "d"},
		{strings.Repeat("t", 29), strings.Repeat("c", 25), "d"},
		{strings.Repeat("ü", 31), "c", strings.Repeat("ö", 20)},
		{strings.Repeat("t", 40), strings.Repeat("語", 21), strings.Repeat("c", 40)},
		{strings.Repeat("t", 10), strings.Repeat("c", 32), strings.Repeat("d", 32), strings.Repeat("e", 32)},
	} {
		table, columns := names[0], names[1:]
		var b strings.Builder
		for _, c := range columns {
			fmt.Fprintf(&b, "%q int NOT NULL CHECK (%q > 0), ", c, c)
		}
		list := `"` + strings.Join(columns, `", "`) + `"`
		db.Exec(t, fmt.Sprintf(`CREATE SCHEMA n%d; CREATE TABLE n%d.%q (%sk int PRIMARY KEY, f int REFERENCES target, UNIQUE (%s)); CREATE INDEX ON n%d.%q (%s)`, i, i, table, b.String(), list, i, table, list))
		want := []string{n.PrimaryKeyName(table), n.UniqueName(table, columns), n.IndexName(table, columns), n.ForeignKeyName(table, []string{"f"}, "target")}
		for _, c := range columns {
			want = append(want, n.CheckName(table, c))
		}
		slices.Sort(want)
		got := strings.Split(db.QueryString(t, fmt.Sprintf(`SELECT string_agg(name, ' ' ORDER BY name COLLATE "C") FROM (SELECT conname FROM pg_constraint WHERE connamespace = 'n%d'::regnamespace AND contype <> 'n'
			UNION SELECT relname FROM pg_class WHERE relnamespace = 'n%d'::regnamespace AND relkind = 'i') n(name)`, i, i)), " ")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-ours +the server's)\n%s", names, diff)
		}
	}
}
