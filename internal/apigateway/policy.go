package apigateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	documents "github.com/poolgate/poolgate/internal/policy"
)

var (
	policyEscapes   = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `/`, `\/`)
	policyUnescapes = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\/`, `/`)
)

// escapePolicy makes of a resource policy what AWS keeps and gives back: the JSON without white space, escaped once
// more as if inside a JSON string. Clients (Terraform among them) unescape it. An empty policy is none.
func escapePolicy(policy *string) (*string, error) {
	plain, err := compactPolicy(policy)
	if plain == nil {
		return nil, err
	}
	if _, err := documents.ParseResource([]byte(*plain), documents.API{}); err != nil {
		return nil, invalidPolicy(err)
	}
	return aws.String(policyEscapes.Replace(*plain)), nil
}

// compactPolicy is the JSON without white space, as custom domain names keep it: their policies are not escaped.
func compactPolicy(policy *string) (*string, error) {
	text := strings.TrimSpace(aws.ToString(policy))
	if text == "" {
		return nil, nil
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil || text[0] != '{' {
		return nil, invalidPolicy(errors.New("the policy is not a JSON object"))
	}
	return aws.String(compact.String()), nil
}

// invalidPolicy is the answer to every policy that cannot be read; where it cannot, only the log is told.
func invalidPolicy(cause error) error {
	return badRequest("Invalid policy document. Please check the policy syntax and ensure that Principals are valid.").Because(cause)
}

// PolicyText is the JSON of an API's resource policy, unescaped; empty when there is none.
func PolicyText(policy *string) string { return policyUnescapes.Replace(aws.ToString(policy)) }
