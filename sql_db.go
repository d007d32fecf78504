package retort

func (s *Session) closeSQL() {}
