package cognito

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// The documents of a user pool. A pool's scope is its region; everything inside a pool has the pool's id as scope.

// pool is a user pool as its owner described it.
type pool struct {
	Account string
	// From is where a copy came from; empty for a pool that was made here.
	From   string `json:",omitempty"`
	Detail wire.Document[types.UserPoolType]
	// The factors of SetUserPoolMfaConfig that a UserPoolType has no member for; nil when never set.
	SoftwareTokenMFA *wire.Document[types.SoftwareTokenMfaConfigType] `json:",omitempty"`
	EmailMFA         *wire.Document[types.EmailMfaConfigType]         `json:",omitempty"`
	WebAuthn         *wire.Document[types.WebAuthnConfigurationType]  `json:",omitempty"`
}

// client is an app client. Its secret is sealed for the purpose "client-secret/POOL/CLIENT" and left out of Detail.
type client struct {
	Region       string
	Detail       wire.Document[types.UserPoolClientType]
	SealedSecret string `json:",omitempty"`
	// SecretID and SecretCreated describe that secret to ListUserPoolClientSecrets.
	SecretID      string    `json:",omitempty"`
	SecretCreated time.Time `json:",omitzero"`
	// Secrets are those that AddUserPoolClientSecret added (AWS allows one); all are good until they are deleted.
	Secrets []clientSecret `json:",omitempty"`
	// Copied is a client that came with a copy of its pool.
	Copied bool `json:",omitempty"`
}

// clientSecret is a further secret of an app client, sealed for "client-secret/POOL/CLIENT/ID".
type clientSecret struct {
	ID      string
	Sealed  string
	Created time.Time
}

// user is a user. The document's id is the real username: what USER_ID_FOR_SRP says and what SRP hashes.
type user struct {
	Username   string
	Sub        string
	Status     types.UserStatusType
	Enabled    bool
	Attributes []attribute
	Created    time.Time
	Modified   time.Time
	// Copied is a user who came with a copy of the pool, without a password.
	Copied bool `json:",omitempty"`
	// SealedVerifier is the SRP salt and verifier, sealed for "srp/POOL/USERNAME"; empty when there is no password.
	SealedVerifier string `json:",omitempty"`
	// TemporaryUntil is when a temporary password ends; zero when the password is the user's own.
	TemporaryUntil time.Time `json:",omitzero"`
	// SignedOutAt is when the user was last signed out everywhere: access and refresh tokens whose sign-in is older are revoked.
	SignedOutAt time.Time `json:",omitzero"`
	// Codes are the codes sent to the user and not yet used, by purpose ("sign-up"), sealed for "code/POOL/USERNAME/PURPOSE".
	Codes map[string]code `json:",omitempty"`
	// FailedSignIns counts wrong passwords in a row; LastFailed is when the last was given (fact 6.8).
	FailedSignIns int       `json:",omitempty"`
	LastFailed    time.Time `json:",omitzero"`
	// TOTP is the user's authenticator app; nil without one. SealedTOTPSetup is the seed of one that was not proven yet, sealed for
	// "totp/POOL/USERNAME". MFA is which second factors the user turned on.
	TOTP            *totpFactor   `json:",omitempty"`
	SealedTOTPSetup string        `json:",omitempty"`
	MFA             mfaPreference `json:",omitzero"`
}

// attribute is one attribute of a user; sub is among them on the wire, but not stored here.
type attribute struct{ Name, Value string }

// code is a code that was sent to a user. Sent and Attempts count within the hour that began at Since (fact 6.9); they outlive the
// code, whose Sealed is then empty.
type code struct {
	Sealed  string `json:",omitempty"`
	Expires time.Time
	// Attribute is what the code was sent to: email or phone_number.
	Attribute string    `json:",omitempty"`
	Since     time.Time `json:",omitzero"`
	Sent      int       `json:",omitempty"`
	Attempts  int       `json:",omitempty"`
}

// group is a group of users; membership is a document of its own.
type group struct {
	Detail wire.Document[types.GroupType]
}

// member says that a user is in a group. Its id is GROUP + "\x00" + USERNAME.
type member struct{ Group, Username string }

// resourceServer is an API that custom scopes belong to. Its id is its identifier.
type resourceServer struct {
	Detail wire.Document[types.ResourceServerType]
}

// domain is a prefix or custom domain of a pool. Its scope is the region, its id the domain: domains are unique in a region.
type domain struct {
	Detail wire.Document[types.DomainDescriptionType]
}

var (
	pools = store.Collection[pool]{Name: "cognito.pool", Version: 1, Keys: func(p *pool) []store.Key {
		keys := []store.Key{{Index: "id", Value: value(p.Detail.Value.Id)}, {Index: "account", Value: p.Account}}
		if p.From != "" {
			keys = append(keys, store.Key{Index: "from", Value: p.From})
		}
		return keys
	}}
	clients = store.Collection[client]{Name: "cognito.client", Version: 1, Keys: func(c *client) []store.Key {
		return []store.Key{{Index: "id", Value: value(c.Detail.Value.ClientId)}}
	}}
	users  = store.Collection[user]{Name: "cognito.user", Version: 1, Keys: userKeys}
	groups = store.Collection[group]{Name: "cognito.group", Version: 1}

	members = store.Collection[member]{Name: "cognito.member", Version: 1, Keys: func(m *member) []store.Key {
		return []store.Key{{Index: "group", Value: m.Group}, {Index: "user", Value: m.Username}}
	}}
	resourceServers = store.Collection[resourceServer]{Name: "cognito.resource-server", Version: 1}

	domains = store.Collection[domain]{Name: "cognito.domain", Version: 1, Keys: func(d *domain) []store.Key {
		return []store.Key{{Index: "pool", Value: value(d.Detail.Value.UserPoolId)}, {Index: "domain", Value: value(d.Detail.Value.Domain)}}
	}}
)

// userKeys are what a user is found by besides the username: sub, and each attribute that ListUsers can filter. What
// people sign in with is kept in lower case, because most pools do not tell the cases apart; whoever looks it up
// compares the case where the pool does (sameName).
func userKeys(u *user) []store.Key {
	keys := []store.Key{
		{Index: "username", Value: fold(u.Username)}, {Index: "sub", Value: u.Sub},
		{Index: "status", Value: string(u.Status)}, {Index: "enabled", Value: enabledWord(u)},
	}
	for _, a := range u.Attributes {
		switch a.Name {
		case "email", "preferred_username":
			keys = append(keys, store.Key{Index: a.Name, Value: fold(a.Value)})
		case "phone_number", "name", "given_name", "family_name":
			keys = append(keys, store.Key{Index: a.Name, Value: a.Value})
		case identitiesAttribute:
			for _, i := range u.identities() {
				keys = append(keys, identityKey(i.ProviderName, i.UserID))
			}
		}
	}
	return keys
}

// value is what p points to, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// fold is the form in which names are compared where case does not count.
func fold(name string) string { return strings.ToLower(name) }

// document wraps an AWS shape for storage; nil stays nil.
func document[T any](shape *T) *wire.Document[T] {
	if shape == nil {
		return nil
	}
	return &wire.Document[T]{Value: *shape}
}

// shape unwraps a stored AWS shape; nil stays nil.
func shape[T any](d *wire.Document[T]) *T {
	if d == nil {
		return nil
	}
	return &d.Value
}
