package lambda

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// The collections. A function's scope is its account and region; what belongs to a function has the function as its scope.
var (
	functions = store.Collection[function]{Name: "lambda.function", Version: 1, Keys: func(f *function) []store.Key {
		return f.urlKeys()
	}}
	versions = store.Collection[revision]{Name: "lambda.version", Version: 1}
	aliases  = store.Collection[wire.Document[types.AliasConfiguration]]{Name: "lambda.alias", Version: 1}
	layers   = store.Collection[layer]{Name: "lambda.layer", Version: 1}
	// layerVersions have the layer as their scope.
	layerVersions = store.Collection[layerVersion]{Name: "lambda.layerversion", Version: 1}
	// codes are archives by the SHA-256 of their bytes, in pieces; codeUses tell who still needs one.
	codes    = store.Collection[codePiece]{Name: "lambda.code", Version: 1}
	codeUses = store.Collection[codeUse]{Name: "lambda.codeuse", Version: 1}
	// keptEvents are those that run without a caller; eventNodes are the nodes that run them, while they live.
	keptEvents = store.Collection[event]{Name: "lambda.event", Version: 1, Keys: func(e *event) []store.Key {
		return []store.Key{{Index: byNode, Value: e.Node}}
	}}
	eventNodes = store.Collection[eventNode]{Name: "lambda.eventnode", Version: 1}
)

// function is a function with what is not of one version.
type function struct {
	Account, Region string
	Latest          revision
	// LastVersion is the number that was published last; numbers are never used again.
	LastVersion int64
	Reserved    *int32            `json:",omitempty"`
	Tags        map[string]string `json:",omitempty"`
	// Policies, EventInvoke and URLs are by qualifier; empty is the function without one.
	Policies    map[string]*policy                                        `json:",omitempty"`
	EventInvoke map[string]wire.Document[types.FunctionEventInvokeConfig] `json:",omitempty"`
	URLs        map[string]wire.Document[types.FunctionUrlConfig]         `json:",omitempty"`
}

// revision is a function at one version.
type revision struct {
	Configuration wire.Document[types.FunctionConfiguration]
	// Environment is sealed: people keep secrets there.
	Environment string `json:",omitempty"`
	// Code is the SHA-256 of the archive, in hexadecimal; empty where the code is a local directory only.
	Code string `json:",omitempty"`
}

const environmentPurpose = "lambda environment"

func (s *Service) seal(variables map[string]string) (string, error) {
	if variables == nil {
		return "", nil
	}
	text, err := json.Marshal(variables)
	if err != nil {
		return "", err
	}
	return s.store.Seal(environmentPurpose, text), nil
}

func (s *Service) unseal(r *revision) (map[string]string, error) {
	if r.Environment == "" {
		return nil, nil
	}
	text, err := s.store.Unseal(environmentPurpose, r.Environment)
	if err != nil {
		return nil, err
	}
	var variables map[string]string
	return variables, json.Unmarshal(text, &variables)
}

// shown is a revision as AWS shows it, named as it was asked for.
func (s *Service) shown(r *revision, as reference) (types.FunctionConfiguration, error) {
	c := r.Configuration.Value
	variables, err := s.unseal(r)
	if err != nil {
		return c, err
	}
	if variables != nil {
		c.Environment = &types.EnvironmentResponse{Variables: variables}
	}
	arn := as.arn()
	c.FunctionArn = &arn
	return c, nil
}

// findFunction reads a function. One that only lives in a local directory is as good as stored.
func (s *Service) findFunction(tx *store.Tx, r reference) (*function, error) {
	f, err := functions.Get(tx, r.place(), r.name)
	if !errors.Is(err, store.ErrNotFound) {
		return f, err
	}
	if l := s.local[r.name]; l != nil {
		return l.document(r), nil
	}
	return nil, noFunction(r)
}

// findRevision reads what a qualifier names: the latest, a version, or what an alias points to.
func (s *Service) findRevision(tx *store.Tx, f *function, r reference) (*revision, error) {
	version := r.qualifier
	if version != "" && version != latest && !isVersion(version) {
		alias, err := aliases.Get(tx, r.owner(), version)
		if errors.Is(err, store.ErrNotFound) {
			return nil, noFunction(r)
		}
		if err != nil {
			return nil, err
		}
		version = *alias.Value.FunctionVersion
	}
	if version == "" || version == latest {
		return &f.Latest, nil
	}
	found, err := versions.Get(tx, r.owner(), versionID(version))
	if errors.Is(err, store.ErrNotFound) {
		return nil, noFunction(r)
	}
	return found, err
}

// versionID makes ids that sort as numbers do.
func versionID(version string) string { return fmt.Sprintf("%018s", version) }

// put stores a function and tells who knows it.
func (s *Service) put(tx *store.Tx, f *function, r reference, runs bool) error {
	tx.Bump(topicDocument + r.owner())
	if runs {
		tx.Bump(topicRunning + r.owner())
	}
	return functions.Put(tx, r.place(), r.name, f)
}

// answer makes an operation's output of an entity.
func answer[Out, Entity any](entity Entity) *Out { return wire.Reshape[Out](entity) }
