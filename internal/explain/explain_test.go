package explain

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

var update = flag.Bool("update", false, "write testdata/*.txt anew")

// TestRecordsAreTold compares what people read of testdata/*.json, records as a server gave them, with testdata/*.txt.
func TestRecordsAreTold(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d records: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var record decision.Record
			if err := json.Unmarshal(raw, &record); err != nil {
				t.Fatal(err)
			}
			var told strings.Builder
			if err := Write(&told, OfRecord(&record), Options{}); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".json") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(told.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), told.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEveryReasonCanBeTold holds the whole closed list to the page: a sentence, steps, commands that a shell would take, and no line so wide
// that a terminal breaks it where it likes.
func TestEveryReasonCanBeTold(t *testing.T) {
	for _, info := range authz.Reasons() {
		record := &decision.Record{Status: 403, RefusedBy: string(info.RefusedBy), Reason: info.Code, Mend: info.Mend}
		var told strings.Builder
		if err := Write(&told, OfRecord(record), Options{}); err != nil {
			t.Fatal(err)
		}
		text := told.String()
		if refusers[record.RefusedBy] == "" || !strings.Contains(text, refusers[record.RefusedBy]+": "+string(info.Code)) {
			t.Errorf("%s: nobody refused it:\n%s", info.Code, text)
		}
		if strings.Contains(text, " \n") {
			t.Errorf("%s: a line ends with a space:\n%s", info.Code, text)
		}
		for _, mend := range info.Mend {
			if _, command := SplitMend(mend); strings.Count(command, "'")%2 == 1 {
				t.Errorf("%s: a quote is not closed in %s", info.Code, command)
			}
		}
		for line := range strings.Lines(text) {
			// An ARN or a patch is one word.
			if columns := len([]rune(line)) - 1; columns > 150 {
				t.Errorf("%s: a line of %d columns: %s", info.Code, columns, line)
			}
		}
	}
}

func TestACommandIsBrokenBeforeItsOptions(t *testing.T) {
	for _, test := range []struct {
		name, command string
		want          []string
	}{
		{"a command without options is one part", "aws sts get-caller-identity", []string{"aws sts get-caller-identity"}},
		{"an option keeps its values", "aws x --a 1 2 --b", []string{"aws x", "--a 1 2", "--b"}},
		{"what is quoted stays whole", "curl -H 'a: --b --c' -d x", []string{"curl", "-H 'a: --b --c'", "-d x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, options(test.command)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestACommandIsBrokenBetweenCommandsOnly(t *testing.T) {
	const command = `aws a --query 'x && y' --key "$(aws b --q 'c && d')" && aws e`
	if diff := cmp.Diff([]string{`aws a --query 'x && y' --key "$(aws b --q 'c && d')" &&`, "aws e"}, chained(command)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"aws a", "--query 'x && y'", `--key "$(aws b --q 'c && d')"`}, options(`aws a --query 'x && y' --key "$(aws b --q 'c && d')"`)); diff != "" {
		t.Error(diff)
	}
}
