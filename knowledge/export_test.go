package knowledge

// Narrow lets the lexical search of the passages that come from now on score so few slots
// at a time that small tests have many windows. It is a multiple of 64.
func (m *Memory) Narrow(language string, window int) {
	m.engine.shard(language).window = window
}
