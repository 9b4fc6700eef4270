package cognito

import (
	"math/big"
	"sync"
)

// Powers of g are what a password check costs, and g is always the same, so they are computed from a table of its powers made once (a
// comb: Lim and Lee, "More flexible exponentiation with precomputation", 1994): 16 squarings and 32 multiplications instead of 256
// squarings. The table takes 200 kB and is made at the first use.
const (
	combTeeth   = 8
	combTables  = 2
	combBits    = 256
	combSpacing = combBits / combTeeth
	combColumns = combSpacing / combTables
)

// comb holds, for each table t and each non-empty set of teeth j, the product of g^(2^(spacing·i + columns·t)) over the teeth i in j.
type comb struct {
	n      *big.Int
	powers [combTables][1 << combTeeth]*big.Int
}

func newComb(g, n *big.Int) *comb {
	c := &comb{n: n}
	power := new(big.Int).Set(g)
	for bit := range combBits {
		if tooth, rest := bit/combSpacing, bit%combSpacing; rest%combColumns == 0 {
			c.powers[rest/combColumns][1<<tooth] = new(big.Int).Set(power)
		}
		power.Mul(power, power).Mod(power, n)
	}
	for t := range c.powers {
		table := &c.powers[t]
		for j := 1; j < len(table); j++ {
			if lowest := j & -j; lowest != j {
				product := new(big.Int).Mul(table[lowest], table[j^lowest])
				table[j] = product.Mod(product, n)
			}
		}
	}
	return c
}

// exp is g^x mod N for an x of at most combBits.
func (c *comb) exp(x *big.Int) *big.Int {
	result := big.NewInt(1)
	var product, quotient big.Int
	times := func(factor *big.Int) {
		product.Mul(result, factor)
		quotient.QuoRem(&product, c.n, result)
	}
	for column := combColumns - 1; column >= 0; column-- {
		times(result)
		for t := range c.powers {
			teeth := 0
			for tooth := range combTeeth {
				teeth |= int(x.Bit(tooth*combSpacing+t*combColumns+column)) << tooth
			}
			if teeth != 0 {
				times(c.powers[t][teeth])
			}
		}
	}
	return result
}

// cognitoComb is made at the first use: starting up costs nothing.
var cognitoComb = sync.OnceValue(func() *comb { return newComb(cognitoGroup.g, cognitoGroup.n) })

// power is g^x mod N.
func (s srpGroup) power(x *big.Int) *big.Int {
	if s.n == cognitoGroup.n && x.BitLen() <= combBits {
		return cognitoComb().exp(x)
	}
	return new(big.Int).Exp(s.g, x, s.n)
}
