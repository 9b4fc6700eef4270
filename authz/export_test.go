package authz

// SignatureHolds runs the checks of a token that do not concern its claims: shape, algorithm, key and signature. keys finds
// a key by its id.
func SignatureHolds(token string, keys func(kid string) (IssuerKey, bool)) bool {
	var p parsed
	if reason, _ := p.decode(token); reason != "" {
		return false
	}
	if p.readHeader() != "" || !p.headerRead.hasKid {
		return false
	}
	hash, known := rsaHashes[p.headerRead.alg]
	key, found := keys(p.headerRead.kid)
	if !known || !found || key.Algorithm != "" && key.Algorithm != p.headerRead.alg {
		return false
	}
	return p.signedBy(key.RSA, hash)
}
