package config_test

import (
	"fmt"

	"github.com/retort-go/retort/services/privacyrights/config"
)

func ExampleLoad() {
	environ := map[string]string{"POOL_SIZE": "5", "POOL_RECYCLE": "30m"}
	cfg, err := config.Load(func(name string) string { return environ[name] }, "")
	fmt.Println(cfg.PoolSize, cfg.PoolRecycle.Duration(), cfg.Embedded(), err)
	// Output: 5 30m0s true <nil>
}
