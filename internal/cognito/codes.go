package cognito

import (
	"crypto/subtle"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// codePurpose is what a code is for: how long it is good, and how often in an hour it may be sent and tried (fact 6.9).
type codePurpose struct {
	name       string
	life       time.Duration
	sends      int
	tries      int
	kind       string
	subject    string
	defaultMsg string
}

const verificationSubject = "Your verification code"

var (
	signUpCode = codePurpose{
		name: "sign-up", life: 24 * time.Hour, sends: 6, tries: 15,
		kind: "SignUp", subject: verificationSubject, defaultMsg: "Your confirmation code is {####}",
	}
	forgotPasswordCode = codePurpose{
		name: "forgot-password", life: time.Hour, sends: 5, tries: 15,
		kind: "ForgotPassword", subject: verificationSubject, defaultMsg: "Your password reset code is {####}",
	}
)

// attributeCode verifies an attribute that the user changed.
func attributeCode(name string) codePurpose {
	return codePurpose{
		name: "attribute/" + name, life: 24 * time.Hour, sends: 5, tries: 15,
		kind: "VerifyUserAttribute", subject: verificationSubject, defaultMsg: "Your verification code is {####}",
	}
}

const codeDigits = 6

// attemptLimit is the refusal of what was done too often within the hour.
func attemptLimit() *fault.Error {
	return fault.Limit("LimitExceededException", "Attempt limit exceeded, please try after some time.")
}

// current is the code with its counts begun anew when their hour is over.
func (c code) current(now time.Time) code {
	if now.Sub(c.Since) >= time.Hour {
		c.Since, c.Sent, c.Attempts = now, 0, 0
	}
	return c
}

// sendCode gives the user a new code and sends it to the attribute's value. The caller stores the user.
func (s *Service) sendCode(tx *store.Tx, p *pool, u *user, purpose codePurpose, attribute string) (*types.CodeDeliveryDetailsType, error) {
	now := s.now()
	c := u.Codes[purpose.name].current(now)
	if c.Sent >= purpose.sends {
		return nil, attemptLimit()
	}
	digits, err := s.randomText("0123456789", codeDigits)
	if err != nil {
		return nil, err
	}
	c.Sealed = s.store.Seal(codeSeal(p.id(), u.Username, purpose), []byte(digits))
	c.Expires, c.Attribute, c.Sent = now.Add(purpose.life), attribute, c.Sent+1
	if u.Codes == nil {
		u.Codes = map[string]code{}
	}
	u.Codes[purpose.name] = c
	m := Message{
		PoolID: p.id(), Username: u.Username, Recipient: u.attribute(attribute), Medium: string(mediumOf(attribute)),
		Kind: purpose.kind, Code: digits,
	}
	m.Subject, m.Body = p.verificationMessage(purpose, attribute, u.Username, digits)
	if err := s.deliver(tx, m); err != nil {
		return nil, err
	}
	return deliveryDetails(attribute, u.attribute(attribute)), nil
}

// checkCode uses up the user's code, or counts a wrong one. The caller stores the user either way.
func (s *Service) checkCode(p *pool, u *user, purpose codePurpose, given string) (attribute string, refusal *fault.Error, err error) {
	now := s.now()
	c, sent := u.Codes[purpose.name]
	if !sent || c.Sealed == "" {
		return "", expiredCode(), nil
	}
	c = c.current(now)
	if c.Attempts >= purpose.tries {
		return "", attemptLimit(), nil
	}
	c.Attempts++
	u.Codes[purpose.name] = c
	want, err := s.store.Unseal(codeSeal(p.id(), u.Username, purpose), c.Sealed)
	if err != nil {
		return "", nil, err
	}
	switch {
	case subtle.ConstantTimeCompare(want, []byte(given)) != 1:
		return "", mismatchedCode(), nil
	case !now.Before(c.Expires):
		return "", expiredCode(), nil
	}
	c.Sealed = "" // used up; the counts of the hour stay
	u.Codes[purpose.name] = c
	return c.Attribute, nil, nil
}

func codeSeal(poolID, username string, purpose codePurpose) string {
	return "code/" + poolID + "/" + username + "/" + purpose.name
}

func mismatchedCode() *fault.Error {
	return fault.Invalid("CodeMismatchException", "Invalid verification code provided, please try again.")
}

func expiredCode() *fault.Error {
	return fault.Invalid("ExpiredCodeException", "Invalid code provided, please request a code again.")
}

// verificationMessage is a code's message in the pool's own words, or in AWS's.
func (p *pool) verificationMessage(purpose codePurpose, attribute, username, digits string) (subject, body string) {
	fill := strings.NewReplacer("{####}", digits, "{username}", username)
	if purpose.kind == "Authentication" {
		return p.authenticationMessage(purpose, attribute, fill)
	}
	detail := &p.Detail.Value
	template := value(detail.VerificationMessageTemplate)
	if attribute == "phone_number" {
		return "", fill.Replace(firstText(value(template.SmsMessage), value(detail.SmsVerificationMessage), purpose.defaultMsg))
	}
	return fill.Replace(firstText(value(template.EmailSubject), value(detail.EmailVerificationSubject), purpose.subject)),
		fill.Replace(firstText(value(template.EmailMessage), value(detail.EmailVerificationMessage), purpose.defaultMsg))
}

// firstText is the first text that is not empty.
func firstText(texts ...string) string {
	if i := slices.IndexFunc(texts, func(t string) bool { return t != "" }); i >= 0 {
		return texts[i]
	}
	return ""
}

func mediumOf(attribute string) types.DeliveryMediumType {
	if attribute == "phone_number" {
		return types.DeliveryMediumTypeSms
	}
	return types.DeliveryMediumTypeEmail
}

// deliveryDetails says where a code went without telling the address: a***@e***, +*******1234.
func deliveryDetails(attribute, destination string) *types.CodeDeliveryDetailsType {
	masked := maskEmail(destination)
	if attribute == "phone_number" {
		masked = maskPhone(destination)
	}
	return &types.CodeDeliveryDetailsType{
		AttributeName: aws.String(attribute), DeliveryMedium: mediumOf(attribute), Destination: aws.String(masked),
	}
}

func maskEmail(address string) string {
	local, host, _ := strings.Cut(address, "@")
	return firstRune(local) + "***@" + firstRune(host) + "***"
}

func firstRune(text string) string {
	_, size := utf8.DecodeRuneInString(text)
	return text[:size]
}

func maskPhone(number string) string {
	digits := strings.TrimPrefix(number, "+")
	hidden := max(len(digits)-4, 0)
	return "+" + strings.Repeat("*", hidden) + digits[hidden:]
}

// autoVerified is the attribute that a code verifies at sign-up: the phone number before the e-mail address, of those that the
// pool verifies by itself and the user has; empty when there is none.
func (p *pool) autoVerified(u *user) string {
	for _, a := range []string{"phone_number", "email"} {
		if p.verifiesItself(a) && u.attribute(a) != "" {
			return a
		}
	}
	return ""
}

func (p *pool) verifiesItself(attribute string) bool {
	return slices.Contains(p.Detail.Value.AutoVerifiedAttributes, types.VerifiedAttributeType(attribute))
}
