package cognito

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// controlPlane is a service on an empty store, called as a signed caller of eu-west-1 would call it.
type controlPlane struct {
	*Service
	t   testing.TB
	ctx context.Context //nolint:containedctx // the one call that all of a test's operations belong to
}

func newControlPlane(t testing.TB) *controlPlane {
	t.Helper()
	c := new(clock.Clock)
	// The clock stands where it is put, give or take the test's own time.
	c.Set(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
	db, err := store.Open(t.Context(), store.Options{Location: ":memory:", Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Store: db, Clock: c, BaseURL: "http://localhost:4566"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	// Nothing here signs a token; small keys are made a hundred times faster.
	s.keys.stock.mu.Lock()
	s.keys.stock.generate = func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 1024) }
	s.keys.stock.mu.Unlock()
	return &controlPlane{Service: s, t: t, ctx: wire.WithCall(t.Context(), wire.Call{
		Service: "cognito-idp", Account: "123456789012", Region: "eu-west-1", Signed: true,
	})}
}

// pool makes a pool and returns its id.
func (c *controlPlane) pool(in *cip.CreateUserPoolInput) string {
	c.t.Helper()
	if in.PoolName == nil {
		in.PoolName = aws.String("people")
	}
	return *must(c.CreateUserPool(c.ctx, in))(c.t).UserPool.Id
}

// user makes a user without an invitation and returns the real username.
func (c *controlPlane) user(poolID, name string, attributes ...types.AttributeType) string {
	c.t.Helper()
	return *must(c.AdminCreateUser(c.ctx, &cip.AdminCreateUserInput{
		UserPoolId: &poolID, Username: &name, UserAttributes: attributes, MessageAction: types.MessageActionTypeSuppress,
	}))(c.t).User.Username
}

// must returns the output of an operation that has to succeed.
func must[T any](out T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused checks the code and the text of an operation that has to fail. An empty text means any.
func refused(t testing.TB, err error, code, message string) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Fatalf("error is %v, want %s", err, code)
	}
	if got := fault.From(err).Message; message != "" && got != message {
		t.Errorf("message is %q\nwant       %q", got, message)
	}
}

func attr(name, value string) types.AttributeType {
	return types.AttributeType{Name: aws.String(name), Value: aws.String(value)}
}

const (
	invalid  = "InvalidParameterException"
	notFound = "ResourceNotFoundException"
)

// withAccount is the same call of another account.
func withAccount(ctx context.Context, account string) context.Context {
	call := wire.CallFrom(ctx)
	call.Account = account
	return wire.WithCall(ctx, call)
}
