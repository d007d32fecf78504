package autogenerate_test

import (
	"testing"

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
