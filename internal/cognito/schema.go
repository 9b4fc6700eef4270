package cognito

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
)

// maxCustomAttributes is the quota of fact 6.9.
const maxCustomAttributes = 50

// standardAttributes are the attributes that every pool has, with AWS's constraints and in AWS's order.
func standardAttributes() []types.SchemaAttributeType {
	text := func(name, shortest, longest string) types.SchemaAttributeType {
		return types.SchemaAttributeType{
			Name: aws.String(name), AttributeDataType: types.AttributeDataTypeString,
			DeveloperOnlyAttribute: aws.Bool(false), Mutable: aws.Bool(true), Required: aws.Bool(false),
			StringAttributeConstraints: &types.StringAttributeConstraintsType{MinLength: aws.String(shortest), MaxLength: aws.String(longest)},
		}
	}
	flag := func(name string) types.SchemaAttributeType {
		a := text(name, "", "")
		a.AttributeDataType, a.StringAttributeConstraints = types.AttributeDataTypeBoolean, nil
		return a
	}
	sub := text("sub", "1", "2048")
	sub.Mutable, sub.Required = aws.Bool(false), aws.Bool(true)
	updatedAt := flag("updated_at")
	updatedAt.AttributeDataType = types.AttributeDataTypeNumber
	updatedAt.NumberAttributeConstraints = &types.NumberAttributeConstraintsType{MinValue: aws.String("0")}
	all := []types.SchemaAttributeType{sub}
	for _, name := range []string{
		"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
		"website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number",
		"phone_number_verified", "address",
	} {
		switch name {
		case "email_verified", "phone_number_verified":
			all = append(all, flag(name))
		case "birthdate":
			all = append(all, text(name, "10", "10"))
		default:
			all = append(all, text(name, "0", "2048"))
		}
	}
	return append(all, updatedAt)
}

// schemaOf is the schema of a new pool: the standard attributes as the caller changed them, then the custom ones.
func schemaOf(given []types.SchemaAttributeType) ([]types.SchemaAttributeType, error) {
	all := standardAttributes()
	var custom []types.SchemaAttributeType
	for _, g := range given {
		standard := attributeNamed(all, value(g.Name))
		if standard == nil {
			custom = append(custom, g)
			continue
		}
		if g.AttributeDataType != "" && g.AttributeDataType != standard.AttributeDataType || value(g.DeveloperOnlyAttribute) {
			return nil, fault.Invalid("InvalidParameterException",
				"You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute %s", value(g.Name))
		}
		if err := checkConstraints(g, value(g.Name)); err != nil {
			return nil, err
		}
		override(standard, g)
	}
	return addCustom(all, custom)
}

// override changes a standard attribute in the members that the caller set.
func override(standard *types.SchemaAttributeType, g types.SchemaAttributeType) {
	if g.Mutable != nil {
		standard.Mutable = g.Mutable
	}
	if g.Required != nil {
		standard.Required = g.Required
	}
	if g.StringAttributeConstraints != nil {
		standard.StringAttributeConstraints = g.StringAttributeConstraints
	}
	if g.NumberAttributeConstraints != nil {
		standard.NumberAttributeConstraints = g.NumberAttributeConstraints
	}
}

// addCustom appends custom attributes to a schema under their full names.
func addCustom(schema, custom []types.SchemaAttributeType) ([]types.SchemaAttributeType, error) {
	count := len(custom)
	for _, a := range schema {
		if isCustom(value(a.Name)) {
			count++
		}
	}
	if count > maxCustomAttributes {
		return nil, fault.Invalid("InvalidParameterException", "The number of custom attributes exceeds the limit of %d.", maxCustomAttributes)
	}
	before := len(schema)
	for _, c := range custom {
		name := customName(value(c.Name), value(c.DeveloperOnlyAttribute))
		if existing := attributeNamed(schema[:before], name); existing != nil {
			return nil, fault.Invalid("InvalidParameterException", "%s: Existing attribute already has name %s.", name, name)
		}
		if attributeNamed(schema[before:], name) != nil {
			return nil, fault.Invalid("InvalidParameterException", "Duplicate custom attribute names %s are not allowed in a user pool schema.", name)
		}
		if value(c.Required) {
			return nil, fault.Invalid("InvalidParameterException", "Required custom attributes are not supported currently.")
		}
		if c.AttributeDataType == "" {
			return nil, fault.Invalid("InvalidParameterException", "Invalid AttributeDataType input, consider using the provided AttributeDataType enum.")
		}
		if err := checkConstraints(c, name); err != nil {
			return nil, err
		}
		c.Name = aws.String(name)
		c.DeveloperOnlyAttribute = aws.Bool(value(c.DeveloperOnlyAttribute))
		c.Mutable = aws.Bool(value(c.Mutable))
		c.Required = aws.Bool(false)
		if c.AttributeDataType == types.AttributeDataTypeString && c.StringAttributeConstraints == nil {
			c.StringAttributeConstraints = &types.StringAttributeConstraintsType{}
		}
		if c.AttributeDataType == types.AttributeDataTypeNumber && c.NumberAttributeConstraints == nil {
			c.NumberAttributeConstraints = &types.NumberAttributeConstraintsType{}
		}
		schema = append(schema, c)
	}
	return schema, nil
}

func isCustom(name string) bool {
	return strings.HasPrefix(name, "custom:") || strings.HasPrefix(name, "dev:custom:")
}

// customName is a custom attribute's full name; a prefix that the caller wrote already is not doubled.
func customName(name string, developerOnly bool) string {
	prefix := "custom:"
	if developerOnly {
		prefix = "dev:custom:"
	}
	return prefix + strings.TrimPrefix(strings.TrimPrefix(name, "dev:"), "custom:")
}

// attributeNamed finds an attribute of a schema.
func attributeNamed(schema []types.SchemaAttributeType, name string) *types.SchemaAttributeType {
	for i := range schema {
		if value(schema[i].Name) == name {
			return &schema[i]
		}
	}
	return nil
}

// checkConstraints refuses constraints that no value could meet.
func checkConstraints(a types.SchemaAttributeType, name string) error {
	lowest, highest := bounds(a)
	if lowest != nil && highest != nil && *lowest > *highest {
		if a.AttributeDataType == types.AttributeDataTypeNumber {
			return fault.Invalid("InvalidParameterException", "Attribute %s cannot have a max value smaller than it's min value", name)
		}
		return fault.Invalid("InvalidParameterException", "Attribute %s cannot have a max length shorter than it's min length", name)
	}
	return nil
}

// bounds are the constraints of an attribute as numbers; nil where there is none.
func bounds(a types.SchemaAttributeType) (lowest, highest *float64) {
	number := func(text *string) *float64 {
		if n, err := strconv.ParseFloat(value(text), 64); err == nil {
			return &n
		}
		return nil
	}
	switch {
	case a.AttributeDataType == types.AttributeDataTypeNumber && a.NumberAttributeConstraints != nil:
		return number(a.NumberAttributeConstraints.MinValue), number(a.NumberAttributeConstraints.MaxValue)
	case a.StringAttributeConstraints != nil:
		return number(a.StringAttributeConstraints.MinLength), number(a.StringAttributeConstraints.MaxLength)
	}
	return nil, nil
}
