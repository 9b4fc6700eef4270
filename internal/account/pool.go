package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ClientsAtOnce is how many app clients of a pool Pool reads; describing each is a call.
const ClientsAtOnce = 60

// keysLimit bounds a pool's published keys, in bytes: there are two of some 500 each.
const keysLimit = 1 << 20

var poolID = regexp.MustCompile(`^[a-z0-9-]{1,55}_[0-9a-zA-Z]{1,55}$`)

// Pool reads a user pool by its id, in the region that the id names. It is nil when that is no pool's id, and when nothing of it could be
// read, which is a gap then; Gone when there is no such pool.
func (r *Reader) Pool(ctx context.Context, id string) (*Pool, error) {
	return r.pool(ctx, id, r.firstClients)
}

type clientsReader func(ctx context.Context, id string) (map[string]*types.UserPoolClientType, error)

func (r *Reader) pool(ctx context.Context, id string, clients clientsReader) (*Pool, error) {
	if !poolID.MatchString(id) {
		return nil, nil
	}
	region, _, _ := strings.Cut(id, "_")
	pool := &Pool{ID: id, Region: region}
	var described *types.UserPoolType
	var gone bool
	var wrong [6]error
	// All of it at once, because most pools that somebody asks about exist.
	together(
		func() { described, gone, wrong[0] = r.describePool(ctx, id) },
		func() { pool.Clients, wrong[1] = clients(ctx, id) },
		func() { pool.ResourceServers, wrong[2] = r.resourceServers(ctx, id) },
		func() { pool.Groups, wrong[3] = r.Groups(ctx, id) },
		func() { pool.JWKS, wrong[4] = r.keys(ctx, id) },
		func() { pool.Issuer, wrong[5] = r.issuer(ctx, id) },
	)
	if err := errors.Join(wrong[:]...); err != nil {
		return nil, err
	}
	pool.Gone = gone
	if described == nil && !gone && pool.JWKS == nil && len(pool.Clients) == 0 {
		return nil, nil
	}
	if pool.Pool = described; described != nil {
		pool.ARN = aws.ToString(described.Arn)
	}
	return pool, nil
}

// in makes the Cognito client ask the region of a pool.
func in(pool string) func(*cip.Options) {
	region, _, _ := strings.Cut(pool, "_")
	return func(o *cip.Options) { o.Region = region }
}

// cognito is a question to a pool.
func (r *Reader) cognito(ctx context.Context, operation, pool string) question {
	region, _, _ := strings.Cut(pool, "_")
	account := r.account(ctx)
	if account == "" {
		account = "*"
	}
	return question{
		operation:  "cognito-idp:" + operation,
		permission: fmt.Sprintf("cognito-idp:%s on arn:%s:cognito-idp:%s:%s:userpool/%s", operation, partition(region), region, account, pool),
	}
}

func (r *Reader) describePool(ctx context.Context, id string) (pool *types.UserPoolType, gone bool, err error) {
	answer, there, absent, err := ask(ctx, r, r.cognito(ctx, "DescribeUserPool", id), func(ctx context.Context) (*cip.DescribeUserPoolOutput, error) {
		out, err := r.pools.DescribeUserPool(ctx, &cip.DescribeUserPoolInput{UserPoolId: &id}, in(id))
		return about(out, err, func() *string {
			if out.UserPool == nil {
				return nil
			}
			return out.UserPool.Id
		}, id)
	})
	if !there || err != nil {
		return nil, absent, err
	}
	return answer.UserPool, false, nil
}

// firstClients reads the first app clients of a pool.
func (r *Reader) firstClients(ctx context.Context, id string) (map[string]*types.UserPoolClientType, error) {
	q := r.cognito(ctx, "ListUserPoolClients", id)
	answer, there, _, err := ask(ctx, r, q, func(ctx context.Context) (*cip.ListUserPoolClientsOutput, error) {
		return r.pools.ListUserPoolClients(ctx, &cip.ListUserPoolClientsInput{UserPoolId: &id, MaxResults: aws.Int32(ClientsAtOnce)}, in(id))
	})
	if !there || err != nil {
		return nil, err
	}
	if aws.ToString(answer.NextToken) != "" {
		r.gap(Gap{q.operation, q.permission, GapTooMuch, fmt.Sprintf("only the first %d app clients are read", len(answer.UserPoolClients))})
	}
	var ids []string
	for _, c := range answer.UserPoolClients {
		ids = append(ids, aws.ToString(c.ClientId))
	}
	return r.clientsOf(ctx, id, ids)
}

// clientsOf reads app clients by their ids.
func (r *Reader) clientsOf(ctx context.Context, pool string, ids []string) (map[string]*types.UserPoolClientType, error) {
	clients := make(map[string]*types.UserPoolClientType, len(ids))
	var mu sync.Mutex
	var failures []error
	var reads []func()
	for _, id := range ids {
		reads = append(reads, func() {
			c, err := r.Client(ctx, pool, id)
			mu.Lock()
			defer mu.Unlock()
			failures = append(failures, err)
			if c != nil {
				clients[id] = c
			}
		})
	}
	together(reads...)
	return clients, errors.Join(failures...)
}

