package account

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// mostUserPages bounds how many users of a pool are read, at 60 a page: 60,000. Beyond that is a gap.
const mostUserPages = 1000

// mostClientPages bounds how many app clients are read: more than AWS's quota of 10,000.
const mostClientPages = 200

// WholePool is all of a pool, for whoever copies it.
type WholePool struct {
	Pool
	// MFA is nil when it could not be read.
	MFA     *cip.GetUserPoolMfaConfigOutput
	Domains []types.DomainDescriptionType
	// AllClients are by their ids, their secrets SecretDropped.
	AllClients []types.UserPoolClientType
	// Members are the usernames in each group, in order. Users are by their usernames.
	Members map[string][]string
	Users   []types.UserType
}

// WholePool reads all of a pool, as Pool reads what is asked about most.
func (r *Reader) WholePool(ctx context.Context, id string) (*WholePool, error) {
	none := func(context.Context, string) (map[string]*types.UserPoolClientType, error) { return nil, nil }
	pool, err := r.pool(ctx, id, none)
	if pool == nil || err != nil {
		return nil, err
	}
	whole := &WholePool{Pool: *pool, Members: map[string][]string{}}
	if pool.Gone || pool.Pool == nil {
		return whole, nil
	}
	for _, step := range []func() error{
		func() (err error) { whole.MFA, err = r.mfa(ctx, id); return err },
		func() error { return r.domains(ctx, whole) },
		func() error { return r.allClients(ctx, whole) },
		func() error { return r.members(ctx, whole) },
		func() error { return r.users(ctx, whole) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return whole, nil
}

func (r *Reader) mfa(ctx context.Context, id string) (*cip.GetUserPoolMfaConfigOutput, error) {
	answer, _, _, err := ask(ctx, r, r.cognito(ctx, "GetUserPoolMfaConfig", id), func(ctx context.Context) (*cip.GetUserPoolMfaConfigOutput, error) {
		return r.pools.GetUserPoolMfaConfig(ctx, &cip.GetUserPoolMfaConfigInput{UserPoolId: &id}, in(id))
	})
	return answer, err
}

// domains reads the pool's domains, which its description names.
func (r *Reader) domains(ctx context.Context, whole *WholePool) error {
	for _, name := range []*string{whole.Pool.Pool.Domain, whole.Pool.Pool.CustomDomain} {
		if aws.ToString(name) == "" {
			continue
		}
		q := question{operation: "cognito-idp:DescribeUserPoolDomain", permission: "cognito-idp:DescribeUserPoolDomain on *", page: *name}
		answer, there, _, err := ask(ctx, r, q, func(ctx context.Context) (*cip.DescribeUserPoolDomainOutput, error) {
			return r.pools.DescribeUserPoolDomain(ctx, &cip.DescribeUserPoolDomainInput{Domain: name}, in(whole.ID))
		})
		if err != nil {
			return err
		}
		if there && answer.DomainDescription != nil && aws.ToString(answer.DomainDescription.Domain) != "" {
			whole.Domains = append(whole.Domains, *answer.DomainDescription)
		}
	}
	return nil
}

// allClients reads every app client: their ids page by page, then each.
func (r *Reader) allClients(ctx context.Context, whole *WholePool) error {
	q := r.cognito(ctx, "ListUserPoolClients", whole.ID)
	q.page, q.pages = "all", mostClientPages
	list, err := paged(ctx, r, q, func(ctx context.Context, at *string) ([]types.UserPoolClientDescription, *string, error) {
		out, err := r.pools.ListUserPoolClients(ctx, &cip.ListUserPoolClientsInput{UserPoolId: &whole.ID, MaxResults: aws.Int32(ClientsAtOnce), NextToken: at}, in(whole.ID))
		return items(out, err, func() ([]types.UserPoolClientDescription, *string) { return out.UserPoolClients, out.NextToken })
	})
	if err != nil {
		return err
	}
	var ids []string
	for _, c := range list {
		ids = append(ids, aws.ToString(c.ClientId))
	}
	clients, err := r.clientsOf(ctx, whole.ID, ids)
	for _, c := range clients {
		whole.AllClients = append(whole.AllClients, *c)
	}
	slices.SortFunc(whole.AllClients, func(a, b types.UserPoolClientType) int { return strings.Compare(*a.ClientId, *b.ClientId) })
	return err
}

func (r *Reader) members(ctx context.Context, whole *WholePool) error {
	for _, group := range whole.Groups {
		name := aws.ToString(group.GroupName)
		q := r.cognito(ctx, "ListUsersInGroup", whole.ID)
		q.page, q.pages = name+"\x00", mostUserPages
		users, err := paged(ctx, r, q, func(ctx context.Context, at *string) ([]types.UserType, *string, error) {
			out, err := r.pools.ListUsersInGroup(ctx, &cip.ListUsersInGroupInput{UserPoolId: &whole.ID, GroupName: &name, Limit: aws.Int32(60), NextToken: at}, in(whole.ID))
			return items(out, err, func() ([]types.UserType, *string) { return out.Users, out.NextToken })
		})
		if err != nil {
			return err
		}
		for _, u := range users {
			whole.Members[name] = append(whole.Members[name], aws.ToString(u.Username))
		}
		slices.Sort(whole.Members[name])
	}
	return nil
}

func (r *Reader) users(ctx context.Context, whole *WholePool) error {
	q := r.cognito(ctx, "ListUsers", whole.ID)
	q.pages = mostUserPages
	users, err := paged(ctx, r, q, func(ctx context.Context, at *string) ([]types.UserType, *string, error) {
		out, err := r.pools.ListUsers(ctx, &cip.ListUsersInput{UserPoolId: &whole.ID, Limit: aws.Int32(60), PaginationToken: at}, in(whole.ID))
		return items(out, err, func() ([]types.UserType, *string) { return out.Users, out.PaginationToken })
	})
	slices.SortFunc(users, func(a, b types.UserType) int {
		return strings.Compare(aws.ToString(a.Username), aws.ToString(b.Username))
	})
	whole.Users = users
	return err
}
