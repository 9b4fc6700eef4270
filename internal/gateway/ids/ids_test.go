package ids_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/poolgate/poolgate/internal/gateway/ids"
)

var (
	uuid     = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	extended = regexp.MustCompile(`^[A-Za-z0-9_-]{15}=$`)
	root     = regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$`)
)

func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id, long := ids.New()
		alone := ids.Extended()
		if !uuid.MatchString(id) || !extended.MatchString(long) || !extended.MatchString(alone) {
			t.Fatalf("made %s, %s, %s", id, long, alone)
		}
		if c := alone[0]; (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			t.Errorf("%s could be taken for a flag", alone)
		}
		for _, made := range []string{id, long, alone} {
			if seen[made] {
				t.Errorf("%s was made twice", made)
			}
			seen[made] = true
		}
	}
}

func TestTrace(t *testing.T) {
	at := time.Unix(0x6a000000, 0)
	const sent = "Root=1-5e6b67ad-2d4a5560cf6fb7a02780c3a0"
	for header, want := range map[string]string{
		sent: sent, "Self=1-x; " + sent + ";Sampled=1": sent, "": "", "Root=1-xyz": "", sent + "0": "", "root=1-5e6b67ad-2d4a5560cf6fb7a02780c3a0": "",
	} {
		got := ids.Trace(header, at)
		if want != "" && got != want || !root.MatchString(got) {
			t.Errorf("%q gave %s", header, got)
		}
		if want == "" && got[7:15] != "6a000000" {
			t.Errorf("%s is not of its time", got)
		}
	}
}
