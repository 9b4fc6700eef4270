package authz

// forgetToken drops one token, so that it is new again.
func (c *cache) forgetToken(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.bucket(c.hashOf(token))
	for i := range b {
		if v := b[i].Load(); v != nil && v.token == token {
			c.drop(&b[i])
		}
	}
}
