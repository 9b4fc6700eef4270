package explain_test

import (
	"strings"
	"testing"

	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/explain"
)

// Credentials that there are not are told once and with what to do, not once for each call that they would have been for.
func TestMissingCredentialsAreOneLine(t *testing.T) {
	v := &explain.Verdict{Sentence: "The API could not be read.", Gaps: []account.Gap{
		{Operation: "apigateway:GetRestApi", Permission: "apigateway:GET on x", Kind: account.GapCredentials},
		{Operation: "apigateway:GetStage", Permission: "apigateway:GET on y", Kind: account.GapCredentials},
		{Operation: "apigateway:GetUsagePlans", Permission: "apigateway:GET on z", Kind: account.GapDenied},
	}}
	var out strings.Builder
	if err := explain.Write(&out, v, explain.Options{Width: 200}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if strings.Count(text, "credentials") != 1 || !strings.Contains(text, "aws configure") || strings.Contains(text, "GetRestApi") || !strings.Contains(text, "GetUsagePlans (apigateway:GET on z): denied") {
		t.Error(text)
	}
}
