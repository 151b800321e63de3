package desk

// HoldHashing takes all the room for verifying passwords until the function is
// called.
func (d *Desk) HoldHashing() (release func()) {
	for range maxHashing {
		d.hashing <- struct{}{}
	}
	return func() {
		for range maxHashing {
			<-d.hashing
		}
	}
}
