package cognito

import (
	"strings"
	"time"
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
	if g.deviceKey != "" {
		c.set("device_key", g.deviceKey)
	}
	c.set("iss", g.issuer)
	if g.oauth {
		c.set("version", 2)
	}
	c.set("client_id", g.client.id())
	if g.client.revocable() {
		c.set("origin_jti", g.originJTI)
	}
	c.set("event_id", g.eventID)
	c.set("token_use", "access")
	scopes := g.scopes
	if g.tokenScopes != nil {
		scopes = g.tokenScopes
	}
	c.set("scope", strings.Join(scopes, " "))
	c.set("auth_time", g.authTime.Unix())
	c.set("exp", g.now.Add(g.client.accessLife()).Unix())
	c.set("iat", g.now.Unix())
	c.set("jti", jti)
	c.set("username", g.user.Username)
	return c, nil
}

// revocable tells whether the client's tokens can be revoked, which AWS turns on for new clients; only then do they name their
// sign-in.
func (c *client) revocable() bool {
	enabled := c.Detail.Value.EnableTokenRevocation
	return enabled == nil || *enabled
}

// id is the client's id.
func (c *client) id() string { return value(c.Detail.Value.ClientId) }

func (g *grant) groupNames() []string {
	var names []string
	for _, group := range g.groups {
		names = append(names, value(group.GroupName))
	}
	return names
}

// clientClaims are the claims of an access token that a client gets for itself (fact 4.3): sub is the client's id, and there is
// neither a user nor a sign-in.
func clientClaims(issuer, jti string, c *client, scopes []string, now time.Time) *claims {
	id := c.id()
	claims := &claims{}
	claims.set("sub", id)
	claims.set("token_use", "access")
	claims.set("scope", strings.Join(scopes, " "))
	claims.set("auth_time", now.Unix())
	claims.set("iss", issuer)
	claims.set("exp", now.Add(c.accessLife()).Unix())
	claims.set("iat", now.Unix())
	claims.set("version", 2)
	claims.set("jti", jti)
	claims.set("client_id", id)
	return claims
}
