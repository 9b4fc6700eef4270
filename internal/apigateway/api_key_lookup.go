package apigateway

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// apiKeyShardLength is how much of a digest names a shard: 4,096 of them, each a stretch of keys that is read at once, and dropped at
// once when one of its keys changes.
const apiKeyShardLength = 2

// APIKeyShard is the shard of a digest.
func APIKeyShard(digest string) string { return digest[:min(apiKeyShardLength, len(digest))] }

// apiKeyShardTopic is bumped when a key of a shard, or the usage plans that it is in, change. It begins with APIKeyTopic.
func apiKeyShardTopic(call wire.Call, digest string) string {
	return APIKeyTopic(call.Account, call.Region) + "/" + APIKeyShard(digest)
}

// KeyUse is an API key as far as requests are concerned.
type KeyUse struct {
	ID      string
	Enabled bool
	// Plans are the ids of the usage plans that the key is in.
	Plans []string
}

// APIKeyDigest is what an API key's value is found by. It tells nothing about the value to whoever lacks this server's seal key.
func (s *Service) APIKeyDigest(account, region, value string) string {
	return s.apiKeyDigest(owner(account, region), value)
}

// KeysOfShard returns the API keys of a shard by their digests. What it returns holds until a topic is bumped that is
// APIKeyTopic of the account and region, alone or followed by a slash and the shard.
func (s *Service) KeysOfShard(ctx context.Context, account, region, shard string) (map[string]KeyUse, error) {
	call := wire.Call{Account: account, Region: region}
	var keys map[string]KeyUse
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, _, err := apiKeys.FindPrefix(tx, ownerOf(call), store.Key{Index: digestIndex, Value: shard}, store.Page{})
		if err != nil {
			return err
		}
		keys = make(map[string]KeyUse, len(found))
		for _, f := range found {
			use := KeyUse{ID: f.ID, Enabled: f.Value.Key.Value.Enabled}
			err := plansOfKey(tx, call, f.ID).each(func(member store.Found[planKey]) error {
				use.Plans = append(use.Plans, member.Value.PlanID)
				return nil
			})
			if err != nil {
				return err
			}
			keys[f.Value.Digest] = use
		}
		return nil
	})
	return keys, err
}

// UsagePlansOf returns the usage plans of an account in a region. What it returns holds until UsagePlanTopic is bumped.
func (s *Service) UsagePlansOf(ctx context.Context, account, region string) ([]types.UsagePlan, error) {
	var plans []types.UsagePlan
	err := s.store.View(ctx, func(tx *store.Tx) (err error) {
		plans, err = all(tx, &usagePlans, owner(account, region))
		return err
	})
	return plans, err
}
