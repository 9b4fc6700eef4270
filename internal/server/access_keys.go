package server

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/internal/gateway/signed"
	"github.com/poolgate/poolgate/internal/policy"
	"github.com/poolgate/poolgate/internal/wire"
)

// Caller is whose an access key is.
type Caller struct {
	// ARN is an IAM user's, a role session's or an account's root; empty means a user named for the key in the key's account.
	ARN string
	// PolicyFile holds the identity policy; empty allows everything.
	PolicyFile string
}

// deskSecret is the secret of the keys that APIs take while none are configured: the access key test, and every one of twelve
// digits for its account. They are what emulators' documentation has everybody use; a server that takes them listens on loopback.
const (
	deskKey    = "test"
	deskSecret = "test"
)

// accountSource tells whose an access key or a session is; *wire.Mux does.
type accountSource interface {
	Caller(accessKeyID string) (account, principal string)
	Session(accessKeyID string) (wire.Session, bool)
}

// principals are the ARNs of the configured keys that have one.
func principals(config Config) map[string]string {
	all := make(map[string]string, len(config.Callers))
	for id, caller := range config.Callers {
		if caller.ARN != "" {
			all[id] = caller.ARN
		}
	}
	return all
}

// signers are the keys that requests to APIs may be signed with: the configured ones, else the desk's, and sessions.
func signers(config Config, accounts accountSource) (signed.Keys, error) {
	configured := make(map[string]signed.Key, len(config.AccessKeys))
	for id, secret := range config.AccessKeys {
		key := keyOf(id, secret, accounts)
		if file := config.Callers[id].PolicyFile; file != "" {
			var err error
			if key.Policy, err = readPolicy(file); err != nil {
				return nil, err
			}
		}
		configured[id] = key
	}
	for id, caller := range config.Callers {
		if _, known := configured[id]; !known {
			return nil, hinted(fmt.Errorf("%q is no configured access key", id), "give its secret with --access-key ID:SECRET")
		}
		if caller.ARN != "" && !isPrincipal(caller.ARN) {
			return nil, hinted(fmt.Errorf("%q is not the ARN of a user, a role's session or an account's root", caller.ARN),
				"write it as --access-key-arn ID=arn:aws:iam::ACCOUNT:user/NAME")
		}
	}
	return func(id string) (signed.Key, bool) {
		if key, known := configured[id]; known {
			return key, true
		}
		if session, known := accounts.Session(id); known {
			return signed.Key{Secret: session.Secret, Token: session.Token, Account: session.Account, ARN: sessionARN(session, id), UserID: id}, true
		}
		if len(configured) == 0 && (id == deskKey || isAccount(id)) {
			return keyOf(id, deskSecret, accounts), true
		}
		return signed.Key{}, false
	}, nil
}

// keyOf is a key with what is known of whose it is.
func keyOf(id, secret string, accounts accountSource) signed.Key {
	account, arn := accounts.Caller(id)
	switch {
	case arn != "":
	case isAccount(id):
		arn = "arn:aws:iam::" + account + ":root"
	default:
		arn = "arn:aws:iam::" + account + ":user/" + id
	}
	key := signed.Key{Secret: secret, Account: account, ARN: arn, UserID: id}
	if strings.HasSuffix(arn, ":root") {
		key.UserID = account // as AWS has it
	}
	return key
}

// sessionARN is the ARN that a role's session has: the role's name without its path, and the session's name.
func sessionARN(session wire.Session, id string) string {
	front, role, found := strings.Cut(session.Principal, ":role/")
	if !found {
		return session.Principal
	}
	return strings.Replace(front, ":iam:", ":sts:", 1) + ":assumed-role/" + role[strings.LastIndexByte(role, '/')+1:] + "/" + id
}

func readPolicy(file string) (*policy.Document, error) {
	const hint = `the file must hold an IAM policy: {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}`
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, hinted(fmt.Errorf("the policy of an access key: %w", err), hint)
	}
	document, err := policy.Parse(data)
	if err != nil {
		return nil, hinted(fmt.Errorf("the policy in %s: %w", file, err), hint)
	}
	return document, nil
}

// isPrincipal recognises the ARNs of who can sign a request.
func isPrincipal(arn string) bool {
	fields := strings.SplitN(arn, ":", 6)
	if len(fields) != 6 || fields[0] != "arn" || fields[3] != "" || !isAccount(fields[4]) || strings.ContainsAny(arn, "*? ") {
		return false
	}
	kind, name, _ := strings.Cut(fields[5], "/")
	switch fields[2] + ":" + kind {
	case "iam:root":
		return name == "" && fields[5] == "root"
	case "iam:user":
		return name != "" && !strings.HasSuffix(name, "/")
	case "sts:assumed-role":
		parts := strings.Split(name, "/")
		return len(parts) == 2 && !slices.Contains(parts, "")
	}
	return false
}

func isAccount(text string) bool { return len(text) == 12 && strings.Trim(text, "0123456789") == "" }
