package apigateway

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// apiKey is an API key at rest. Its value is a secret: sealed for whoever asks to see it, and found by a keyed digest,
// so that the database alone neither shows a value nor lets one be guessed.
type apiKey struct {
	SealedValue, Digest string
	// Key is without the value.
	Key wire.Document[types.ApiKey]
}

// apiKeys have their owner as their scope.
var apiKeys = store.Collection[apiKey]{
	Name: "apigateway.apikey", Version: 1,
	Keys: func(k *apiKey) []store.Key { return []store.Key{{Index: digestIndex, Value: k.Digest}} },
}

const digestIndex = "digest"

// APIKeyTopic is bumped when an account's API keys in a region change, so that no node goes on accepting a revoked one. Where few keys
// change at once the topic is that of their shard, which begins with this one and a slash.
func APIKeyTopic(account, region string) string { return "apikeys/" + owner(account, region) }

// Limits of an API key (recorded section 5).
const (
	apiKeyIDLength      = 10
	apiKeyValueLength   = 40
	leastAPIKeyValue    = 20
	greatestAPIKeyValue = 128
	greatestAPIKeyName  = 1024
	greatestAPIKeyText  = 125000
)

var (
	noAPIKey     = notFound("Invalid API Key identifier specified")
	apiKeyExists = conflict("API Key already exists")
)

// checkAPIKey checks what a user writes. The value is nil where it does not change.
func checkAPIKey(k *types.ApiKey) error {
	switch {
	case utf8.RuneCountInString(aws.ToString(k.Name)) > greatestAPIKeyName:
		return badRequest("Invalid API Key name, can be at most %d characters.", greatestAPIKeyName)
	case k.Value != nil && utf8.RuneCountInString(*k.Value) > greatestAPIKeyValue:
		return badRequest("API Key value exceeds maximum size of %d characters", greatestAPIKeyValue)
	case k.Value != nil && utf8.RuneCountInString(*k.Value) < leastAPIKeyValue:
		return badRequest("API Key value should be at least %d characters", leastAPIKeyValue)
	case utf8.RuneCountInString(aws.ToString(k.Description)) > greatestAPIKeyText:
		return badRequest("Invalid API Key description specified.")
	}
	return nil
}

// newAPIKey checks a key and gives it an id, and a value when it has none.
func (s *Service) newAPIKey(k *types.ApiKey) error {
	if err := checkAPIKey(k); err != nil {
		return err
	}
	id, err := s.newID(apiKeyIDLength)
	if err != nil {
		return err
	}
	k.Id = &id
	if k.Value == nil {
		value, err := s.newAPIKeyValue()
		if err != nil {
			return err
		}
		k.Value = &value
	}
	return nil
}

// newAPIKeyValue returns letters and digits, more than 230 bits' worth.
func (s *Service) newAPIKeyValue() (string, error) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	const even = 256 - 256%len(letters)
	var value strings.Builder
	buffer := make([]byte, apiKeyValueLength)
	for {
		if _, err := io.ReadFull(s.random, buffer); err != nil {
			return "", fault.Internal(err)
		}
		for _, b := range buffer {
			if int(b) >= even {
				continue
			}
			if value.WriteByte(letters[int(b)%len(letters)]); value.Len() == apiKeyValueLength {
				return value.String(), nil
			}
		}
	}
}

// insertAPIKey stores a new key that newAPIKey made. No two keys of an account and region have the same value. The caller bumps the
// key's topic.
func (s *Service) insertAPIKey(tx *store.Tx, call wire.Call, key types.ApiKey) error {
	stored := &apiKey{
		SealedValue: s.store.Seal(apiKeyPurpose(call, *key.Id), []byte(*key.Value)),
		Digest:      s.apiKeyDigest(ownerOf(call), *key.Value),
	}
	same, _, err := apiKeys.Find(tx, ownerOf(call), store.Key{Index: digestIndex, Value: stored.Digest}, store.Page{Limit: 1})
	switch {
	case err != nil:
		return err
	case len(same) > 0:
		return apiKeyExists.Becausef("the key %s has that value", same[0].ID)
	}
	key.Value = nil
	stored.Key.Value = key
	return apiKeys.Insert(tx, ownerOf(call), *key.Id, stored)
}

func apiKeyPurpose(call wire.Call, id string) string { return "api-key/" + ownerOf(call) + "/" + id }

func (s *Service) apiKeyDigest(scope, value string) string {
	return s.store.Digest("api-key/"+scope, []byte(value))
}

// valueOf opens a key's value.
func (s *Service) valueOf(call wire.Call, k *apiKey) (*string, error) {
	value, err := s.store.Unseal(apiKeyPurpose(call, *k.Key.Value.Id), k.SealedValue)
	if err != nil {
		return nil, fault.Internal(err)
	}
	return aws.String(string(value)), nil
}

// checkStageKey checks that "API/STAGE" names a stage of the caller.
func checkStageKey(tx *store.Tx, call wire.Call, stageKey string) error {
	apiID, stage, _ := strings.Cut(stageKey, "/")
	if err := mustHaveStage(tx, call, apiID, stage); err != nil {
		return missingInstead(err, badRequest("Invalid stage identifier specified"))
	}
	return nil
}

// mustHaveStage checks that the caller has the stage of the API.
func mustHaveStage(tx *store.Tx, call wire.Call, apiID, stage string) error {
	if _, err := findAPI(tx, call, apiID, noStage); err != nil {
		return err
	}
	_, err := get(tx, &stages, apiID, &stage, noStage)
	return err
}
