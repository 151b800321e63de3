package gateway

import "time"

// Doubted is the memory once it is in doubt who writes: what the customer had shown of
// themselves counts no more, and what they had been asked is not theirs to answer.
func (m Memory) Doubted() Memory {
	m.Level, m.LevelUntil, m.Pending, m.CodeUntil = 0, time.Time{}, nil, time.Time{}
	return m
}

// Join is the memory of two conversations that turn out to be with one person, of whom
// the first heard last: it holds, and what the other waits for is waited for still.
// What the customer has shown in the other alone they show again.
func (m Memory) Join(other Memory) Memory {
	m.Awaiting += other.Awaiting
	m.WarnedSecret = m.WarnedSecret || other.WarnedSecret
	if m.Pending == nil && other.Pending != nil && !other.Pending.NeedsCode {
		m.Pending = other.Pending
	}
	return m
}
