// Package decision owns the record that the gateway writes once per request: who was asked, what was decided, why, and what
// would mend it. The log, the console and explain read it; its JSON shape is public and only ever grows.
package decision

import (
	"time"

	"github.com/poolgate/poolgate/authz"
)

// HTTP is the protocol of HTTP APIs, as their control plane names it.
const HTTP = "HTTP"

// Record is one gateway request and its answer. It never holds a whole token, a password or a secret.
type Record struct {
	// Version is the shape's, 1.
	Version int `json:"version"`
	// Protocol is HTTP for a request to an HTTP API; empty for one to a REST API.
	Protocol          string    `json:"protocol,omitempty"`
	RequestID         string    `json:"requestId"`
	ExtendedRequestID string    `json:"extendedRequestId"`
	Time              time.Time `json:"time"`
	// DurationMicros is the time from the request's first byte read to the answer's last written, in microseconds.
	DurationMicros int64  `json:"durationMicros"`
	SourceIP       string `json:"sourceIp"`

	Account string `json:"account"`
	Region  string `json:"region"`
	API     string `json:"api"`
	// Domain is the custom domain name that led to the API, if one did.
	Domain     string `json:"domain,omitempty"`
	Stage      string `json:"stage"`
	Deployment string `json:"deployment,omitempty"`
	// Method and Path are the request's, the path without the stage; Resource is the path template that matched.
	Method   string `json:"method"`
	Path     string `json:"path"`
	Resource string `json:"resource,omitempty"`
	// RouteKey is the key of an HTTP API's route; Resource and ResourceID are then its path and its id.
	RouteKey     string `json:"routeKey,omitempty"`
	ResourceID   string `json:"resourceId,omitempty"`
	Authorizer   string `json:"authorizer,omitempty"`
	AuthorizerID string `json:"authorizerId,omitempty"`
	// APIKeyID and UsagePlan are the ids of the API key that the request showed, if there is one, and of the plan that lets it in.
	APIKeyID  string `json:"apiKeyId,omitempty"`
	UsagePlan string `json:"usagePlan,omitempty"`
	// AuthorizationType is the method's; Scopes are its authorization scopes.
	AuthorizationType string   `json:"authorizationType,omitempty"`
	Scopes            []string `json:"scopes,omitempty"`

	Status  int  `json:"status"`
	Allowed bool `json:"allowed"`
	// RefusedBy is route, authorizer, policy, request or integration; empty when allowed.
	RefusedBy string `json:"refusedBy,omitempty"`
	// Reason is from authz's closed list; ResponseType the gateway response type that answered.
	Reason       authz.Reason `json:"reason,omitempty"`
	ResponseType string       `json:"responseType,omitempty"`
	// Sentence tells the reason to people where the closed list's own sentence does not fit the kind of API; empty means that it does.
	Sentence string `json:"sentence,omitempty"`
	// Saw, Expected and Mend explain the reason to people.
	Saw      string        `json:"saw,omitempty"`
	Expected string        `json:"expected,omitempty"`
	Mend     []string      `json:"mend,omitempty"`
	Checks   []authz.Check `json:"checks,omitempty"`
	// Warnings are codes of authz's second list.
	Warnings []authz.Warning `json:"warnings,omitempty"`
}
