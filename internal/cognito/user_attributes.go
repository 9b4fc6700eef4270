package cognito

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
)

// newAttributes checks the attributes of a new user against the pool's schema. Of an attribute given twice the last
// counts. Nothing that the schema requires is missed here: that is requireAttributes, because a user made by an
// administrator may lack them until the first sign-in.
func newAttributes(p *pool, given []types.AttributeType) ([]attribute, error) {
	var u user
	for _, g := range given {
		name := value(g.Name)
		if name == "sub" {
			return nil, fault.Invalid("InvalidParameterException", "user.sub: Attribute cannot be updated.\n")
		}
		if err := checkAttribute(p, name, value(g.Value)); err != nil {
			return nil, err
		}
		u.set(name, value(g.Value))
	}
	return u.Attributes, nil
}

// requireAttributes refuses a sign-up without the attributes that the schema requires, naming each of them as AWS does.
func requireAttributes(p *pool, u *user) error {
	var missing strings.Builder
	for _, name := range missingAttributes(p, u) {
		missing.WriteString(name + ": The attribute is required\n")
	}
	if missing.Len() == 0 {
		return nil
	}
	return fault.Invalid("InvalidParameterException", "Attributes did not conform to the schema: %s", missing.String())
}

// missingAttributes names the required attributes that the user does not have yet, in the schema's order. The sub is not
// the user's to give.
func missingAttributes(p *pool, u *user) []string {
	var missing []string
	for _, a := range p.Detail.Value.SchemaAttributes {
		if name := value(a.Name); name != "sub" && value(a.Required) && u.attribute(name) == "" {
			missing = append(missing, name)
		}
	}
	return missing
}

// changeAttributes changes attributes of an existing user. A new e-mail address or phone number is not verified, unless
// the same call says so.
func changeAttributes(p *pool, u *user, given []types.AttributeType) error {
	changed := map[string]bool{}
	for _, g := range given {
		name, to := value(g.Name), value(g.Value)
		if err := checkAttribute(p, name, to); err != nil {
			return err
		}
		if a := attributeNamed(p.Detail.Value.SchemaAttributes, name); !value(a.Mutable) {
			return fault.Invalid("InvalidParameterException", "user.%s: Attribute cannot be updated.\n", name)
		}
		changed[name] = true
		if u.attribute(name) == to {
			continue
		}
		u.set(name, to)
		if (name == "email" || name == "phone_number") && !changed[name+"_verified"] {
			u.set(name+"_verified", "false")
		}
	}
	return nil
}

// checkAttribute holds one value against the schema.
func checkAttribute(p *pool, name, text string) error {
	a := attributeNamed(p.Detail.Value.SchemaAttributes, name)
	if a == nil {
		return fault.Invalid("InvalidParameterException", "Attributes did not conform to the schema: %s: Attribute does not exist in the schema.\n", name)
	}
	if text == "" {
		return nil // an empty value takes the attribute's value away, whatever its type
	}
	switch {
	case name == "email" && !emailFormat.MatchString(text):
		return fault.Invalid("InvalidParameterException", "Invalid email address format.")
	case name == "phone_number" && !phoneFormat.MatchString(text):
		return fault.Invalid("InvalidParameterException", "Invalid phone number format.")
	}
	if broken := brokenConstraint(*a, text); broken != "" {
		return fault.Invalid("InvalidParameterException", "Attributes did not conform to the schema: %s: %s\n", name, broken)
	}
	return nil
}

// brokenConstraint says which constraint of the attribute the value breaks; empty when it breaks none.
func brokenConstraint(a types.SchemaAttributeType, text string) string {
	lowest, highest := bounds(a)
	switch a.AttributeDataType {
	case types.AttributeDataTypeBoolean:
		if text != "true" && text != "false" {
			return "Invalid boolean value"
		}
	case types.AttributeDataTypeNumber:
		n, err := strconv.ParseFloat(text, 64)
		switch {
		case err != nil:
			return "Invalid number value"
		case lowest != nil && n < *lowest:
			return "Number must not be lesser than " + value(a.NumberAttributeConstraints.MinValue)
		case highest != nil && n > *highest:
			return "Number must not be greater than " + value(a.NumberAttributeConstraints.MaxValue)
		}
	case types.AttributeDataTypeString:
		n := float64(utf8.RuneCountInString(text))
		switch {
		case lowest != nil && n < *lowest:
			return "String must be longer than " + value(a.StringAttributeConstraints.MinLength) + " characters"
		case highest != nil && n > *highest:
			return "String must be shorter than " + value(a.StringAttributeConstraints.MaxLength) + " characters"
		}
	}
	return ""
}

// attributesOf are a user's attributes on the wire: sub first, then as they were set. An attribute without a value is
// left out.
func attributesOf(u *user) []types.AttributeType {
	all := []types.AttributeType{{Name: aws.String("sub"), Value: aws.String(u.Sub)}}
	for _, a := range u.Attributes {
		if a.Value != "" {
			all = append(all, types.AttributeType{Name: aws.String(a.Name), Value: aws.String(a.Value)})
		}
	}
	return all
}
