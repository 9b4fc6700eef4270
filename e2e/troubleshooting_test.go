package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// endOfCommand stands in the output between two commands of a block.
const endOfCommand = "---- end of command ----"

// step is a block of commands of docs/troubleshooting.md, under its heading.
type step struct{ heading, block string }

var headingLine = regexp.MustCompile(`^#+ (.*)`)

// steps reads the page's blocks.
func steps(page string) []step {
	var found []step
	heading, block, inside := "", "", false
	for line := range strings.Lines(page) {
		switch {
		case strings.HasPrefix(line, "```"):
			if inside {
				found = append(found, step{heading, block})
			}
			inside, block = !inside, ""
		case inside:
			block += line
		case headingLine.MatchString(line):
			heading = headingLine.FindStringSubmatch(line)[1]
		}
	}
	return found
}

// TestTheTroubleshootingPage brings about the fault of every heading and runs its commands, which must answer as the page shows and
// end with a request that passes where it says so. The blocks of one heading share a server and run in their order.
func TestTheTroubleshootingPage(t *testing.T) {
	for _, client := range []string{"aws", "curl", "base64"} {
		need(t, client)
	}
	blocks, order := map[string][]string{}, []string{}
	for _, s := range steps(document(t, "docs/troubleshooting.md")) {
		if blocks[s.heading] == nil {
			order = append(order, s.heading)
		}
		blocks[s.heading] = append(blocks[s.heading], s.block)
	}
	for heading := range troubles {
		if blocks[heading] == nil {
			t.Errorf("the page has no commands under %q", heading)
		}
	}
	shared := serve(t)
	for _, heading := range order {
		t.Run(heading, func(t *testing.T) {
			t.Parallel()
			begin := troubles[heading]
			if begin == nil {
				t.Fatal("no test brings this fault about")
			}
			tr := newTrouble(t, shared)
			begin(tr)
			for _, block := range blocks[heading] {
				tr.run(block)
			}
		})
	}
}

// TestTheTroubleshootingPageLeadsSomewhere follows the table's links to the page's own headings.
func TestTheTroubleshootingPageLeadsSomewhere(t *testing.T) {
	page := document(t, "docs/troubleshooting.md")
	anchors := map[string]bool{}
	for line := range strings.Lines(page) {
		if found := headingLine.FindStringSubmatch(strings.TrimSpace(line)); found != nil {
			kept := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(found[1]), "")
			anchors[strings.ReplaceAll(kept, " ", "-")] = true
		}
	}
	links := regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(page, -1)
	for _, link := range links {
		if !anchors[link[1]] {
			t.Errorf("there is no heading #%s", link[1])
		}
	}
	if len(links) < 10 {
		t.Errorf("the table has only %d links", len(links))
	}
}

// run runs the block's commands in one shell, which keeps variables between them, and looks in the output of each for the lines that
// stand below it.
func (tr *trouble) run(block string) {
	tr.t.Helper()
	var script strings.Builder
	var commands []string
	shown := map[int][]string{}
	for line := range strings.Lines(strings.ReplaceAll(block, readmeAddress, tr.url)) {
		line = strings.TrimSpace(line)
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case isCommand:
			commands = append(commands, command)
			if strings.HasPrefix(command, "poolgate explain") {
				command += " || [ $? = 1 ]" // the request was refused
			}
			script.WriteString(command + "\necho; echo '" + endOfCommand + "'\n")
		case line != "":
			shown[len(commands)-1] = append(shown[len(commands)-1], line)
		}
	}
	outputs := strings.Split(inDirectory(tr.t, tr.t.TempDir(), tr.environment(), script.String()), endOfCommand)
	if len(outputs) != len(commands)+1 {
		tr.t.Fatalf("%d of %d commands ran:\n%s", len(outputs)-1, len(commands), strings.Join(outputs, ""))
	}
	for i, lines := range shown {
		for _, line := range lines {
			if !strings.Contains(strings.ToLower(outputs[i]), strings.ToLower(line)) {
				tr.t.Errorf("%s\nthe page shows %q, the answer is\n%s", commands[i], line, outputs[i])
			}
		}
	}
}
