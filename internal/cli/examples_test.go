package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/internal/curl"
)

// TestTheExamplesOfTheHelpAreCommands reads every example of every command as the command would: the command exists, and its flags do.
func TestTheExamplesOfTheHelpAreCommands(t *testing.T) {
	examples := 0
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Example) {
			at := strings.Index(line, "poolgate ")
			if at < 0 {
				continue
			}
			examples++
			// What a shell would fill in is a word; the end of a substitution is the command's.
			text := strings.ReplaceAll(strings.NewReplacer("$TOKEN", "x", "$PASSWORD", "x").Replace(line[at:]), `)"`, " ;")
			words, err := curl.Split(text)
			if err != nil {
				t.Errorf("%s: %q: %v", cmd.CommandPath(), strings.TrimSpace(line), err)
				continue
			}
			found, rest, err := newRoot().Find(words[1:])
			if err == nil {
				err = parses(found, rest)
			}
			if err != nil {
				t.Errorf("%s: %q: %v", cmd.CommandPath(), strings.TrimSpace(line), err)
			}
		}
		if cmd.HasExample() || cmd.HasSubCommands() || cmd.Name() == "version" || cmd.Name() == "help" {
			for _, below := range cmd.Commands() {
				walk(below)
			}
			return
		}
		t.Errorf("%s has no example", cmd.CommandPath())
	}
	walk(newRoot())
	if examples < 20 {
		t.Errorf("only %d examples were found", examples)
	}
}

// parses reads the flags, and what must stand behind them.
func parses(cmd *cobra.Command, words []string) error {
	if err := cmd.ParseFlags(words); err != nil {
		return err
	}
	rest := cmd.Flags().Args()
	if cmd.Name() == "explain" && len(rest) > 0 && isCurl(rest[0]) {
		_, err := curl.Parse(rest[1:], curl.Env{})
		return err
	}
	if cmd.Args != nil {
		if err := cmd.Args(cmd, rest); err != nil {
			return err
		}
	}
	return nil
}
