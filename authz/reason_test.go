package authz

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/reasons.md anew")

func TestReasonsPage(t *testing.T) {
	file := filepath.Join("..", "docs", "reasons.md")
	want := ReasonsMarkdown()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/reasons.md does not tell what the code does; run go test ./authz -run TestReasonsPage -update (-want +got):\n%s", diff)
	}
}

// TestReasonsAreTheDesignsList compares the list with the one that was agreed: codes are public and never go away.
func TestReasonsAreTheDesignsList(t *testing.T) {
	agreed := map[RefusedBy]string{
		ByAuthorizer: `identity_source_missing token_malformed token_algorithm token_key_unknown token_signature token_issuer token_expired token_not_yet_valid
			token_use_id_expected token_use_access_expected token_audience scope_missing token_is_refresh_token keys_unavailable pool_not_found
			authorizer_denied authorizer_denied_explicitly authorizer_unauthorized authorizer_failed authorizer_misconfigured
			identity_source_invalid`,
		ByRoute:       `route_not_found route_not_found_signature_expected stage_not_found domain_mapping_missing endpoint_disabled private_api waf_blocked`,
		ByPolicy:      `resource_policy_denied iam_denied signature_missing signature_invalid signature_expired access_key_unknown api_key_missing api_key_invalid throttled quota_exceeded`,
		ByRequest:     `parameters_missing body_invalid media_type_unsupported body_too_large uri_too_long`,
		ByIntegration: `integration_failed integration_timeout function_permission_missing function_answer_malformed integration_refused`,
	}
	want := map[Reason]RefusedBy{}
	for by, codes := range agreed {
		for code := range strings.FieldsSeq(codes) {
			want[Reason(code)] = by
		}
	}
	got := map[Reason]RefusedBy{}
	for _, info := range Reasons() {
		if _, twice := got[info.Code]; twice {
			t.Errorf("%s is listed twice", info.Code)
		}
		got[info.Code] = info.RefusedBy
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryReasonIsComplete(t *testing.T) {
	// The types and their default statuses, fact 1.1.
	statuses := map[string]int{"ACCESS_DENIED": 403, "API_CONFIGURATION_ERROR": 500, "AUTHORIZER_CONFIGURATION_ERROR": 500, "AUTHORIZER_FAILURE": 500,
		"BAD_REQUEST_PARAMETERS": 400, "BAD_REQUEST_BODY": 400, "EXPIRED_TOKEN": 403, "INTEGRATION_FAILURE": 504, "INTEGRATION_TIMEOUT": 504, "INVALID_API_KEY": 403,
		"INVALID_SIGNATURE": 403, "MISSING_AUTHENTICATION_TOKEN": 403, "QUOTA_EXCEEDED": 429, "REQUEST_TOO_LARGE": 413, "RESOURCE_NOT_FOUND": 404,
		"THROTTLED": 429, "UNAUTHORIZED": 401, "UNSUPPORTED_MEDIA_TYPE": 415, "WAF_FILTERED": 403}
	sentence := regexp.MustCompile(`^[A-Z].*\.$`)
	for _, info := range Reasons() {
		if info.ResponseType != "" {
			status, known := statuses[info.ResponseType]
			if !known {
				t.Errorf("%s: there is no gateway response type %s", info.Code, info.ResponseType)
			}
			// A function's malformed answer has a status of its own (fact 1.10).
			if info.Status != status && info.Code != FunctionAnswerMalformed {
				t.Errorf("%s: status %d, the default of %s is %d", info.Code, info.Status, info.ResponseType, status)
			}
		}
		if !sentence.MatchString(info.Sentence) || len(info.Mend) == 0 {
			t.Errorf("%s: no sentence or nothing that mends it", info.Code)
		}
		if diff := cmp.Diff(info, info.Code.Info()); diff != "" {
			t.Errorf("%s: Info is not the list's: %s", info.Code, diff)
		}
	}
	seen := map[Warning]bool{}
	for _, info := range Warnings() {
		if !sentence.MatchString(info.Sentence) || seen[info.Code] || info.Code.Info().Sentence != info.Sentence {
			t.Errorf("%s: no sentence, or listed twice", info.Code)
		}
		seen[info.Code] = true
	}
}

func TestListsBelongToTheCaller(t *testing.T) {
	Reasons()[0].Mend[0] = "changed"
	IdentitySourceMissing.Info().Mend[0] = "changed"
	Warnings()[0].Mend[0] = "changed"
	if Reasons()[0].Mend[0] == "changed" || Warnings()[0].Mend[0] == "changed" {
		t.Error("a caller changed the list")
	}
	if diff := cmp.Diff(ReasonInfo{}, Reason("no_such").Info()); diff != "" {
		t.Error(diff)
	}
}
