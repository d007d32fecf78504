// Package config reads the service's settings from the environment and from a
// .env file, under the names that the service has always had.
//
// The one idea: every setting is a field of [Config] with its name and default
// in the tags; [Load] reports every wrong one at once and never repeats a value,
// since values may be passwords.
//
//	cfg, err := config.Load(os.Getenv, ".env")
//
// Package config opens nothing and starts nothing. Package app sits above it;
// below are caarlos0/env and godotenv.
package config