// SecretDropped stands in the place of an app client's secret: that there is one decides how the client signs in.
const SecretDropped = "(dropped)"

// Client reads one app client of a pool; nil when there is none, or it could not be read, which is a gap then. Its secret, where it has
// one, is SecretDropped.
func (r *Reader) Client(ctx context.Context, pool, id string) (*types.UserPoolClientType, error) {
	if !poolID.MatchString(pool) || id == "" {
		return nil, nil
	}
	q := r.cognito(ctx, "DescribeUserPoolClient", pool)
	q.page = id
	answer, there, _, err := ask(ctx, r, q, func(ctx context.Context) (*cip.DescribeUserPoolClientOutput, error) {
		out, err := r.pools.DescribeUserPoolClient(ctx, &cip.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: &id}, in(pool))
		if err == nil && out.UserPoolClient != nil && out.UserPoolClient.ClientSecret != nil {
			out.UserPoolClient.ClientSecret = aws.String(SecretDropped)
		}
		return out, err
	})
	if !there || err != nil {
		return nil, err
	}
	return answer.UserPoolClient, nil
}

func (r *Reader) resourceServers(ctx context.Context, id string) ([]types.ResourceServerType, error) {
	return paged(ctx, r, r.cognito(ctx, "ListResourceServers", id), func(ctx context.Context, at *string) ([]types.ResourceServerType, *string, error) {
		out, err := r.pools.ListResourceServers(ctx, &cip.ListResourceServersInput{UserPoolId: &id, MaxResults: aws.Int32(50), NextToken: at}, in(id))
		return items(out, err, func() ([]types.ResourceServerType, *string) { return out.ResourceServers, out.NextToken })
	})
}

// Groups reads the groups of a pool.
func (r *Reader) Groups(ctx context.Context, id string) ([]types.GroupType, error) {
	return paged(ctx, r, r.cognito(ctx, "ListGroups", id), func(ctx context.Context, at *string) ([]types.GroupType, *string, error) {
		out, err := r.pools.ListGroups(ctx, &cip.ListGroupsInput{UserPoolId: &id, Limit: aws.Int32(60), NextToken: at}, in(id))
		return items(out, err, func() ([]types.GroupType, *string) { return out.Groups, out.NextToken })
	})
}

// User reads one user by username, or by what is an alias of it; nil when that could not be read, which is a gap then.
func (r *Reader) User(ctx context.Context, pool, username string) (*User, error) {
	if !poolID.MatchString(pool) || username == "" {
		return nil, nil
	}
	q := r.cognito(ctx, "AdminGetUser", pool)
	q.page = username
	answer, there, absent, err := ask(ctx, r, q, func(ctx context.Context) (*cip.AdminGetUserOutput, error) {
		return r.pools.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: &pool, Username: &username}, in(pool))
	})
	switch {
	case err != nil:
		return nil, err
	case absent:
		return &User{Username: username, Gone: true}, nil
	case !there:
		return nil, nil
	}
	return &User{Username: aws.ToString(answer.Username), Status: answer.UserStatus, Enabled: answer.Enabled}, nil
}

// keys fetches a pool's published keys, which need no credentials; nil when the pool has none, or they could not be fetched.
func (r *Reader) keys(ctx context.Context, id string) (json.RawMessage, error) {
	place := r.keysURL(id)
	q := question{operation: "jwks", permission: "GET " + place, public: true}
	answer, _, _, err := ask(ctx, r, q, func(ctx context.Context) (json.RawMessage, error) { return r.fetch(ctx, place) })
	return answer, err
}

// keysURL is where a pool publishes its keys: at the endpoint, or at the issuer's address on AWS (fact 4.1).
func (r *Reader) keysURL(id string) string {
	region, _, _ := strings.Cut(id, "_")
	base := r.options.EndpointURL
	if base == "" && r.config.BaseEndpoint != nil {
		base = *r.config.BaseEndpoint
	}
	if base == "" {
		base = "https://cognito-idp." + region + ".amazonaws.com"
		if partition(region) == "aws-cn" {
			base += ".cn"
		}
	}
	return strings.TrimSuffix(base, "/") + "/" + id + "/.well-known/jwks.json"
}

// fetch reads a public JSON document. What is none is answered like an answer of a service's that is none.
func (r *Reader) fetch(ctx context.Context, place string) (json.RawMessage, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, place, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := r.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, keysLimit))
	if err != nil {
		return nil, err
	}
	switch {
	case response.StatusCode == http.StatusNotFound || response.StatusCode == http.StatusBadRequest:
		return nil, errAbsent
	case response.StatusCode != http.StatusOK || !json.Valid(body):
		return nil, &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: response}, Err: errors.New("no key set")}
	}
	return body, nil
}
