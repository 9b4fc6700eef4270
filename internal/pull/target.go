package pull

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/poolgate/poolgate/internal/account"
)

// Target is one thing to pull.
type Target struct {
	// API is an API's id, Pool a pool's, Host a custom domain name; one of them is set.
	API, Pool, Host string
	// Region is the one that the target names; empty where it names none. A pool's is in its id.
	Region string
}

var (
	poolID = regexp.MustCompile(`^([a-z]{2}(?:-[a-z]+)+-\d)_[0-9a-zA-Z]{1,55}$`)
	apiID  = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
)

// ParseTarget reads what somebody wrote: an API's id, a pool's id or ARN, or the URL of a deployed API, which may be a custom domain's.
func ParseTarget(text string) (Target, error) {
	bad := fmt.Errorf("%.100q is neither an API's id, nor a user pool's, nor the URL of an API", text)
	if id := text[strings.LastIndexByte(text, '/')+1:]; poolID.MatchString(id) && (id == text || strings.HasPrefix(text, "arn:")) {
		return Target{Pool: id, Region: poolID.FindStringSubmatch(id)[1]}, nil
	}
	if apiID.MatchString(text) {
		return Target{API: text}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return Target{}, bad
	}
	if rest, ok := strings.CutPrefix(u.Path, "/_aws/execute-api/"); ok {
		if id, _, _ := strings.Cut(rest, "/"); apiID.MatchString(id) {
			return Target{API: id}, nil
		}
		return Target{}, bad
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	labels := strings.Split(host, ".")
	if len(labels) > 2 && labels[1] == "execute-api" && apiID.MatchString(labels[0]) {
		target := Target{API: labels[0]}
		if len(labels) > 3 {
			target.Region = labels[2]
		}
		return target, nil
	}
	if len(labels) < 2 {
		return Target{}, bad
	}
	return Target{Host: host}, nil
}

// String is the target as it was meant.
func (t Target) String() string { return t.API + t.Pool + t.Host }

// apis are the ids of the APIs that a target means: several for a custom domain.
func (t Target) apis(ctx context.Context, r *account.Reader) ([]string, error) {
	if t.Host == "" {
		return []string{t.API}, nil
	}
	domain, err := r.Domain(ctx, t.Host)
	if err != nil {
		return nil, err
	}
	if domain == nil || len(domain.Mappings) == 0 {
		return nil, &Missing{What: "the custom domain name " + t.Host, Gaps: r.Gaps()}
	}
	var ids []string
	for _, m := range domain.Mappings {
		ids = append(ids, m.API)
	}
	return ids, nil
}

// Missing tells that something is not in the account, or cannot be read there.
type Missing struct {
	What string
	// Gaps are what could not be read; none means that the account answered, and has no such thing.
	Gaps []account.Gap
}

// Error implements error.
func (m *Missing) Error() string {
	if len(m.Gaps) == 0 {
		return m.What + " is not in this account and region"
	}
	g := m.Gaps[0]
	return fmt.Sprintf("%s cannot be read: %s %s: %s", m.What, g.Operation, inWords(g.Kind), g.Message)
}

// inWords is why something could not be read, as the end of a sentence about the call.
func inWords(kind account.GapKind) string {
	switch kind {
	case account.GapDenied:
		return "is not allowed"
	case account.GapCredentials:
		return "has no valid credentials"
	case account.GapThrottled:
		return "was throttled"
	case account.GapUnreachable:
		return "got no answer"
	case account.GapTooMuch:
		return "has too long an answer"
	case account.GapHidden:
		return "does not show it"
	}
	return "was answered by something else than AWS"
}
