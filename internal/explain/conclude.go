package explain

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// conclude holds what the gateway would decide against the answer that came. A cause is certain when both agree, or when the answer has
// one cause only; where they contradict each other, the verdict says what is most likely and that it is not certain.
func (l *look) conclude(v *Verdict) {
	e, r := &l.evidence, l.deployed
	switch {
	case e.foreign != "":
		l.foreign(v)
	case r == nil:
		l.withoutAccount(v)
	case !e.sent:
		l.notSent(v)
	case e.passed:
		l.passed(v)
	case !r.Allowed && (e.could(r.Reason) || l.alike(r.Reason)):
		l.refused(v, r.Reason, r.Saw, r.Expected)
		if r.Reason == authz.KeysUnavailable && len(e.reasons) > 1 {
			l.doubt(v, r)
		}
	case e.backend:
		l.refused(v, authz.IntegrationRefused, fmt.Sprintf("the backend itself answered %d %s", v.Status, http.StatusText(v.Status)), "an answer that lets the request in")
	default:
		l.beyond(v)
	}
}

// alike tells that an answer fits a reason which shares its answer with another that the evidence names.
func (l *look) alike(reason authz.Reason) bool {
	route := []authz.Reason{authz.RouteNotFound, authz.RouteNotFoundSignatureExpected, authz.StageNotFound}
	return slices.Contains(route, reason) && slices.ContainsFunc(l.evidence.reasons, func(r authz.Reason) bool { return slices.Contains(route, r) })
}

// refused is a certain refusal.
func (l *look) refused(v *Verdict, reason authz.Reason, saw, expected string) {
	v.Certain, v.Allowed, v.Reason = true, false, reason
	v.RefusedBy, v.Saw, v.Expected = string(reason.Info().RefusedBy), saw, expected
	if v.Sentence = l.deployedSentence(reason); v.Status == 0 && l.deployed != nil {
		v.Status = l.deployed.Status
	}
	if l.guessed && !l.evidence.sent {
		v.unsure("what the stage serves could not be read; this was judged by the API as it is edited now")
	}
}

// deployedSentence tells a reason, in the words for the kind of API.
func (l *look) deployedSentence(reason authz.Reason) string {
	if r := l.deployed; r != nil && r.Reason == reason && r.Sentence != "" {
		return r.Sentence
	}
	return reason.Info().Sentence
}

// unsure makes a verdict one that is not certain, for want of something.
func (v *Verdict) unsure(missing string) {
	v.Certain = false
	v.Missing = append(v.Missing, missing)
}

// notSent is the verdict without an answer.
func (l *look) notSent(v *Verdict) {
	r := l.deployed
	why := l.c.NotSent
	if why == "" {
		why = "the request was not sent"
	}
	if !r.Allowed {
		l.refused(v, r.Reason, r.Saw, r.Expected)
		v.Status = r.Status
		l.doubt(v, r)
		return
	}
	v.Certain, v.Allowed = !l.guessed, true
	v.Sentence = "Nothing that was read refuses the request (" + why + ")."
	if l.guessed {
		v.Missing = append(v.Missing, "what the stage serves could not be read; this was judged by the API as it is edited now")
	}
	for _, open := range l.undecided() {
		v.unsure(open + ": only sending the request tells (" + why + ")")
	}
	v.Allowed = v.Certain
}

// doubt marks what was judged with facts of this machine that may be others where the API is.
func (l *look) doubt(v *Verdict, r *decision.Record) {
	switch {
	case r.Reason == authz.ResourcePolicyDenied && !l.c.Located.Local:
		v.unsure("which address the API sees the request come from; the resource policy was held against this machine's own")
	case r.Reason == authz.KeysUnavailable:
		v.unsure("the pool's public keys could not be fetched from here; API Gateway may have them")
	case r.Reason == authz.PoolNotFound && !l.gone():
		v.unsure("whether the pool exists")
	}
}

// gone tells that a pool which was asked for does not exist.
func (l *look) gone() bool {
	for _, p := range l.pools {
		if p.Gone {
			return true
		}
	}
	return false
}

// undecided are what nobody can decide without the answer: functions, access keys and API keys.
func (l *look) undecided() (open []string) {
	r := l.deployed
	switch r.AuthorizationType {
	case "CUSTOM":
		open = append(open, "what the authorizer's function answers")
	case "AWS_IAM":
		open = append(open, "whether the signature is right and its signer may call the method")
	}
	if l.keyRequired() {
		open = append(open, "whether the API key is enabled and in a usage plan of the stage")
	}
	return open
}

