package web_test

func servesInstead() bool { return false }
