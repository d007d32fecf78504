package retort

// PasswordOf is the password that a URL gives to the driver.
func PasswordOf(raw string) string {
	cfg, err := parseURL(raw)
	if err != nil {
		return err.Error()
	}
	return cfg.Password
}
