package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go"
)

// APIKey is an API key that a request showed, without its value.
type APIKey struct {
	ID      string
	Enabled bool
	// Stages are those that the key's usage plans are for, as "API:STAGE"; Plans are the plans' ids.
	Stages, Plans []string
}

// APIKey finds the API key of a value; nil when there is none, or it could not be read, which is a gap then. The values of the other
// keys, which the service shows with it, are dropped as they are read.
func (r *Reader) APIKey(ctx context.Context, value string) (*APIKey, error) {
	if value == "" {
		return nil, nil
	}
	var found *APIKey
	limit := aws.Int32(pageSize)
	keys := r.gateway("GetApiKeys", "/apikeys")
	digest := sha256.Sum256([]byte(value))
	keys.page = "with the value " + hex.EncodeToString(digest[:])
	_, err := paged(ctx, r, keys, func(ctx context.Context, at *string) ([]types.ApiKey, *string, error) {
		out, err := r.rest.GetApiKeys(ctx, &sdk.GetApiKeysInput{IncludeValues: aws.Bool(true), Limit: limit, Position: at})
		return items(out, err, func() ([]types.ApiKey, *string) {
			for i := range out.Items {
				if subtle.ConstantTimeCompare([]byte(aws.ToString(out.Items[i].Value)), []byte(value)) == 1 {
					found = &APIKey{ID: aws.ToString(out.Items[i].Id), Enabled: out.Items[i].Enabled}
				}
				out.Items[i].Value = nil
			}
			return out.Items, out.Position
		})
	})
	if err != nil || found == nil {
		return nil, err
	}
	q := r.gateway("GetUsagePlans", "/usageplans")
	q.page = "of " + found.ID
	plans, err := paged(ctx, r, q, func(ctx context.Context, at *string) ([]types.UsagePlan, *string, error) {
		out, err := r.rest.GetUsagePlans(ctx, &sdk.GetUsagePlansInput{KeyId: &found.ID, Limit: limit, Position: at})
		return items(out, err, func() ([]types.UsagePlan, *string) { return out.Items, out.Position })
	})
	for _, plan := range plans {
		found.Plans = append(found.Plans, aws.ToString(plan.Id))
		for _, stage := range plan.ApiStages {
			found.Stages = append(found.Stages, aws.ToString(stage.ApiId)+":"+aws.ToString(stage.Stage))
		}
	}
	return found, err
}

// Revoked tells whether a pool says of an access token that it was revoked, or its user signed out everywhere. It asks GetUser, which
// takes tokens with the scope aws.cognito.signin.user.admin only; of others nothing is known, and they count as not revoked. Only the
// pool that issued the token may be asked.
func (r *Reader) Revoked(ctx context.Context, pool, accessToken string) (bool, error) {
	if !poolID.MatchString(pool) || accessToken == "" {
		return false, nil
	}
	bounded, cancel := context.WithTimeout(ctx, r.options.Budget)
	defer cancel()
	_, err := r.pools.GetUser(bounded, &cip.GetUserInput{AccessToken: &accessToken}, in(pool))
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	var said smithy.APIError
	return errors.As(err, &said) && said.ErrorCode() == "NotAuthorizedException" && strings.Contains(strings.ToLower(said.ErrorMessage()), "revoked"), nil
}

// issuer is what the tokens of a pool say issued them, by the pool's discovery document. Of a pool on AWS it follows from the id and
// nobody is asked: it is empty then, and where the document could not be fetched.
func (r *Reader) issuer(ctx context.Context, id string) (string, error) {
	place := strings.TrimSuffix(r.keysURL(id), "jwks.json") + "openid-configuration"
	if strings.Contains(place, ".amazonaws.com") {
		return "", nil
	}
	q := question{operation: "openid-configuration", permission: "GET " + place, public: true}
	answer, _, _, err := ask(ctx, r, q, func(ctx context.Context) (json.RawMessage, error) { return r.fetch(ctx, place) })
	var document struct{ Issuer string }
	if err != nil || json.Unmarshal(answer, &document) != nil {
		return "", err
	}
	return document.Issuer, nil
}
