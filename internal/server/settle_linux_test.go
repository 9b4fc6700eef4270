package server

import (
	"strings"
	"testing"
)

func TestOnlyUntouchedPagesOfTheProgramAreGivenBack(t *testing.T) {
	const smaps = `00400000-01000000 r-xp 00000000 fe:00 12 /bin/poolgate
Private_Dirty:         8 kB
Anonymous:             0 kB
01000000-02000000 r--p 00c00000 fe:00 12 /bin/poolgate
Private_Dirty:        64 kB
Anonymous:            64 kB
02000000-02100000 rw-p 01c00000 fe:00 12 /bin/poolgate
Private_Dirty:         0 kB
Anonymous:             0 kB
02100000-02200000 r-xp 00000000 fe:00 13 /lib/libc.so.6
Private_Dirty:         0 kB
02200000-02300000 r--p 00000000 00:00 0
Anonymous:             0 kB
02300000-02400000 r--p 01d00000 fe:00 12 /bin/poolgate
Anonymous:             0 kB
`
	got := cleanMappings(strings.NewReader(smaps), "/bin/poolgate")
	want := []mapping{{0x400000, 0x1000000}, {0x2300000, 0x2400000}}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("clean mappings %x, want %x", got, want)
	}
}
