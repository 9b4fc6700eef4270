package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/internal/token"
)

func newToken() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Read, verify, get or make a token",
		Long: `Read a token, verify it against its issuer's keys, sign in and get one, or make one for a test.

No token is printed whole but by get and mint, whose purpose it is.`,
		Example: `  poolgate token decode @token.txt
  pbpaste | poolgate token verify -
  curl -H "Authorization: $(poolgate token get --pool eu-west-1_AbCdEfGhI --client 7hk1example --user jo --id)" URL`,
		Args: noSubcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDecode(), newVerify(), newGet(), newMint(), newForget())
	return cmd
}

// noSubcommand is for commands that only have others below them.
func noSubcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fail(cmd.CommandPath()+" --help shows what there is", "there is no command %q", cmd.CommandPath()+" "+clipped(args[0]))
}

func newDecode() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "decode [TOKEN | @FILE | -]",
		Short: "Tell what a token says of itself",
		Long: `Tell what a token says of itself: its kind, header and claims, its times in words, and which doors a
token of that kind opens. Nothing is verified, and no network is needed. Quotes, line breaks and the word
Bearer around it are taken away, and told.

Exits 0 when it can be read, 2 when it is no token.`,
		Example: "  poolgate token decode \"$TOKEN\"\n  poolgate token decode @token.txt\n  pbpaste | poolgate token decode",
		Args:    atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := givenToken(cmd, args)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), decoded(t))
			}
			return writeDecoded(cmd.OutOrStdout(), t, time.Now())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

// atMostOne takes a token, or none for standard input.
func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fail("a token has no spaces: put it in quotes, or read it with @FILE or -", "%s takes one token, not %d words", cmd.CommandPath(), len(args))
	}
	return nil
}

// givenToken reads the token that a command is about.
func givenToken(cmd *cobra.Command, args []string) (*token.Token, error) {
	text := "-"
	if len(args) == 1 {
		text = args[0]
	}
	if text == "-" {
		raw, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), token.Longest+1))
		if err != nil {
			return nil, fail("give it as a word or as @FILE", "standard input cannot be read: %w", err)
		}
		text = string(raw)
	} else {
		var err error
		if text, err = readToken(text); err != nil {
			return nil, err
		}
	}
	t, err := token.Read(text)
	return t, unreadable(err)
}

// unreadable turns what is wrong with a token into a failure.
func unreadable(err error) error {
	var u *token.Unreadable
	if errors.As(err, &u) {
		return fail(u.Hint, "%s", u.Message)
	}
	return err
}

// decoded is a token's description for programs. The token itself is not in it.
func decoded(t *token.Token) any {
	claims := t.Claims
	if claims == nil {
		claims = json.RawMessage("null")
	}
	return map[string]any{"version": 1, "kind": t.Kind, "header": t.Header, "claims": claims, "opens": t.Opens(), "notes": append([]string{}, t.Notes...)}
}

func writeDecoded(w io.Writer, t *token.Token, now time.Time) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", withArticle(string(t.Kind)))
	if t.Pool != "" {
		fmt.Fprintf(&b, "  of user pool %s in %s\n", safe(t.Pool), safe(t.Region))
	}
	for _, m := range t.Moments(now) {
		fmt.Fprintf(&b, "  %-9s  %s\n", m.Name, m.Words)
	}
	for _, note := range t.Notes {
		fmt.Fprintf(&b, "  note       %s\n", note)
	}
	writeObject(&b, "Header", t.Header)
	if t.Claims != nil {
		writeObject(&b, "Claims", t.Claims)
	}
	b.WriteString("\nWhere it opens doors\n")
	for _, line := range t.Opens() {
		fmt.Fprintf(&b, "  %s\n", safe(line))
	}
	b.WriteString("\nNothing of this is verified: poolgate token verify does that.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// writeObject writes an object's members, one in each line, by name.
func writeObject(b *strings.Builder, title string, raw json.RawMessage) {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(raw, &members) // was read as an object before
	fmt.Fprintf(b, "\n%s\n", title)
	widest := 0
	for name := range members {
		widest = max(widest, min(len(name), 24))
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		fmt.Fprintf(b, "  %-*s  %s\n", widest, safe(name), safe(string(members[name])))
	}
}

func withArticle(kind string) string {
	if strings.ContainsAny(kind[:1], "aeiouI") {
		return "An " + kind
	}
	return "A " + kind
}

// safe drops what would move a terminal's cursor: claims are their issuer's own text.
func safe(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return -1
		}
		return c
	}, text)
}
