// Command privacyrights serves the privacy-rights API: requests of people for
// their data, worked on and answered in time.
//
// It is set up by the environment and a .env file; services/privacyrights/.env.example
// lists every setting. Without DATABASE_URL it runs a PostgreSQL of its own.
package main

import (
	"os"

	"github.com/retort-go/retort/services/privacyrights/app"
)

func main() { os.Exit(app.Main()) }
