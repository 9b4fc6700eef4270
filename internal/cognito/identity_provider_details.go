package cognito

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
)

// What a provider's details must and may hold, by type (API reference, CreateIdentityProvider).

// providerRules is what the details of a type of provider need, and what the pool adds to them.
type providerRules struct {
	required []string
	// added are details that the caller need not give; subject is the claim that names the user.
	added   map[string]string
	subject string
}

var providersByType = map[types.IdentityProviderTypeType]providerRules{
	types.IdentityProviderTypeTypeSaml: {},
	types.IdentityProviderTypeTypeOidc: {
		required: []string{"client_id", "attributes_request_method", "oidc_issuer", "authorize_scopes"},
		added:    map[string]string{"attributes_url_add_attributes": "false"}, subject: "sub",
	},
	types.IdentityProviderTypeTypeGoogle: {
		required: []string{"client_id", "client_secret", "authorize_scopes"}, subject: "sub",
		added: map[string]string{
			"attributes_url":                "https://people.googleapis.com/v1/people/me?personFields=",
			"attributes_url_add_attributes": "true", "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
			"oidc_issuer": "https://accounts.google.com", "token_request_method": "POST",
			"token_url": "https://www.googleapis.com/oauth2/v4/token",
		},
	},
	types.IdentityProviderTypeTypeLoginWithAmazon: {
		required: []string{"client_id", "client_secret", "authorize_scopes"}, subject: "user_id",
		added: map[string]string{
			"attributes_url": "https://api.amazon.com/user/profile", "attributes_url_add_attributes": "false",
			"authorize_url": "https://www.amazon.com/ap/oa", "token_request_method": "POST",
			"token_url": "https://api.amazon.com/auth/o2/token",
		},
	},
	types.IdentityProviderTypeTypeSignInWithApple: {
		required: []string{"client_id", "team_id", "key_id", "private_key", "authorize_scopes"}, subject: "sub",
		added: map[string]string{
			"attributes_url_add_attributes": "false", "authorize_url": "https://appleid.apple.com/auth/authorize",
			"oidc_issuer": "https://appleid.apple.com", "token_request_method": "POST",
			"token_url": "https://appleid.apple.com/auth/token",
		},
	},
	types.IdentityProviderTypeTypeFacebook: {
		required: []string{"client_id", "client_secret", "authorize_scopes"}, subject: "id",
		added: map[string]string{
			"attributes_url_add_attributes": "true", "token_request_method": "GET", "api_version": facebookVersion,
		},
	},
}

// facebookVersion is the version of Facebook's API that a provider without one uses: that of the API reference's example.
const facebookVersion = "v17.0"

// checkProviderName refuses the pool's own name, and a social provider under another name than its type's: the login pages
// know it by that.
func checkProviderName(kind types.IdentityProviderTypeType, name string) error {
	switch {
	case strings.EqualFold(name, "COGNITO"):
		return invalidParameter("Provider name %s is reserved.", name)
	case kind != types.IdentityProviderTypeTypeSaml && kind != types.IdentityProviderTypeTypeOidc && name != string(kind):
		return invalidParameter("Provider name for provider type %s must be %s.", kind, kind)
	}
	return nil
}

// completeProvider checks details and mapping by the provider's type and adds what AWS adds.
func completeProvider(shown *types.IdentityProviderType) error {
	rules, known := providersByType[shown.ProviderType]
	if !known {
		return invalidParameter("Unsupported provider type %s.", shown.ProviderType)
	}
	details := maps.Clone(shown.ProviderDetails)
	for _, name := range rules.required {
		if details[name] == "" {
			return invalidParameter("Missing required parameter %s in ProviderDetails for provider type %s.", name, shown.ProviderType)
		}
	}
	if err := checkProviderDetails(shown.ProviderType, details); err != nil {
		return err
	}
	for name, text := range rules.added {
		if details[name] == "" {
			details[name] = text
		}
	}
	if version := details["api_version"]; shown.ProviderType == types.IdentityProviderTypeTypeFacebook {
		details["attributes_url"] = "https://graph.facebook.com/" + version + "/me?fields="
		details["authorize_url"] = "https://www.facebook.com/" + version + "/dialog/oauth"
		details["token_url"] = "https://graph.facebook.com/" + version + "/oauth/access_token"
	}
	shown.ProviderDetails = details
	if rules.subject != "" && shown.AttributeMapping["username"] == "" {
		mapping := map[string]string{"username": rules.subject}
		maps.Copy(mapping, shown.AttributeMapping)
		mapping["username"] = rules.subject
		shown.AttributeMapping = mapping
	}
	return nil
}

