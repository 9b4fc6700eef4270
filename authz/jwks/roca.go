package jwks

import "math/big"

// rocaPrimes are small primes for which the powers of 65537 are so few of the residues that no honest modulus is likely to be
// one of them for all.
var rocaPrimes = []int64{11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157}

// rocaResidues are, for each of those primes, the powers of 65537 modulo the prime.
var rocaResidues = func() (residues []map[int64]bool) {
	for _, p := range rocaPrimes {
		powers := map[int64]bool{}
		for r := int64(1); !powers[r]; r = r * 65537 % p {
			powers[r] = true
		}
		residues = append(residues, powers)
	}
	return residues
}()

// isROCA tells whether a modulus has the mark of keys that a faulty library made and that can be factored (CVE-2017-15361): it is a power
// of 65537 modulo every small prime. An honest key has the mark once in two hundred million.
func isROCA(modulus *big.Int) bool {
	var remainder big.Int
	for i, p := range rocaPrimes {
		if !rocaResidues[i][remainder.Mod(modulus, big.NewInt(p)).Int64()] {
			return false
		}
	}
	return true
}
