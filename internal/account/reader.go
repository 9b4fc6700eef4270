package account

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// The limits of a Reader whose Options do not say otherwise.
const (
	defaultBudget   = 20 * time.Second
	defaultParallel = 6
	// defaultPatience bounds one answer, of at most mostBytes.
	defaultPatience = 15 * time.Second
)

// ErrNoRegion tells that nothing says which region to read.
var ErrNoRegion = errors.New("no region is configured")

// Options say what to read. The zero value reads the account of the SDK's normal credential chain in its normal region.
type Options struct {
	// EndpointURL is another server than AWS; empty means AWS, or what the SDK's own settings name.
	EndpointURL string
	// Region and Profile come before the SDK's settings when they are not empty.
	Region, Profile string
	// Transport carries the calls; nil means the network.
	Transport http.RoundTripper
	// Budget bounds one call with all its repetitions; zero means 20 seconds.
	Budget time.Duration
	// Parallel is how many calls may run at once; zero means 6.
	Parallel int
	// FirstDelay is what is waited before the first repetition, doubling after; zero means 200 milliseconds.
	FirstDelay time.Duration
}

// Reader reads one account in one region (a pool is read in the region that its id names). It is safe for concurrent use. Each thing
// is asked for once: a Reader sees an account as it was then.
type Reader struct {
	options Options
	config  aws.Config
	http    aws.HTTPClient
	// noCredentials is why there are none; nil when there are.
	noCredentials error

	rest    *apigateway.Client
	v2      *apigatewayv2.Client
	pools   *cip.Client
	lambdas *lambda.Client
	sts     *sts.Client

	slots chan struct{}
	mu    sync.Mutex
	asked map[string]*asked
	gaps  []Gap
	// gaveUp tells that the last question was throttled until its time was used up.
	gaveUp atomic.Bool
}

// Open makes a Reader. Credentials that there are not are no error: everything is a gap then. The error is ErrNoRegion, one of the
// SDK's configuration (a profile that does not exist), or of the endpoint's URL.
func Open(ctx context.Context, options Options) (*Reader, error) {
	if options.EndpointURL != "" {
		u, err := url.Parse(options.EndpointURL)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
			return nil, fmt.Errorf("%q is not an endpoint's URL", withoutUser(options.EndpointURL))
		}
	}
	options = options.withDefaults()
	r := &Reader{options: options, slots: make(chan struct{}, options.Parallel), asked: map[string]*asked{}}
	settings := []func(*config.LoadOptions) error{
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(defaultPatience)),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
		config.WithLogger(logging.Nop{}), // what it would print stands between the lines of an answer
	}
	if options.Region != "" {
		settings = append(settings, config.WithRegion(options.Region))
	}
	if options.Profile != "" {
		settings = append(settings, config.WithSharedConfigProfile(options.Profile))
	}
	local := isLocal(options.EndpointURL)
	if local { // a server of this machine: nobody asks the machine's cloud who it is
		settings = append(settings, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	loaded, err := config.LoadDefaultConfig(ctx, settings...)
	if err != nil {
		return nil, err
	}
	if loaded.Region == "" {
		return nil, ErrNoRegion
	}
	r.http = bounded{Unredirected(loaded.HTTPClient, options.Transport, defaultPatience)}
	loaded.HTTPClient = r.http
	r.config = loaded
	r.credentials(ctx, local)
	r.clients()
	return r, nil
}

// Unredirected is a client of the SDK's that stays with the host that it asks: a signature, a session's token and a password are for
// that one. transport, when it is not nil, takes the place of the client's own, which knows the authority of AWS_CA_BUNDLE.
func Unredirected(client aws.HTTPClient, transport http.RoundTripper, patience time.Duration) aws.HTTPClient {
	if own, ok := client.(*awshttp.BuildableClient); ok && transport == nil {
		transport = own.GetTransport()
	}
	if transport == nil {
		return client
	}
	return &http.Client{Transport: transport, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

func (o Options) withDefaults() Options {
	if o.Budget == 0 {
		o.Budget = defaultBudget
	}
	if o.Parallel == 0 {
		o.Parallel = defaultParallel
	}
	if o.FirstDelay == 0 {
		o.FirstDelay = 200 * time.Millisecond
	}
	return o
}

// credentials finds out whether there are any, once, before anything is asked. A local server that is given no access keys takes
// any, so that none need be configured to ask it.
func (r *Reader) credentials(ctx context.Context, local bool) {
	ctx, cancel := context.WithTimeout(ctx, r.options.Budget)
	defer cancel()
	if r.config.Credentials != nil {
		_, r.noCredentials = r.config.Credentials.Retrieve(ctx)
	} else {
		r.noCredentials = errors.New("no credentials are configured")
	}
	if r.noCredentials != nil && local {
		r.config.Credentials, r.noCredentials = credentials.NewStaticCredentialsProvider("test", "test", ""), nil
	}
}

func (r *Reader) clients() {
	var endpoint *string
	if r.options.EndpointURL != "" {
		endpoint = &r.options.EndpointURL
	}
	r.rest = apigateway.NewFromConfig(r.config, func(o *apigateway.Options) { set(&o.BaseEndpoint, endpoint) })
	r.v2 = apigatewayv2.NewFromConfig(r.config, func(o *apigatewayv2.Options) { set(&o.BaseEndpoint, endpoint) })
	r.pools = cip.NewFromConfig(r.config, func(o *cip.Options) { set(&o.BaseEndpoint, endpoint) })
	r.lambdas = lambda.NewFromConfig(r.config, func(o *lambda.Options) { set(&o.BaseEndpoint, endpoint) })
	r.sts = sts.NewFromConfig(r.config, func(o *sts.Options) { set(&o.BaseEndpoint, endpoint) })
}

// set replaces what the SDK's settings say, where the options say something.
func set[T any](member **T, said *T) {
	if said != nil {
		*member = said
	}
}

// Region is the region that is read.
func (r *Reader) Region() string { return r.config.Region }

// Gaps are what could not be read until now, each once, in the order of their operations.
func (r *Reader) Gaps() []Gap {
	r.mu.Lock()
	defer r.mu.Unlock()
	return sortedGaps(r.gaps)
}

func (r *Reader) gap(g Gap) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gaps = append(r.gaps, g)
}

// isLocal tells whether a URL is of this machine.
func isLocal(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// withoutUser is a URL's text without what may be a password.
func withoutUser(text string) string {
	if u, err := url.Parse(text); err == nil {
		return u.Redacted()
	}
	return "what was given"
}

// together runs functions at once and waits for all of them.
func together(functions ...func()) {
	var wait sync.WaitGroup
	for _, f := range functions {
		wait.Go(f)
	}
	wait.Wait()
}