// checkProviderDetails checks the details whose form is known.
func checkProviderDetails(kind types.IdentityProviderTypeType, details map[string]string) error {
	if kind == types.IdentityProviderTypeTypeSaml {
		return completeSAML(details)
	}
	if kind != types.IdentityProviderTypeTypeOidc {
		return nil
	}
	if method := details["attributes_request_method"]; method != "GET" && method != "POST" {
		return invalidParameter("Invalid value %s for attributes_request_method. Valid values are GET, POST.", method)
	}
	for _, name := range []string{"oidc_issuer", "authorize_url", "token_url", "attributes_url", "jwks_uri"} {
		if text, given := details[name]; given && !isWebAddress(text) {
			return invalidParameter("%s is not a valid URL in ProviderDetails.", name)
		}
	}
	return nil
}

// isWebAddress tells whether text is an absolute http or https URL. AWS takes https alone; a provider on a developer's machine
// is often without it.
func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// checkProviderInPool checks what depends on the pool: that mapped attributes exist, and that no identifier is another's.
func checkProviderInPool(tx *store.Tx, p *pool, shown *types.IdentityProviderType) error {
	for _, name := range slices.Sorted(maps.Keys(shown.AttributeMapping)) {
		if name != "username" && attributeNamed(p.Detail.Value.SchemaAttributes, name) == nil {
			return invalidParameter("Attribute mapping contains the attribute %s, which does not exist in the schema.", name)
		}
	}
	seen := map[string]bool{}
	for _, identifier := range shown.IdpIdentifiers {
		if seen[identifier] {
			return invalidParameter("Duplicate identity provider identifier %s.", identifier)
		}
		seen[identifier] = true
		found, err := providersIdentifiedBy(tx, p, identifier)
		if err != nil {
			return err
		}
		for _, f := range found {
			if f.ID != value(shown.ProviderName) {
				return invalidParameter("The identity provider identifier %s is already in use.", identifier)
			}
		}
	}
	return nil
}

// secretDetails are the details that are sealed at rest.
var secretDetails = []string{"client_secret", "private_key"}

func providerPurpose(shown *types.IdentityProviderType, detail string) string {
	return "identity-provider/" + value(shown.UserPoolId) + "/" + value(shown.ProviderName) + "/" + detail
}

// sealedProvider is the document of a provider; shown itself stays as it is.
func (s *Service) sealedProvider(shown *types.IdentityProviderType) *identityProvider {
	stored := &identityProvider{Sealed: map[string]string{}}
	stored.Detail.Value = *shown
	details := maps.Clone(shown.ProviderDetails)
	for _, name := range secretDetails {
		if secret, given := details[name]; given {
			stored.Sealed[name] = s.store.Seal(providerPurpose(shown, name), []byte(secret))
			delete(details, name)
		}
	}
	stored.Detail.Value.ProviderDetails = details
	return stored
}

// openProvider is a stored provider with its secrets.
func (s *Service) openProvider(stored *identityProvider) (*types.IdentityProviderType, error) {
	shown := stored.Detail.Value
	shown.ProviderDetails = maps.Clone(shown.ProviderDetails)
	if shown.ProviderDetails == nil {
		shown.ProviderDetails = map[string]string{}
	}
	for name, sealed := range stored.Sealed {
		plain, err := s.store.Unseal(providerPurpose(&shown, name), sealed)
		if err != nil {
			return nil, err
		}
		shown.ProviderDetails[name] = string(plain)
	}
	return &shown, nil
}

// withoutPrivateKey takes out what AWS never shows again.
func withoutPrivateKey(shown *types.IdentityProviderType) {
	delete(shown.ProviderDetails, "private_key")
}
