package gateway

import (
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/apigateway"
)

// methodCaching is how a stage caches a method's answers.
type methodCaching struct {
	ttl time.Duration
	// onlyGet tells that the method answers other verbs too, which are not cached.
	onlyGet bool
	// name is the part of the key that is the same for all requests; parameters are the others.
	name       string
	parameters []cacheParameter
	// strict tells that not everybody may ask for a fresh answer, strategy what is done with who may not.
	strict   bool
	strategy types.UnauthorizedCacheControlHeaderStrategy
}

// cacheParameter is a part of the request that makes another answer.
type cacheParameter struct{ place, name string }

// cache compiles what a stage caches: its settings are its own and act at once, the cache keys are the deployment's. A setting for all
// methods is for GET alone; other verbs are cached where they have a setting of their own (guide, "Cache settings for REST APIs").
func cache(plan *stagePlan, p *apigateway.Published, settings stageSettings) {
	if !p.Stage.CacheClusterEnabled {
		return
	}
	for i := range p.Snapshot.Resources {
		doc := &p.Snapshot.Resources[i].Value
		resource := plan.resources[aws.ToString(doc.Id)]
		if resource == nil {
			continue
		}
		for verb, method := range resource.methods {
			setting, exists := settings.of(resource.path, verb)
			_, own := settings[resource.path+"/"+verb]
			if !exists || !setting.CachingEnabled || setting.CacheTtlInSeconds <= 0 || !own && verb != http.MethodGet && verb != anyVerb {
				continue
			}
			documented := doc.ResourceMethods[verb]
			method.caching = cachingOf(setting, documented.MethodIntegration, verb)
			method.caching.onlyGet = !own && verb == anyVerb
		}
	}
}

func cachingOf(setting types.MethodSetting, integration *types.Integration, verb string) *methodCaching {
	c := &methodCaching{
		ttl: time.Duration(setting.CacheTtlInSeconds) * time.Second, strict: setting.RequireAuthorizationForCacheControl,
		strategy: setting.UnauthorizedCacheControlHeaderStrategy, name: verb,
	}
	if integration == nil {
		return c
	}
	c.name += " " + aws.ToString(integration.CacheNamespace)
	for _, key := range integration.CacheKeyParameters {
		if mapped, is := integration.RequestParameters[key]; is {
			key = mapped // integration.request.… names what is mapped there
		}
		place, name, ok := strings.Cut(strings.TrimPrefix(key, "method.request."), ".")
		if ok && strings.HasPrefix(key, "method.request.") {
			c.parameters = append(c.parameters, cacheParameter{strings.TrimPrefix(place, "multivalue"), name})
		}
	}
	return c
}
