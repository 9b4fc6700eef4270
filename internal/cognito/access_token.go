package cognito

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// accessClaims are the claims of a user's access token (fact 4.3): no aud, one scope string, version 2 when the login
// domain issued it.
func (g *grant) accessClaims() (*claims, error) {
	jti, err := g.newID()
	if err != nil {
		return nil, err
	}
	c := &claims{}
	c.set("sub", g.user.Sub)
	if names := g.groupNames(); len(names) > 0 {
		c.set("cognito:groups", names)
	}
	c.set("iss", g.issuer)
	if g.oauth {
		c.set("version", 2)
	}
	c.set("client_id", value(g.client.ClientId))
	if g.revocable() {
		c.set("origin_jti", g.originJTI)
	}
	c.set("event_id", g.eventID)
	c.set("token_use", "access")
	c.set("scope", strings.Join(g.scopes, " "))
	c.set("auth_time", g.authTime.Unix())
	c.set("exp", g.now.Add(g.accessLife()).Unix())
	c.set("iat", g.now.Unix())
	c.set("jti", jti)
	c.set("username", g.user.Username)
	return c, nil
}

// revocable tells whether the client's tokens can be revoked, which AWS turns on for new clients; only then do they name their
// sign-in.
func (g *grant) revocable() bool {
	return g.client.EnableTokenRevocation == nil || *g.client.EnableTokenRevocation
}

func (g *grant) groupNames() []string {
	var names []string
	for _, group := range g.groups {
		names = append(names, value(group.GroupName))
	}
	return names
}

// clientClaims are the claims of an access token that a client gets for itself (fact 4.3): sub is the client's id, and there is
// neither a user nor a sign-in.
func clientClaims(issuer, jti string, c *types.UserPoolClientType, scopes []string, now time.Time, life time.Duration) *claims {
	id := value(c.ClientId)
	claims := &claims{}
	claims.set("sub", id)
	claims.set("token_use", "access")
	claims.set("scope", strings.Join(scopes, " "))
	claims.set("auth_time", now.Unix())
	claims.set("iss", issuer)
	claims.set("exp", now.Add(life).Unix())
	claims.set("iat", now.Unix())
	claims.set("version", 2)
	claims.set("jti", jti)
	claims.set("client_id", id)
	return claims
}
