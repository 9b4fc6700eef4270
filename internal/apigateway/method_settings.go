package apigateway

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// Defaults of a method's settings (recorded section 9).
const (
	defaultBurstLimit = 5000
	defaultRateLimit  = 10000
	defaultCacheTTL   = 300
	greatestCacheTTL  = 3600
)

// methodSettingRows are the rows /{resourcePath}/{httpMethod}/… of UpdateStage. The key under which a stage shows a
// method's settings is the path as it was sent, without its first slash: */* for all methods, ~1pets/GET (or
// pets/GET) for one.
func methodSettingRows() []patchRow[types.Stage] {
	rows := []patchRow[types.Stage]{
		{path: "/{}/{}", ops: ops(opRemove), apply: func(stage *types.Stage, p patch) error {
			key := strings.TrimPrefix(p.Path, "/")
			if _, exists := stage.MethodSettings[key]; !exists {
				return nothingToRemove(p)
			}
			delete(stage.MethodSettings, key)
			return nil
		}},
	}
	for name, set := range map[string]func(*types.MethodSetting, patch) error{
		"metrics/enabled":       settingFlag(func(m *types.MethodSetting) *bool { return &m.MetricsEnabled }),
		"logging/dataTrace":     settingFlag(func(m *types.MethodSetting) *bool { return &m.DataTraceEnabled }),
		"caching/enabled":       settingFlag(func(m *types.MethodSetting) *bool { return &m.CachingEnabled }),
		"caching/dataEncrypted": settingFlag(func(m *types.MethodSetting) *bool { return &m.CacheDataEncrypted }),
		"caching/requireAuthorizationForCacheControl": settingFlag(func(m *types.MethodSetting) *bool {
			return &m.RequireAuthorizationForCacheControl
		}),
		"logging/loglevel":                               setLogLevel,
		"throttling/burstLimit":                          setBurstLimit,
		"throttling/rateLimit":                           setRateLimit,
		"caching/ttlInSeconds":                           setCacheTTL,
		"caching/unauthorizedCacheControlHeaderStrategy": setHeaderStrategy,
	} {
		rows = append(rows, patchRow[types.Stage]{path: "/{}/{}/" + name, ops: ops(opReplace), apply: func(stage *types.Stage, p patch) error {
			return patchMethodSetting(stage, p, strings.TrimSuffix(strings.TrimPrefix(p.Path, "/"), "/"+name), set)
		}})
	}
	return rows
}

func patchMethodSetting(stage *types.Stage, p patch, key string, set func(*types.MethodSetting, patch) error) error {
	if _, verb, _ := strings.Cut(key, "/"); verb != "*" && !verbs[verb] {
		return badStagePath(p)
	}
	setting, exists := stage.MethodSettings[key]
	if !exists {
		setting = types.MethodSetting{
			ThrottlingBurstLimit: defaultBurstLimit, ThrottlingRateLimit: defaultRateLimit, CacheTtlInSeconds: defaultCacheTTL,
			RequireAuthorizationForCacheControl:    true,
			UnauthorizedCacheControlHeaderStrategy: types.UnauthorizedCacheControlHeaderStrategySucceedWithResponseHeader,
		}
	}
	if err := set(&setting, p); err != nil {
		return err
	}
	if stage.MethodSettings == nil {
		stage.MethodSettings = make(map[string]types.MethodSetting, 1)
	}
	stage.MethodSettings[key] = setting
	return nil
}

func settingFlag(field func(*types.MethodSetting) *bool) func(*types.MethodSetting, patch) error {
	return func(m *types.MethodSetting, p patch) error {
		*field(m) = p.flag()
		return nil
	}
}

// badSetting says which values a setting takes.
func badSetting(p patch, allowed string) error {
	return badRequest("Invalid value %s for method setting %s. %s", p.text(), p.Path, allowed)
}

func setLogLevel(m *types.MethodSetting, p patch) error {
	if !slices.Contains([]string{"OFF", "ERROR", "INFO"}, p.text()) {
		return badSetting(p, "Must be one of: [OFF, ERROR, INFO]")
	}
	m.LoggingLevel = aws.String(p.text())
	return nil
}

func setBurstLimit(m *types.MethodSetting, p patch) (err error) {
	m.ThrottlingBurstLimit, err = patchInt(p, -1, math.MaxInt32, badSetting(p, "Must be a whole number"))
	return err
}

// setRateLimit takes -1, too, by which Terraform says: not throttled.
func setRateLimit(m *types.MethodSetting, p patch) error {
	rate, err := strconv.ParseFloat(p.text(), 64)
	if err != nil || !(rate >= -1) || math.IsInf(rate, 0) {
		return badSetting(p, "Must be a number")
	}
	m.ThrottlingRateLimit = rate
	return nil
}

func setCacheTTL(m *types.MethodSetting, p patch) (err error) {
	m.CacheTtlInSeconds, err = patchInt(p, 0, greatestCacheTTL, badSetting(p, "Must be between 0 and 3600"))
	return err
}

func setHeaderStrategy(m *types.MethodSetting, p patch) error {
	strategy := types.UnauthorizedCacheControlHeaderStrategy(p.text())
	if !slices.Contains(strategy.Values(), strategy) {
		return badSetting(p, "Must be one of: [FAIL_WITH_403, SUCCEED_WITH_RESPONSE_HEADER, SUCCEED_WITHOUT_RESPONSE_HEADER]")
	}
	m.UnauthorizedCacheControlHeaderStrategy = strategy
	return nil
}
