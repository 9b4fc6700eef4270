package cognito

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
)

// adminScope is the scope of tokens that the API's own sign-in issues; it opens the operations that take an access token.
const adminScope = "aws.cognito.signin.user.admin"

// grant says what is issued to whom at the end of a sign-in or a refresh.
type grant struct {
	keys   *keyset
	issuer string
	poolID string
	pool   *pool
	client *client
	user   *user
	groups []types.GroupType
	// now is when the tokens are issued, authTime when the user signed in.
	now, authTime time.Time
	// originJTI names the sign-in in every token that comes of it, eventID its event.
	originJTI, eventID string
	// oauth says that the login domain issues the tokens, for the scopes granted; the API's own sign-in has adminScope only.
	oauth  bool
	scopes []string
	nonce  string
	// deviceKey is the device that the sign-in came from; newDevice names one that is not known yet. Empty where none is tracked.
	deviceKey string
	newDevice *types.NewDeviceMetadataType
	// What the pre token generation function changed; nil where it did not.
	idChanges, accessChanges *claimChanges
	groupsSet                *groupConfig
	// tokenScopes are the access token's scopes where the function changed them; the sign-in's own stay.
	tokenScopes []string
	// newID makes a random UUID.
	newID func() (string, error)
}

// newGrant begins a grant of an attempt's client.
func (s *Service) newGrant(ctx context.Context, a *attempt, authTime time.Time) (*grant, error) {
	keys, err := s.keysOf(ctx, a.poolID)
	if err == nil {
		keys, err = s.publish(ctx, keys)
	}
	if err != nil {
		return nil, err
	}
	g := &grant{
		keys: keys, issuer: s.issuer(a.poolID), poolID: a.poolID, pool: a.pool, client: a.client,
		now: s.now(), authTime: authTime, scopes: []string{adminScope}, newID: s.randomUUID,
	}
	if g.originJTI, err = s.randomUUID(); err != nil {
		return nil, err
	}
	g.eventID, err = s.randomUUID()
	return g, err
}

// to makes u the grant's user, with the groups that the user is in now.
func (g *grant) to(tx *store.Tx, u *user) error {
	all, err := groupsOf(tx, g.poolID, u.Username)
	if err != nil {
		return err
	}
	g.user, g.groups = u, all
	return nil
}

// from makes the known device the grant's, or else the new one where the pool tracks devices.
func (g *grant) from(tx *store.Tx, known *device) error {
	if known == nil {
		g.deviceKey = value(value(g.newDevice).DeviceKey)
		return nil
	}
	g.deviceKey, g.newDevice = known.Key, nil
	known.SignedIn = g.now
	return putDevice(tx, g.poolID, known)
}

// groupsOf reads the groups that a user is in, the most important first: by precedence, then by name.
func groupsOf(tx *store.Tx, poolID, username string) ([]types.GroupType, error) {
	found, _, err := members.Find(tx, poolID, store.Key{Index: "user", Value: username}, store.Page{})
	if err != nil {
		return nil, err
	}
	var all []types.GroupType
	for _, f := range found {
		g, err := groups.Get(tx, poolID, f.Value.Group)
		if errors.Is(err, store.ErrNotFound) {
			continue // a group that is being deleted
		}
		if err != nil {
			return nil, err
		}
		all = append(all, g.Detail.Value)
	}
	slices.SortFunc(all, func(a, b types.GroupType) int {
		return cmp.Or(cmp.Compare(precedence(a), precedence(b)), strings.Compare(value(a.GroupName), value(b.GroupName)))
	})
	return all, nil
}

// precedence is a group's; none is the lowest, as on AWS.
func precedence(g types.GroupType) int32 {
	if g.Precedence == nil {
		return math.MaxInt32
	}
	return *g.Precedence
}

// issue signs the grant's tokens. Through the login domain an ID token is issued only when openid was granted.
func (g *grant) issue() (Tokens, error) {
	access, err := g.accessClaims()
	if err != nil {
		return Tokens{}, err
	}
	g.groupsSet.setIn(access, false)
	g.accessChanges.to(access)
	tokens := Tokens{ExpiresIn: int(g.client.accessLife() / time.Second)}
	if tokens.Access, err = g.keys.access.sign(access); err != nil {
		return Tokens{}, err
	}
	if g.oauth && !slices.Contains(g.scopes, "openid") {
		return tokens, nil
	}
	id, err := g.idClaims(tokens.Access)
	if err != nil {
		return Tokens{}, err
	}
	g.groupsSet.setIn(id, true)
	g.idChanges.to(id)
	tokens.ID, err = g.keys.id.sign(id)
	return tokens, err
}

// result is what InitiateAuth and its like answer.
func (t Tokens) result() *types.AuthenticationResultType {
	result := &types.AuthenticationResultType{
		AccessToken: aws.String(t.Access), ExpiresIn: int32(t.ExpiresIn), TokenType: aws.String("Bearer"), // a day at most
	}
	if t.ID != "" {
		result.IdToken = aws.String(t.ID)
	}
	if t.Refresh != "" {
		result.RefreshToken = aws.String(t.Refresh)
	}
	return result
}
