package gateway

import (
	"context"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/apigateway"
)

// Keys knows API keys and usage plans, and keeps what was used of them; *apigateway.Service does.
type Keys interface {
	// APIKeyDigest is what an API key's value is found by.
	APIKeyDigest(account, region, value string) string
	// KeysOfShard returns the API keys of a shard of digests.
	KeysOfShard(ctx context.Context, account, region, shard string) (map[string]apigateway.KeyUse, error)
	// UsagePlansOf returns all usage plans.
	UsagePlansOf(ctx context.Context, account, region string) ([]types.UsagePlan, error)
	// CountUsage adds what was used, and returns what was used of each period in all.
	CountUsage(ctx context.Context, counts []apigateway.UsageCount) ([]int64, error)
}

// keyShards is how many shards of digests there are: two characters of base64 name one.
const keyShards = 64 * 64

// keyOwner holds the API keys and usage plans of an account in a region as requests need them. Every shard of keys is read once and
// kept until one of its keys changes. So a known key costs no look into the database, a million different unknown ones cost at most one
// for each shard, and memory grows with the keys that exist, never with those that are tried.
type keyOwner struct {
	// name is account and region, as in topics.
	name, account, region string
	keys                  Keys
	shards                [keyShards]fresh[keyTable]
	plans                 fresh[map[string]*keyPlan]
}

// key finds the API key of a value; nil when there is none.
func (o *keyOwner) key(ctx context.Context, value string) (*apigateway.KeyUse, error) {
	if len(value) > mostOfKey {
		return nil, nil
	}
	digest := o.keys.APIKeyDigest(o.account, o.region, value)
	shard := apigateway.APIKeyShard(digest)
	at := shardNumber(shard)
	if at < 0 {
		return nil, nil
	}
	table, err := o.shards[at].get(ctx, func(ctx context.Context) (*keyTable, error) {
		found, err := o.keys.KeysOfShard(ctx, o.account, o.region, shard)
		if err != nil {
			return nil, err
		}
		table := make(keyTable, len(found))
		for digest, key := range found {
			table[digest] = &key
		}
		return &table, nil
	})
	if err != nil {
		return nil, err
	}
	return (*table)[digest], nil
}

// keyTable are API keys by their digests.
type keyTable map[string]*apigateway.KeyUse

// mostOfKey is the longest value that is looked for, in bytes: 128 characters (recorded section 5), each of up to four bytes.
const mostOfKey = 4 * 128

// shardNumber is the place of a shard by its two characters of base64url; negative for what is none.
func shardNumber(shard string) int {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(shard) != 2 {
		return -1
	}
	high, low := strings.IndexByte(alphabet, shard[0]), strings.IndexByte(alphabet, shard[1])
	if high < 0 || low < 0 {
		return -1
	}
	return 64*high + low
}

// changed forgets the shard that a topic names behind the owner, or all of them when it names none.
func (o *keyOwner) changed(shard string) {
	if at := shardNumber(shard); at >= 0 {
		o.shards[at].forget()
		return
	}
	for i := range o.shards {
		o.shards[i].forget()
	}
}

// keyOwners are the accounts whose APIs are served here and ask for keys.
type keyOwners struct {
	mu     sync.Mutex
	byName map[string]*keyOwner
}

// of finds or makes an owner. There are as many as accounts and regions with APIs that ask for keys.
func (k *keyOwners) of(keys Keys, account, region string) *keyOwner {
	name := account + "/" + region
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byName == nil {
		k.byName = make(map[string]*keyOwner)
	}
	o := k.byName[name]
	if o == nil {
		o = &keyOwner{name: name, account: account, region: region, keys: keys}
		k.byName[name] = o
	}
	return o
}

// find finds the owner that the rest of a topic begins with, and what follows it.
func (k *keyOwners) find(rest string) (o *keyOwner, after string) {
	account, rest, _ := strings.Cut(rest, "/")
	region, after, _ := strings.Cut(rest, "/")
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.byName[account+"/"+region], after
}
