package wire

import (
	"sort"
	"strings"
	"unicode/utf16"
)

// AWS's texts name things in the order in which Java's hash tables hold them. Both orders here were worked out from recorded
// answers and reproduce every one of them.

// enumText lists an enum's values in the order of AWS's texts: in 32 buckets, or twice as many while more than three
// quarters of them would be full, by String.hashCode, the later value first where two meet in one.
func enumText(values []string) string {
	buckets := uint32(32)
	for len(values)*4 > int(buckets)*3 {
		buckets *= 2
	}
	ordered := make([]string, len(values))
	for i, value := range values {
		ordered[len(values)-1-i] = value
	}
	sort.SliceStable(ordered, func(i, j int) bool {
		return javaHash(ordered[i])&(buckets-1) < javaHash(ordered[j])&(buckets-1)
	})
	return "Member must satisfy enum value set: [" + strings.Join(ordered, ", ") + "]"
}

// javaHash is String.hashCode.
func javaHash(text string) uint32 {
	var hash uint32
	for _, unit := range utf16.Encode([]rune(text)) {
		hash = hash*31 + uint32(unit)
	}
	return hash
}

// checkOrder is the order in which a structure's members are told: that of a java.util.HashMap by their names.
func checkOrder(fields []field) []int {
	buckets := uint32(16)
	for len(fields)*4 > int(buckets)*3 {
		buckets *= 2
	}
	bucket := func(i int) uint32 {
		hash := javaHash(fields[i].path)
		return (hash ^ hash>>16) & (buckets - 1)
	}
	order := make([]int, len(fields))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return bucket(order[i]) < bucket(order[j]) })
	return order
}
