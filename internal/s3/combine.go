package s3

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
)

// polynomials are those of the checksums that can be made of the parts' own, reversed.
var polynomials = map[string]uint64{"CRC32": crc32.IEEE, "CRC32C": crc32.Castagnoli, "CRC64NVME": nvme}

// combine makes the checksum of content out of those of its parts. A CRC of A and B together is that of A, moved on by as
// many zero bytes as B is long, added to that of B: the register's conditioning at both ends falls out of the sum.
func combine(kind string, segments []segment, sums [][]byte) checksum {
	polynomial, known := polynomials[kind]
	if !known || len(segments) != len(sums) {
		return checksum{}
	}
	var all uint64
	for i, sum := range sums {
		if i == 0 {
			all = number(sum)
			continue
		}
		all = shift(all, polynomial, segments[i].Size) ^ number(sum)
	}
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], all)
	return checksum{Kind: kind, Value: base64.StdEncoding.EncodeToString(raw[8-len(sums[0]):])}
}

func number(sum []byte) uint64 {
	var n uint64
	for _, b := range sum {
		n = n<<8 | uint64(b)
	}
	return n
}

// matrix is a linear map of a register: the image of each of its bits.
type matrix [64]uint64

func (m *matrix) times(register uint64) uint64 {
	var out uint64
	for i := 0; register != 0; i, register = i+1, register>>1 {
		if register&1 != 0 {
			out ^= m[i]
		}
	}
	return out
}

func (m *matrix) squared() *matrix {
	var out matrix
	for i := range m {
		out[i] = m.times(m[i])
	}
	return &out
}

// shift moves a register on by that many zero bytes, by squaring the map of one zero bit.
func shift(register, polynomial uint64, bytes int64) uint64 {
	m := &matrix{polynomial}
	for i := 1; i < len(m); i++ {
		m[i] = 1 << (i - 1)
	}
	for bits := uint64(bytes) * 8; bits > 0; bits >>= 1 {
		if bits&1 != 0 {
			register = m.times(register)
		}
		m = m.squared()
	}
	return register
}
