package explain

import (
	"context"
	"net/http"
	"time"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/account"
)

// Case is one request that somebody asks about, and what is at hand to tell of it.
type Case struct {
	Request Request
	Located Located
	// Answer is what came back; nil when the request was not sent, for the reason NotSent.
	Answer  *Answer
	NotSent string
	// Account is where the API lives; nil when there are no credentials for it.
	Account Account
	// Now is the local clock when the request was sent; zero means the present.
	Now time.Time
}

// Request is what was asked.
type Request struct {
	// Method is the verb; URL is the whole address, as it was given.
	Method, URL string
	// Header holds what the client sends. Its values are never printed whole where they may be credentials.
	Header http.Header
	// BodyLength is the length of the payload in bytes; Body is the payload itself where it is at hand, up to 64 KiB of it.
	BodyLength int64
	Body       []byte
	// Given tells where the request came from: "curl", "url" or "token".
	Given string
}

// Kind is what kind of address a URL is.
type Kind string

// The kinds of addresses.
const (
	// ExecuteAPI is {api}.execute-api.{region}.amazonaws.com, or a host of a local server that says the same.
	ExecuteAPI Kind = "execute-api"
	// PathStyle is a local server's /_aws/execute-api/{api}/{stage}/….
	PathStyle Kind = "path"
	// CustomDomain is a host that may be a custom domain name of API Gateway.
	CustomDomain Kind = "domain"
	// NotAPIGateway is an address of something else.
	NotAPIGateway Kind = "other"
)

// Located is what the URL says of where the request goes. REST and HTTP APIs have the same addresses: which of both it is, the account tells.
type Located struct {
	Kind Kind
	// Host is the URL's, without its port.
	Host string
	// Region and API are those of the host or path; empty for a custom domain.
	Region, API string
	// Path is the escaped path behind what named the API, with its leading slash. The stage is its first segment, unless the API is an
	// HTTP API with the stage $default or Kind is CustomDomain.
	Path string
	// Local is true for an address of this machine: the server is poolgate, or stands for AWS as poolgate does.
	Local bool
	// Endpoint is the --endpoint-url that commands need; empty for AWS itself. Profile is the --profile; empty for the default.
	Endpoint, Profile string
}

// AnswerLimit is how much of an answer's body is looked at, in bytes.
const AnswerLimit = 64 << 10

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	// Body is at most AnswerLimit bytes.
	Body []byte
}

// Account reads what an account holds; *account.Reader does. Something that there is not is nil without an error; what may not be read
// is nil, too, and a gap. An error means that nothing could be asked at all.
type Account interface {
	// RESTAPI and HTTPAPI read an API by its id; with a stage only that stage is read, else all are.
	RESTAPI(ctx context.Context, id, stage string) (*account.RESTAPI, error)
	HTTPAPI(ctx context.Context, id, stage string) (*account.HTTPAPI, error)
	// Domain reads a custom domain name.
	Domain(ctx context.Context, host string) (*account.Domain, error)
	// Pool reads a user pool by its id, which names its region; Client one of its app clients by id; User one of its users.
	Pool(ctx context.Context, poolID string) (*account.Pool, error)
	Client(ctx context.Context, poolID, clientID string) (*cognito.UserPoolClientType, error)
	User(ctx context.Context, poolID, username string) (*account.User, error)
	// APIKey finds an API key by its value; Revoked tells whether a pool says of an access token that it was revoked.
	APIKey(ctx context.Context, value string) (*account.APIKey, error)
	Revoked(ctx context.Context, poolID, accessToken string) (bool, error)
	// FunctionPolicy reads the resource policy of a function; empty when it has none, or that could not be read.
	FunctionPolicy(ctx context.Context, arn string) (string, error)
	// Gaps are what could not be read until now.
	Gaps() []account.Gap
}
