package cognito

import (
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
)

// symbols are the characters that count as symbols in a password, as AWS's guide lists them; a space counts too when it
// stands inside.
const symbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"

// defaultPasswordPolicy is the policy of a pool that sets none.
func defaultPasswordPolicy() *types.PasswordPolicyType {
	return &types.PasswordPolicyType{
		MinimumLength: aws.Int32(8), RequireLowercase: true, RequireNumbers: true, RequireSymbols: true,
		RequireUppercase: true, TemporaryPasswordValidityDays: 7,
	}
}

// passwordPolicy is the pool's policy, never nil.
func (p *pool) passwordPolicy() *types.PasswordPolicyType {
	if policies := p.Detail.Value.Policies; policies != nil && policies.PasswordPolicy != nil {
		return policies.PasswordPolicy
	}
	return defaultPasswordPolicy()
}

// checkPassword holds password against policy; nil means the default policy. The texts are those of fact 6.7, and as
// on AWS the first rule broken is the one named.
func checkPassword(policy *types.PasswordPolicyType, password string) error {
	if policy == nil {
		policy = defaultPasswordPolicy()
	}
	var broken string
	switch {
	case utf8.RuneCountInString(password) < int(value(policy.MinimumLength)):
		broken = "Password not long enough"
	case policy.RequireUppercase && !strings.ContainsFunc(password, isUpper):
		broken = "Password must have uppercase characters"
	case policy.RequireLowercase && !strings.ContainsFunc(password, isLower):
		broken = "Password must have lowercase characters"
	case policy.RequireNumbers && !strings.ContainsFunc(password, isDigit):
		broken = "Password must have numeric characters"
	case policy.RequireSymbols && !hasSymbol(password):
		broken = "Password must have symbol characters"
	default:
		return nil
	}
	return fault.Invalid("InvalidPasswordException", "Password did not conform with policy: %s", broken)
}

// Only Basic Latin letters and digits count towards a policy, as AWS's guide says.
func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }
func isLower(r rune) bool { return 'a' <= r && r <= 'z' }
func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func hasSymbol(password string) bool {
	inner := strings.Trim(password, " ")
	return strings.ContainsAny(inner, symbols) || strings.Contains(inner, " ")
}

// temporaryPassword makes a password that conforms to policy: one character of each class, whether required or not,
// and the rest from all of them. Symbols that break when pasted into a shell or read from a mail are left out.
func (s *Service) temporaryPassword(policy *types.PasswordPolicyType) (string, error) {
	const handySymbols = "!#%*+-.:=?@_~"
	classes := []string{alphanumerics[:10], alphanumerics[10:36], alphanumerics[36:], handySymbols}
	length := max(int(value(policy.MinimumLength)), 8)
	var password []byte
	for _, class := range classes {
		c, err := s.randomText(class, 1)
		if err != nil {
			return "", err
		}
		password = append(password, c...)
	}
	rest, err := s.randomText(strings.Join(classes, ""), length-len(password))
	if err != nil {
		return "", err
	}
	password = append(password, rest...)
	// Shuffled, so that the classes do not stand in a known order. The modulus of two bytes is biased by less than one
	// part in six hundred, and only in the order.
	for i := len(password) - 1; i > 0; i-- {
		var b [2]byte
		if err := s.readRandom(b[:]); err != nil {
			return "", err
		}
		j := (int(b[0])<<8 | int(b[1])) % (i + 1)
		password[i], password[j] = password[j], password[i]
	}
	return string(password), nil
}
