package poolgatetest

import (
	"cmp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/authz"
)

// Pool is a user pool.
type Pool struct {
	// ID and ARN are as CreateUserPool answered.
	ID, ARN string
	// Issuer is what its tokens name as iss.
	Issuer string

	s      *Server
	scopes []string
}

// User is a confirmed user with a password.
type User struct{ Name, Password string }

// password is every user's; a pool's default policy takes it.
const password = "Correct-horse-1"

// Pool makes a user pool with resource servers for these scopes, each written as the resource server's identifier, a slash and
// the scope's name: "orders/read". A slash in the identifier is part of it.
func (s *Server) Pool(scopes ...string) *Pool {
	s.t.Helper()
	ctx, cancel := s.wait()
	defer cancel()
	made, err := s.pools.CreateUserPool(ctx, &cognito.CreateUserPoolInput{PoolName: aws.String("test")})
	if err != nil {
		s.t.Fatalf("making a user pool: %v", err)
	}
	p := &Pool{ID: *made.UserPool.Id, ARN: *made.UserPool.Arn, s: s, scopes: scopes}
	p.Issuer = s.Issuer(p.Ref())
	for _, server := range resourceServers(scopes) {
		server.UserPoolId = &p.ID
		if _, err := s.pools.CreateResourceServer(ctx, server); err != nil {
			s.t.Fatalf("making the resource server %s: %v", *server.Identifier, err)
		}
	}
	return p
}

// resourceServers groups scopes by their identifiers, in the order in which they come. A scope without a slash becomes one with an empty
// name, which CreateResourceServer refuses.
func resourceServers(scopes []string) []*cognito.CreateResourceServerInput {
	var servers []*cognito.CreateResourceServerInput
	byID := map[string]*cognito.CreateResourceServerInput{}
	for _, scope := range scopes {
		at := max(0, strings.LastIndexByte(scope, '/'))
		id, name := scope[:at], strings.TrimPrefix(scope[at:], "/")
		if byID[id] == nil {
			byID[id] = &cognito.CreateResourceServerInput{Identifier: &id, Name: aws.String("test")}
			servers = append(servers, byID[id])
		}
		byID[id].Scopes = append(byID[id].Scopes, types.ResourceServerScopeType{ScopeName: &name, ScopeDescription: aws.String(cmp.Or(name, "?"))})
	}
	return servers
}

// Ref names the pool as package authz does: authz.Settings{Pools: []authz.Pool{pool.Ref()}}.
func (p *Pool) Ref() authz.Pool { return authz.Pool{Region: Region, ID: p.ID} }

// User makes a confirmed user who can sign in, with the verified address NAME@example.com, in these groups, which are made when
// they are missing.
func (p *Pool) User(name string, groups ...string) User {
	p.s.t.Helper()
	ctx, cancel := p.s.wait()
	defer cancel()
	_, err := p.s.pools.AdminCreateUser(ctx, &cognito.AdminCreateUserInput{
		UserPoolId: &p.ID, Username: &name, MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{
			{Name: aws.String("email"), Value: aws.String(name + "@example.com")}, {Name: aws.String("email_verified"), Value: aws.String("true")},
		},
	})
	if err == nil {
		_, err = p.s.pools.AdminSetUserPassword(ctx, &cognito.AdminSetUserPasswordInput{UserPoolId: &p.ID, Username: &name, Password: aws.String(password), Permanent: true})
	}
	if err != nil {
		p.s.t.Fatalf("making the user %s: %v", name, err)
	}
	for _, group := range groups {
		p.join(name, group)
	}
	return User{Name: name, Password: password}
}

// join puts a user into a group and makes the group when there is none.
func (p *Pool) join(user, group string) {
	p.s.t.Helper()
	ctx, cancel := p.s.wait()
	defer cancel()
	_, err := p.s.pools.CreateGroup(ctx, &cognito.CreateGroupInput{UserPoolId: &p.ID, GroupName: &group})
	if err != nil && !isCode(err, "GroupExistsException") {
		p.s.t.Fatalf("making the group %s: %v", group, err)
	}
	if _, err = p.s.pools.AdminAddUserToGroup(ctx, &cognito.AdminAddUserToGroupInput{UserPoolId: &p.ID, Username: &user, GroupName: &group}); err != nil {
		p.s.t.Fatalf("putting %s into the group %s: %v", user, group, err)
	}
}
