package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/joho/godotenv"

	"github.com/retort-go/retort/services/privacyrights/config"
)

func defaults() config.Config {
	return config.Config{
		DataDir:       ".data",
		Title:         "Privacy Rights API",
		Description:   "Requests of people for their data under GDPR and CCPA: received, worked on, answered in time.",
		Version:       "0.1.0",
		ListenAddr:    "127.0.0.1:8000",
		ShutdownGrace: config.Seconds(10 * time.Second),
		PoolSize:      10,
		MaxOverflow:   20,
		PoolTimeout:   config.Seconds(30 * time.Second),
		PoolRecycle:   config.Seconds(1800 * time.Second),
		PoolPrePing:   true,
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		env  map[string]string
		file string
		want func(*config.Config)
	}{
		{name: "nothing set gives the defaults and the embedded database", want: func(*config.Config) {}},
		{
			name: "empty counts as unset",
			env:  map[string]string{"POOL_SIZE": "", "APP_TITLE": "", "DEBUG": ""},
			file: "POOL_SIZE=\nAPP_VERSION=\n",
			want: func(*config.Config) {},
		},
		{
			name: "the origin's names",
			env: map[string]string{
				"DATABASE_URL": "postgresql+asyncpg://app:secret@db:5432/privacy", "DEBUG": "true",
				"APP_TITLE": "T", "APP_DESCRIPTION": "D", "APP_VERSION": "V", "LISTEN_ADDR": ":9",
				"POOL_SIZE": "3", "MAX_OVERFLOW": "0", "POOL_TIMEOUT": "1.5", "POOL_RECYCLE": "-1", "POOL_PRE_PING": "false",
			},
			want: func(c *config.Config) {
				c.DatabaseURL, c.Debug = "postgresql+asyncpg://app:secret@db:5432/privacy", true
				c.Title, c.Description, c.Version, c.ListenAddr = "T", "D", "V", ":9"
				c.PoolSize, c.MaxOverflow, c.PoolPrePing = 3, 0, false
				c.PoolTimeout, c.PoolRecycle = config.Seconds(1500*time.Millisecond), config.Seconds(-time.Second)
			},
		},
		{
			name: "the file fills in, the environment wins",
			env:  map[string]string{"POOL_SIZE": "7"},
			file: "POOL_SIZE=3\nMAX_OVERFLOW=4\n# a comment\nAPP_TITLE=\"With spaces\"\nUNKNOWN=fine\n",
			want: func(c *config.Config) { c.PoolSize, c.MaxOverflow, c.Title = 7, 4, "With spaces" },
		},
		{
			name: "a dollar sign survives in single quotes",
			file: "DATABASE_URL='postgres://app:pa$$word@db/x'\n",
			want: func(c *config.Config) { c.DatabaseURL = "postgres://app:pa$$word@db/x" },
		},
		{
			name: "durations with units, values with Windows line ends",
			file: "POOL_RECYCLE=30m\r\nPOOL_TIMEOUT=500ms\r\n",
			want: func(c *config.Config) { c.PoolTimeout = config.Seconds(500 * time.Millisecond) },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Load(lookup(tt.env), write(t, tt.file))
			if err != nil {
				t.Fatal(err)
			}
			want := defaults()
			tt.want(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Load (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoad_names_every_wrong_setting_and_repeats_no_value(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		env  map[string]string
		file string
		want []string
	}{
		{
			"wrong types",
			map[string]string{"POOL_SIZE": "s3cret", "DEBUG": "s3cret", "POOL_RECYCLE": "s3cret"},
			"",
			[]string{"POOL_SIZE must be a whole number", "DEBUG must be true or false", "POOL_RECYCLE must be a number of seconds"},
		},
		{
			"out of range",
			map[string]string{
				"POOL_SIZE": "0", "MAX_OVERFLOW": "-2", "POOL_TIMEOUT": "0", "POOL_RECYCLE": "-5", "SHUTDOWN_GRACE": "-1", "LISTEN_ADDR": "8000",
			},
			"",
			[]string{"POOL_SIZE must be 1 to 10000", "MAX_OVERFLOW must be", "POOL_TIMEOUT must be", "POOL_RECYCLE must be", "SHUTDOWN_GRACE must be", "LISTEN_ADDR must be host:port"},
		},
		{"huge seconds", map[string]string{"POOL_TIMEOUT": "1e300"}, "", []string{"POOL_TIMEOUT must be a number of seconds"}},
		{"not a number of seconds", map[string]string{"POOL_TIMEOUT": "NaN"}, "", []string{"POOL_TIMEOUT must be a number of seconds"}},
		{"a broken file", nil, "DATABASE_URL s3cret\n", []string{"has a line that is not NAME=value"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(lookup(tt.env), write(t, tt.file))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in:\n%s", want, err)
				}
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("a value is in the text:\n%s", err)
			}
		})
	}
}

func TestLoad_reports_a_file_that_cannot_be_read(t *testing.T) {
	t.Parallel()
	_, err := config.Load(lookup(nil), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a folder as .env: %v", err)
	}
}

// The example file documents every setting with its default, so it must stay true.
func TestEnvExample_holds_the_defaults(t *testing.T) {
	t.Parallel()
	values, err := godotenv.Read("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(func(name string) string { return values[name] }, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaults(), got); diff != "" {
		t.Errorf("-default +.env.example:\n%s", diff)
	}
	if want := reflect.TypeFor[config.Config]().NumField(); len(values) != want {
		t.Errorf(".env.example has %d settings, want all %d", len(values), want)
	}
}

func lookup(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), ".env")
	if text == "" {
		return file // not there at all
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
