package gateway_test

import (
	"strings"
	"testing"
)

func TestARefusalTellsWhatThereIsInstead(t *testing.T) {
	for _, test := range []struct {
		name, path, verb string
		expected         []string
		mend             string
	}{
		{"a path that leads nowhere is told the deployed methods", "/prod/nowhere", "GET",
			[]string{"one of the deployed methods: ", "GET /scoped"}, "aws apigateway get-resources --rest-api-id " + apiID},
		{"a verb that the resource lacks is told the resource's own first", "/prod/scoped", "DELETE",
			[]string{"one of the deployed methods: GET /scoped"}, "aws apigateway get-resources --rest-api-id " + apiID},
		{"a stage that is not there is told the stages", "/production/scoped", "GET",
			[]string{"one of the API's stages: ", "prod"}, "aws apigateway get-stages --rest-api-id " + apiID},
		{"a request without a token is told the header", "/prod/scoped", "GET",
			[]string{"a token in the header Authorization"}, "curl -H 'Authorization: TOKEN' URL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, protected(), nil)
			got := send(t, w, test.verb, test.path)
			record := waitForRecord(t, w, got.Header.Get("x-amzn-RequestId"))
			for _, part := range test.expected {
				if !strings.Contains(record.Expected, part) {
					t.Errorf("expected %q, without %q", record.Expected, part)
				}
			}
			if mends := strings.Join(record.Mend, "\n"); !strings.Contains(mends, test.mend) {
				t.Errorf("the mends do not say %q:\n%s", test.mend, mends)
			}
		})
	}
}
