package cognito

import (
	"encoding/xml"
	"strings"
)

// samlMetadata is what the pool reads of a SAML provider's metadata (SAML 2.0 Metadata, section 2.4.3).
type samlMetadata struct {
	XMLName xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntityDescriptor"`
	Entity  string   `xml:"entityID,attr"`
	Roles   []struct {
		SignOn  []samlEndpoint `xml:"urn:oasis:names:tc:SAML:2.0:metadata SingleSignOnService"`
		SignOut []samlEndpoint `xml:"urn:oasis:names:tc:SAML:2.0:metadata SingleLogoutService"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:metadata IDPSSODescriptor"`
}

type samlEndpoint struct {
	Binding  string `xml:"Binding,attr"`
	Location string `xml:"Location,attr"`
}

const samlRedirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"

// completeSAML checks a SAML provider's details and adds the addresses that its metadata names. A MetadataURL is kept and not
// fetched: nothing in a control plane's call goes to the network.
func completeSAML(details map[string]string) error {
	file, address := details["MetadataFile"], details["MetadataURL"]
	switch {
	case file == "" && address == "":
		return invalidParameter("Missing required parameter MetadataURL or MetadataFile in ProviderDetails for provider type SAML.")
	case file != "" && address != "":
		return invalidParameter("Only one of MetadataURL or MetadataFile can be set in ProviderDetails.")
	case address != "" && !isWebAddress(address):
		return invalidParameter("MetadataURL is not a valid URL in ProviderDetails.")
	}
	for _, flag := range []string{"IDPSignout", "IDPInit", "EncryptedResponses"} {
		if text, given := details[flag]; given && !strings.EqualFold(text, "true") && !strings.EqualFold(text, "false") {
			return invalidParameter("Invalid value %s for %s. Valid values are true, false.", text, flag)
		}
	}
	if algorithm, given := details["RequestSigningAlgorithm"]; given && algorithm != "rsa-sha256" {
		return invalidParameter("Invalid value %s for RequestSigningAlgorithm. Valid values are rsa-sha256.", algorithm)
	}
	if file == "" {
		return nil
	}
	var metadata samlMetadata
	if err := xml.Unmarshal([]byte(file), &metadata); err != nil || metadata.Entity == "" || len(metadata.Roles) == 0 {
		return invalidParameter("Error in SAML provider metadata: the document does not describe an identity provider.")
	}
	for _, role := range metadata.Roles {
		addRedirect(details, "SSORedirectBindingURI", role.SignOn)
		addRedirect(details, "SLORedirectBindingURI", role.SignOut)
	}
	return nil
}

// addRedirect notes the first address that takes a redirect.
func addRedirect(details map[string]string, name string, endpoints []samlEndpoint) {
	for _, e := range endpoints {
		if e.Binding == samlRedirect && details[name] == "" {
			details[name] = e.Location
		}
	}
}