// passed is the verdict on a request that was let in.
func (l *look) passed(v *Verdict) {
	v.Allowed, v.Certain = true, true
	v.Sentence = "The request passed every check of the API."
	if v.Status >= http.StatusBadRequest {
		v.Sentence += fmt.Sprintf(" The %d is the backend's own answer.", v.Status)
	}
	if r := l.deployed; !r.Allowed && r.Reason != authz.KeysUnavailable {
		v.Sentence = "The request was let in."
		v.Missing = append(v.Missing, fmt.Sprintf("By what the account shows it should have been refused (%s: %s). The API may have been changed meanwhile, or its clock differs from the local one.", r.Reason, r.Saw))
	}
}

// beyond is the verdict on a refusal that the account's configuration does not explain by itself.
func (l *look) beyond(v *Verdict) {
	e, r := &l.evidence, l.deployed
	candidates := e.reasons
	if r.Allowed {
		candidates = l.possible(e.reasons)
	}
	switch {
	case len(candidates) == 1 && (r.Allowed || len(e.reasons) == 1):
		saw, expected := l.sawOf(candidates[0])
		l.refused(v, candidates[0], saw, expected)
	case len(candidates) > 0:
		l.refused(v, candidates[0], "", "")
		v.unsure(l.contradiction(candidates))
	case len(e.reasons) > 0:
		l.refused(v, e.reasons[0], "", "")
		v.unsure(l.contradiction(e.reasons))
	default:
		v.Sentence = fmt.Sprintf("The answer %d is not one that API Gateway is known to give.", v.Status)
		v.unsure("who answered: " + l.contradiction(nil))
	}
}

// contradiction tells how the answer and the account differ.
func (l *look) contradiction(candidates []authz.Reason) string {
	r := l.deployed
	by := "By what the account shows the request should pass"
	if !r.Allowed {
		by = fmt.Sprintf("By what the account shows the request should be refused otherwise (%s: %s)", r.Reason, r.Saw)
	}
	text := fmt.Sprintf("%s, yet it was answered %d", by, l.c.Answer.Status)
	if message := l.evidence.message; message != "" {
		text += fmt.Sprintf(" %q", clip(message, 200))
	}
	if len(candidates) > 1 {
		text += ", which fits " + codes(candidates)
	}
	return text + "."
}

func codes(reasons []authz.Reason) (text string) {
	const most = 6
	for i, r := range reasons {
		if i == most {
			return text + " and others"
		}
		if i > 0 {
			text += ", "
		}
		text += string(r)
	}
	return text
}

// clip cuts a text that others wrote to a length that people read.
func clip(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// possible are the reasons that a request which passes all that can be judged may still be refused for.
func (l *look) possible(reasons []authz.Reason) (left []authz.Reason) {
	r := l.deployed
	for _, reason := range reasons {
		keep := false
		switch reason {
		case authz.AuthorizerDenied, authz.AuthorizerDeniedExplicitly, authz.AuthorizerUnauthorized, authz.AuthorizerFailed, authz.AuthorizerMisconfigured:
			keep = r.AuthorizationType == "CUSTOM"
		case authz.SignatureMissing, authz.SignatureInvalid, authz.SignatureExpired, authz.AccessKeyUnknown, authz.IAMDenied:
			keep = r.AuthorizationType == "AWS_IAM"
		case authz.APIKeyMissing:
			keep = l.keyRequired() && l.keyFromAuthorizer()
		case authz.APIKeyInvalid:
			keep = l.keyRequired()
		case authz.WAFBlocked:
			keep = l.webACL() != ""
		case authz.ResourcePolicyDenied:
			keep = l.hasPolicy()
		case authz.Throttled, authz.QuotaExceeded, authz.IntegrationTimeout, authz.BodyTooLarge, authz.URITooLong, authz.MediaTypeUnsupported,
			authz.ParametersMissing, authz.BodyInvalid:
			keep = true
		case authz.IntegrationFailed, authz.FunctionPermissionMissing, authz.FunctionAnswerMalformed:
			keep = true
		}
		if keep {
			left = append(left, reason)
		}
	}
	return l.narrowed(left)
}
