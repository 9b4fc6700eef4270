package jwks

// Remembered is for how many issuers keys are remembered.
func (r *Remote) Remembered() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.entries)
}
