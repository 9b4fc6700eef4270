package cognito

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// idClaims are the claims of an ID token (fact 4.2). Through the login domain it carries at_hash and nonce, and the granted
// scopes restrict which attributes it tells.
func (g *grant) idClaims(accessToken string) (*claims, error) {
	jti, err := g.newID()
	if err != nil {
		return nil, err
	}
	c := &claims{}
	if g.oauth {
		sum := sha256.Sum256([]byte(accessToken))
		c.set("at_hash", base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]))
	}
	c.set("sub", g.user.Sub)
	if names := g.groupNames(); len(names) > 0 {
		c.set("cognito:groups", names)
	}
	roles, preferred := g.roles()
	c.setText("cognito:preferred_role", preferred)
	c.set("iss", g.issuer)
	c.set("cognito:username", g.user.Username)
	c.setText("nonce", g.nonce)
	if g.client.revocable() {
		c.set("origin_jti", g.originJTI)
	}
	if len(roles) > 0 {
		c.set("cognito:roles", roles)
	}
	c.set("aud", g.client.id())
	c.set("event_id", g.eventID)
	c.set("token_use", "id")
	c.set("auth_time", g.authTime.Unix())
	c.set("exp", g.now.Add(g.client.idLife()).Unix())
	c.set("iat", g.now.Unix())
	c.set("jti", jti)
	for _, a := range g.readable() {
		c.set(a.Name, claimValue(a))
	}
	return c, nil
}

// readable are the user's attributes that the client may read and the granted scopes open.
func (g *grant) readable() []attribute {
	return readableAttributes(g.user, g.client.Detail.Value.ReadAttributes, g.oauth, g.scopes)
}

// readableAttributes are the attributes that a client with this read list may see. A client without a list reads all. Through the
// login domain, openid alone opens every one of these, and so does profile; email and phone open their own, and any of the three
// closes the rest (the Cognito guide's page of scopes).
func readableAttributes(u *user, readList []string, oauth bool, scopes []string) []attribute {
	opened := func(name string) bool {
		email, phone := slices.Contains(scopes, "email"), slices.Contains(scopes, "phone")
		switch {
		case !oauth, slices.Contains(scopes, "profile"), !email && !phone:
			return true
		case name == "email", name == "email_verified":
			return email
		case name == "phone_number", name == "phone_number_verified":
			return phone
		}
		return false
	}
	var all []attribute
	for _, a := range u.Attributes {
		if a.Value == "" || len(readList) > 0 && !slices.Contains(readList, a.Name) || !opened(a.Name) {
			continue
		}
		all = append(all, a)
	}
	return all
}

// claimValue is an attribute as an ID token tells it: the two verified flags are booleans, updated_at is a number, address an
// object (OpenID Connect Core 5.1), identities a list, and everything else, custom attributes of any type included, is a string.
func claimValue(a attribute) any {
	switch a.Name {
	case "email_verified", "phone_number_verified":
		return a.Value == "true"
	case "updated_at":
		if n, err := strconv.ParseInt(a.Value, 10, 64); err == nil {
			return n
		}
	case "address":
		return struct {
			Formatted string `json:"formatted"`
		}{a.Value}
	case identitiesAttribute:
		var all []identity
		if json.Unmarshal([]byte(a.Value), &all) == nil {
			return all
		}
	}
	return a.Value
}

// roles are the roles of the user's groups, and the one that is preferred: the only one there is, or that of the groups of the
// best precedence if they agree (the Cognito guide's page of groups).
func (g *grant) roles() (roles []string, preferred string) {
	var best []string
	bestPrecedence := int32(0)
	for _, group := range g.groups {
		role := value(group.RoleArn)
		if role == "" {
			continue
		}
		if len(roles) == 0 {
			bestPrecedence = precedence(group)
		}
		if !slices.Contains(roles, role) {
			roles = append(roles, role)
			if precedence(group) == bestPrecedence {
				best = append(best, role)
			}
		}
	}
	if len(best) == 1 && (len(roles) == 1 || bestPrecedence != precedence(types.GroupType{})) {
		preferred = best[0]
	}
	return roles, preferred
}
