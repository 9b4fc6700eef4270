package authz

import (
	"fmt"
	"strings"
)

// ReasonsMarkdown is the page docs/reasons.md: both closed lists, for people.
func ReasonsMarkdown() string {
	var page strings.Builder
	page.WriteString(`# Reasons

<!-- Made from package authz: go test ./authz -run TestReasonsPage -update -->

Why a request was refused is one of this closed list of codes. The same code stands in the header ` + "`x-poolgate-reason`" + ` (on loopback
only), in the decision record, in the log and in ` + "`poolgate explain`" + `. A token is checked in the order source, shape, algorithm, issuer, key,
signature, expiry, not before, token use, audience, scope, and the first check that fails is the reason: a forged token is never told that
it expired.

The status is the one that a REST API answers with when nobody customised the gateway response type; a dash means that the
answer is none of the types that can be customised. Words in capital letters are yours to fill in.
`)
	for _, section := range []struct {
		title string
		by    RefusedBy
	}{
		{"Refused by the authorizer", ByAuthorizer},
		{"Refused before a method was found", ByRoute},
		{"Refused by policies, keys and limits", ByPolicy},
		{"Refused for what the request holds", ByRequest},
		{"Failed in the integration", ByIntegration},
	} {
		var rows []ReasonInfo
		for _, info := range Reasons() {
			if info.RefusedBy == section.by {
				rows = append(rows, info)
			}
		}
		writeReasons(&page, section.title, rows)
	}
	writeDescriptions(&page)
	page.WriteString("\n## Warnings\n\nWhat `poolgate explain` tells though it refuses nothing.\n")
	for _, info := range Warnings() {
		writeEntry(&page, string(info.Code), info.Sentence, info.Mend)
	}
	return page.String()
}

func writeReasons(page *strings.Builder, title string, rows []ReasonInfo) {
	fmt.Fprintf(page, "\n## %s\n\n| code | status | gateway response type | what the client is told |\n|---|---|---|---|\n", title)
	for _, info := range rows {
		status := "the integration's"
		if info.Status != 0 {
			status = fmt.Sprint(info.Status)
		}
		responseType, message := "–", "–"
		if info.ResponseType != "" {
			responseType = "`" + info.ResponseType + "`"
		}
		if info.Message != "" {
			message = "`" + info.Message + "`"
		}
		fmt.Fprintf(page, "| [`%s`](#%[1]s) | %s | %s | %s |\n", info.Code, status, responseType, message)
	}
	for _, info := range rows {
		writeEntry(page, string(info.Code), info.Sentence, info.Mend)
	}
}

// writeEntry writes a code's own section.
func writeEntry(page *strings.Builder, code, sentence string, mend []string) {
	fmt.Fprintf(page, "\n### %s\n\n%s\n", code, sentence)
	for i, step := range mend {
		if i == 0 {
			page.WriteByte('\n')
		}
		fmt.Fprintf(page, "- %s\n", markCommand(step))
	}
}

// markCommand sets the command that ends a step, if one does, as code.
func markCommand(step string) string {
	for _, tool := range []string{"aws ", "curl "} {
		if strings.HasPrefix(step, tool) {
			return "`" + step + "`"
		}
		if before, command, found := strings.Cut(step, ": "+tool); found {
			return before + ": `" + tool + command + "`"
		}
	}
	return step
}

// writeDescriptions writes what the JWT authorizers of HTTP APIs answer.
func writeDescriptions(page *strings.Builder) {
	page.WriteString("\n## At the JWT authorizers of HTTP APIs\n\nThe reasons are the same, the answers are not: there are no gateway response types, and " +
		"`www-authenticate` tells\nthe client more. `poolgate explain` fits the commands that mend a refusal to HTTP APIs.\n\n" +
		"| code | status | error | error_description |\n|---|---|---|---|\n| `identity_source_missing` | 401 | – | – |\n")
	for _, v := range []verdict{
		{reason: TokenMalformed}, {reason: TokenIsRefreshToken}, {reason: TokenAlgorithm, alg: "HS256"}, {reason: TokenIssuer}, {reason: PoolNotFound},
		{reason: TokenKeyUnknown}, {reason: KeysUnavailable, noDiscovery: true}, {reason: KeysUnavailable}, {reason: TokenSignature}, {reason: TokenExpired},
		{reason: TokenNotYetValid}, {reason: TokenAudience}, {reason: ScopeMissing},
	} {
		d := v.jwtDecision("token")
		fmt.Fprintf(page, "| `%s` | %d | `%s` | `%s` |\n", d.Reason, d.Status, d.Error(), d.Description)
	}
}
