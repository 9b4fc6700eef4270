package lambda

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/uuid"

	"github.com/poolgate/poolgate/internal/store"
)

// policy is a resource policy: who may invoke a function under one qualifier.
type policy struct {
	RevisionID string
	Statements []statement
}

// statement is as IAM writes it, because that is what people read back.
type statement struct {
	Sid       string
	Effect    string
	Principal any
	Action    string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

var accountID = regexp.MustCompile(`^\d{12}$`)

// AddPermission lets a service or an account invoke a function.
func (s *Service) AddPermission(ctx context.Context, in *lambda.AddPermissionInput) (*lambda.AddPermissionOutput, error) {
	var text []byte
	err := s.change(ctx, in.FunctionName, in.Qualifier, func(tx *store.Tx, f *function, r reference) error {
		if r.qualifier == latest {
			return invalid("We currently do not support adding policies for $LATEST.")
		}
		if _, err := s.findRevision(tx, f, r); err != nil {
			return err
		}
		p := f.Policies[r.qualifier]
		if p == nil {
			p = &policy{}
		}
		if id := aws.ToString(in.RevisionId); id != "" && id != p.RevisionID {
			return errStale
		}
		sid := aws.ToString(in.StatementId)
		if slices.ContainsFunc(p.Statements, func(st statement) bool { return st.Sid == sid }) {
			return conflict("The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", sid)
		}
		added := newStatement(in, r)
		p.Statements = append(p.Statements, added)
		p.RevisionID = uuid.NewString()
		if whole, err := json.Marshal(p); err != nil || len(whole) > 20<<10 {
			return tooLongPolicy
		}
		if f.Policies == nil {
			f.Policies = map[string]*policy{}
		}
		f.Policies[r.qualifier] = p
		var err error
		text, err = json.Marshal(added)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &lambda.AddPermissionOutput{Statement: aws.String(string(text))}, nil
}

var tooLongPolicy = func() error {
	e := invalid("The final policy size is bigger than the limit (20480).")
	e.Code = "PolicyLengthExceededException"
	return e
}()

func newStatement(in *lambda.AddPermissionInput, r reference) statement {
	st := statement{Sid: aws.ToString(in.StatementId), Effect: "Allow", Action: aws.ToString(in.Action), Resource: r.arn()}
	switch principal := aws.ToString(in.Principal); {
	case principal == "*":
		st.Principal = "*"
	case accountID.MatchString(principal):
		st.Principal = map[string]string{"AWS": "arn:aws:iam::" + principal + ":root"}
	case strings.HasPrefix(principal, "arn:"):
		st.Principal = map[string]string{"AWS": principal}
	default:
		st.Principal = map[string]string{"Service": principal}
	}
	condition := func(operator, key, value string) {
		if value == "" {
			return
		}
		if st.Condition == nil {
			st.Condition = map[string]map[string]string{}
		}
		if st.Condition[operator] == nil {
			st.Condition[operator] = map[string]string{}
		}
		st.Condition[operator][key] = value
	}
	condition("ArnLike", "AWS:SourceArn", aws.ToString(in.SourceArn))
	condition("StringEquals", "AWS:SourceAccount", aws.ToString(in.SourceAccount))
	condition("StringEquals", "aws:PrincipalOrgID", aws.ToString(in.PrincipalOrgID))
	condition("StringEquals", "lambda:EventSourceToken", aws.ToString(in.EventSourceToken))
	condition("StringEquals", "lambda:FunctionUrlAuthType", string(in.FunctionUrlAuthType))
	if in.InvokedViaFunctionUrl != nil {
		condition("Bool", "lambda:InvokedViaFunctionUrl", strconv.FormatBool(*in.InvokedViaFunctionUrl))
	}
	return st
}

// RemovePermission takes a statement away.
func (s *Service) RemovePermission(ctx context.Context, in *lambda.RemovePermissionInput) (*lambda.RemovePermissionOutput, error) {
	err := s.change(ctx, in.FunctionName, in.Qualifier, func(_ *store.Tx, f *function, r reference) error {
		p := f.Policies[r.qualifier]
		if p == nil {
			return notFound("No policy is associated with the given resource.")
		}
		if id := aws.ToString(in.RevisionId); id != "" && id != p.RevisionID {
			return errStale
		}
		sid := aws.ToString(in.StatementId)
		left := slices.DeleteFunc(p.Statements, func(st statement) bool { return st.Sid == sid })
		if len(left) == len(p.Statements) {
			return notFound("Statement %s is not found in resource policy.", sid)
		}
		p.Statements, p.RevisionID = left, uuid.NewString()
		if len(left) == 0 {
			delete(f.Policies, r.qualifier)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.RemovePermissionOutput{}, nil
}

// GetPolicy returns the statements as one IAM policy.
func (s *Service) GetPolicy(ctx context.Context, in *lambda.GetPolicyInput) (*lambda.GetPolicyOutput, error) {
	out := &lambda.GetPolicyOutput{}
	err := s.look(ctx, in.FunctionName, in.Qualifier, func(tx *store.Tx, f *function, r reference) error {
		if _, err := s.findRevision(tx, f, r); err != nil {
			return err
		}
		p := f.Policies[r.qualifier]
		if p == nil {
			return notFound("The resource you requested does not exist.")
		}
		text, err := json.Marshal(struct {
			Version   string
			ID        string `json:"Id"`
			Statement []statement
		}{"2012-10-17", "default", p.Statements})
		out.Policy, out.RevisionId = aws.String(string(text)), aws.String(p.RevisionID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// admits tells whether the call may be made, and who makes it. A service needs a statement of the function's policy. So does a role of
// another account; within the account its own policy would decide, and roles are not evaluated.
func (r *resolved) admits(in *Invocation) (caller string, admitted bool) {
	switch {
	case in.Principal != "":
		return in.Principal, r.open || r.policy.admits(in.Principal, in.SourceARN)
	case in.SourceARN == "" || r.open:
		return "", true
	}
	account := ""
	if fields := strings.SplitN(in.SourceARN, ":", 6); len(fields) == 6 {
		account = fields[4]
	}
	return "arn:aws:iam::" + account + ":root", account == r.reference.account || r.policy.admitsAccount(account)
}

// admitsAccount tells whether the roles of an account may invoke.
func (p *policy) admitsAccount(account string) bool {
	return p != nil && account != "" && slices.ContainsFunc(p.Statements, func(st statement) bool {
		return like(st.Action, "lambda:InvokeFunction") && len(st.Condition) == 0 && st.namesCaller(account, "")
	})
}

// admits tells whether a service may invoke on behalf of a source. A policy that is not there admits nobody.
func (p *policy) admits(principal, sourceARN string) bool {
	if p == nil {
		return false
	}
	return slices.ContainsFunc(p.Statements, func(st statement) bool { return st.admits(principal, sourceARN) })
}

func (st *statement) admits(principal, sourceARN string) bool {
	if !like(st.Action, "lambda:InvokeFunction") || !st.names(principal) {
		return false
	}
	for operator, keys := range st.Condition {
		for key, value := range keys {
			switch strings.ToLower(operator + " " + key) {
			case "arnlike aws:sourcearn":
				if !arnLike(value, sourceARN) {
					return false
				}
			case "stringequals aws:sourceaccount":
				if parts := strings.SplitN(sourceARN, ":", 6); len(parts) < 6 || parts[4] != value {
					return false
				}
			default:
				return false // what a call by a service does not carry is not met
			}
		}
	}
	return true
}

// names tells whether a statement is about a principal. Stored documents come back as JSON's own types.
func (st *statement) names(principal string) bool {
	switch who := st.Principal.(type) {
	case string:
		return who == "*"
	case map[string]string:
		return who["Service"] == principal
	case map[string]any:
		return who["Service"] == principal
	}
	return false
}

// arnLike compares as IAM's ArnLike: each of the six parts by itself, * and ? standing for anything in it.
func arnLike(pattern, arn string) bool {
	want, got := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(want) != len(got) {
		return pattern == "*"
	}
	for i := range want {
		if !like(want[i], got[i]) {
			return false
		}
	}
	return true
}

// like matches a text with * and ?, without going back further than the last *.
func like(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
