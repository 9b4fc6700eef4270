package policy

import (
	"errors"
	"strings"
	"testing"
)

const (
	methodARN = "arn:aws:execute-api:us-east-1:123456789012:abc123/prod/GET/pets/7"
	userARN   = "arn:aws:iam::123456789012:user/bob"
)

var testAPI = API{Region: "us-east-1", Account: "123456789012", ID: "abc123"}

// ask evaluates a document of one statement about methodARN.
func ask(t *testing.T, statement string, change func(*Request)) Verdict {
	t.Helper()
	d, err := Parse([]byte(`{"Version":"2012-10-17","Statement":` + statement + `}`))
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	r := Request{Action: "execute-api:Invoke", Resource: methodARN}
	if change != nil {
		change(&r)
	}
	return d.Evaluate(r)
}

func TestResourcesAndActions(t *testing.T) {
	for _, c := range []struct {
		name, statement string
		want            Verdict
	}{
		{"everything", `{"Effect":"Allow","Action":"*","Resource":"*"}`, Allowed},
		{"a list of statements", `[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}]`, Denied},
		{"no statement", `[]`, Silent},
		{"an action's case does not matter", `{"Effect":"Allow","Action":"EXECUTE-API:invoke","Resource":"*"}`, Allowed},
		{"an action with wildcards", `{"Effect":"Allow","Action":["s3:*","execute-api:In?ok*"],"Resource":"*"}`, Allowed},
		{"another action", `{"Effect":"Allow","Action":"execute-api:ManageConnections","Resource":"*"}`, Silent},
		{"all but this action", `{"Effect":"Allow","NotAction":"execute-api:*","Resource":"*"}`, Silent},
		{"all but another action", `{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}`, Allowed},
		{"the method itself", `{"Effect":"Allow","Action":"*","Resource":"` + methodARN + `"}`, Allowed},
		{"a path's case matters", `{"Effect":"Allow","Action":"*","Resource":"` + strings.ToUpper(methodARN[:3]) + methodARN[3:] + `"}`, Silent},
		{"a star spans slashes", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:us-east-1:123456789012:abc123/prod/*"}`, Allowed},
		{"a star spans no colon", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:*:abc123/prod/GET/pets/7"}`, Silent},
		{"stars in each field", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:*:*:*"}`, Allowed},
		{"a short ARN is completed", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api"}`, Allowed},
		{"another method", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:*:*:*/*/POST/*"}`, Silent},
		{"question marks", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:*:*:abc12?/prod/???/pets/?"}`, Allowed},
		{"one question mark too many", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:*:*:abc123/prod/GET/pets/7?"}`, Silent},
		{"all but this resource", `{"Effect":"Deny","Action":"*","NotResource":"*/pets/7"}`, Silent},
		{"all but another resource", `{"Effect":"Deny","Action":"*","NotResource":["*/pets/8","*/cats"]}`, Denied},
	} {
		if got := ask(t, c.statement, nil); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A path with colons must not pass for the ARN of another API, whatever the account or region is.
func TestPathDoesNotPassForAnotherAPI(t *testing.T) {
	got := ask(t, `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:us-east-1:*:open00/prod/GET/x"}`, func(r *Request) {
		r.Resource = "arn:aws:execute-api:us-east-1:123456789012:abc123/prod/GET/1:open00/prod/GET/x"
	})
	if got != Silent {
		t.Fatal(got)
	}
}

func TestPrincipals(t *testing.T) {
	bob := Principal{ARN: userARN, Account: "123456789012", UserID: "AIDAJQABLZS4A3QDU576Q"}
	eve := Principal{ARN: "arn:aws:iam::999999999999:user/eve", Account: "999999999999"}
	session := Principal{ARN: "arn:aws:sts::123456789012:assumed-role/reader/s1", Account: "123456789012"}
	root := Principal{ARN: "arn:aws:iam::123456789012:root", Account: "123456789012"}
	anonymous := Principal{}
	for _, c := range []struct {
		name, who string
		principal Principal
		want      Verdict
	}{
		{"everybody", `"Principal":"*"`, anonymous, Allowed},
		{"everybody of AWS", `"Principal":{"AWS":"*"}`, anonymous, Allowed},
		{"an account's root ARN means the account", `"Principal":{"AWS":"arn:aws:iam::123456789012:root"}`, bob, Allowed},
		{"an account's digits", `"Principal":{"AWS":["123456789012"]}`, session, Allowed},
		{"another account", `"Principal":{"AWS":"123456789012"}`, eve, Silent},
		{"nobody known is no account", `"Principal":{"AWS":"123456789012"}`, anonymous, Silent},
		{"a user", `"Principal":{"AWS":"` + userARN + `"}`, bob, Allowed},
		{"another user", `"Principal":{"AWS":"` + userARN + `"}`, root, Silent},
		{"a user's unique id", `"Principal":{"AWS":"AIDAJQABLZS4A3QDU576Q"}`, bob, Allowed},
		{"a role means its sessions", `"Principal":{"AWS":"arn:aws:iam::123456789012:role/team/reader"}`, session, Allowed},
		{"another role", `"Principal":{"AWS":"arn:aws:iam::123456789012:role/team/writer"}`, session, Silent},
		{"a role of another account", `"Principal":{"AWS":"arn:aws:iam::999999999999:role/reader"}`, session, Silent},
		{"a session", `"Principal":{"AWS":"arn:aws:sts::123456789012:assumed-role/reader/s1"}`, session, Allowed},
		{"a service", `"Principal":{"Service":"lambda.amazonaws.com"}`, Principal{Service: "lambda.amazonaws.com"}, Allowed},
		{"a service is not who calls", `"Principal":{"Service":"lambda.amazonaws.com"}`, bob, Silent},
		{"an allow for all but a user", `"NotPrincipal":{"AWS":"` + userARN + `"}`, bob, Silent},
		{"an allow for all but an account", `"NotPrincipal":{"AWS":"123456789012"}`, bob, Silent},
		{"an allow for others", `"NotPrincipal":{"AWS":"123456789012"}`, eve, Allowed},
	} {
		got := ask(t, `{"Effect":"Allow","Action":"*","Resource":"*",`+c.who+`}`, func(r *Request) { r.Principal = c.principal })
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		name, who string
		principal Principal
		want      Verdict
	}{
		{"a user is spared with the account", `"NotPrincipal":{"AWS":["` + userARN + `","123456789012"]}`, bob, Silent},
		{"a user alone is not spared", `"NotPrincipal":{"AWS":"` + userARN + `"}`, bob, Denied},
		{"the account does not spare its users", `"NotPrincipal":{"AWS":"123456789012"}`, bob, Denied},
		{"the account spares its root", `"NotPrincipal":{"AWS":"123456789012"}`, root, Silent},
		{"a session is not spared without its role", `"NotPrincipal":{"AWS":["arn:aws:sts::123456789012:assumed-role/reader/s1","123456789012"]}`, session, Denied},
		{"a session is spared with its role and account", `"NotPrincipal":{"AWS":["arn:aws:sts::123456789012:assumed-role/reader/s1","arn:aws:iam::123456789012:role/reader","123456789012"]}`, session, Silent},
		{"others are denied", `"NotPrincipal":{"AWS":["` + userARN + `","123456789012"]}`, eve, Denied},
		{"the anonymous are denied", `"NotPrincipal":{"AWS":["` + userARN + `","123456789012"]}`, anonymous, Denied},
	} {
		got := ask(t, `{"Effect":"Deny","Action":"*","Resource":"*",`+c.who+`}`, func(r *Request) { r.Principal = c.principal })
		if got != c.want {
			t.Errorf("deny: %s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestShortResources(t *testing.T) {
	for _, c := range []struct {
		resource string
		want     Verdict
	}{
		{"execute-api:/*", Allowed},
		{"execute-api:*", Allowed},
		{"execute-api:/prod/GET/pets/*", Allowed},
		{"execute-api:/*/GET/*", Allowed},
		{"execute-api:/test/*", Silent},
		{"execute-api:/prod/POST/*", Silent},
		{methodARN, Allowed},
		{"arn:aws:execute-api:us-east-1:123456789012:other1/*", Silent},
	} {
		d, err := ParseResource([]byte(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"`+c.resource+`"}]}`), testAPI)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Evaluate(Request{Action: "execute-api:Invoke", Resource: methodARN}); got != c.want {
			t.Errorf("%s: %s, want %s", c.resource, got, c.want)
		}
	}
}

func TestVariables(t *testing.T) {
	context := func(values ...string) func(*Request) {
		return func(r *Request) { r.Context = map[string][]string{"aws:username": values} }
	}
	const resource = `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:*:*:abc123/prod/GET/pets/${aws:UserName}"}`
	for _, c := range []struct {
		name, statement string
		change          func(*Request)
		want            Verdict
	}{
		{"a value", resource, context("7"), Allowed},
		{"another value", resource, context("8"), Silent},
		{"a value is no wildcard", resource, context("*"), Silent},
		{"no value", resource, context(), Silent},
		{"several values are none", resource, context("7", "8"), Silent},
		{"a default", `{"Effect":"Allow","Action":"*","Resource":"*/pets/${aws:username, '7'}"}`, context(), Allowed},
		{"a value goes before the default", `{"Effect":"Allow","Action":"*","Resource":"*/pets/${aws:username,'7'}"}`, context("8"), Silent},
		{"a star by its name", `{"Effect":"Allow","Action":"*","Resource":"*/pets/${*}"}`, nil, Silent},
		{"in a condition", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:username":"${aws:username}*"}}}`, context("a*b"), Allowed},
	} {
		if got := ask(t, c.statement, c.change); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	old, err := Parse([]byte(`{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*/${aws:username}"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := old.Evaluate(Request{Action: "a:b", Resource: "x/${aws:username}"}); got != Allowed {
		t.Errorf("the older version has no variables: %s", got)
	}
}

func TestParseNamesThePlace(t *testing.T) {
	const ok = `"Effect":"Allow","Action":"*","Resource":"*"`
	for _, c := range []struct{ document, place string }{
		{``, ""}, {`{`, ""}, {`[]`, ""}, {`{}`, ""}, {`{"Statement":[]} x`, ""}, {`null`, ""},
		{`{"Statement":{` + ok + `},"Statement":[]}`, "Statement"},
		{`{"Version":"2020-01-01","Statement":[]}`, "Version"},
		{`{"Statement":[],"statement":[]}`, "statement"},
		{`{"Statement":[{` + ok + `},"x"]}`, "Statement[1]"},
		{`{"Statement":[{"Action":"*","Resource":"*"}]}`, "Statement[0]"},
		{`{"Statement":[{"Effect":"Allow","Resource":"*"}]}`, "Statement[0]"},
		{`{"Statement":[{"Effect":"Allow","Action":"*"}]}`, "Statement[0]"},
		{`{"Statement":[{` + ok + `,"NotAction":"*"}]}`, "Statement[0]"},
		{`{"Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}`, "Statement[0].Effect"},
		{`{"Statement":[{"Effect":"Allow","Action":"invoke","Resource":"*"}]}`, "Statement[0].Action"},
		{`{"Statement":[{"Effect":"Allow","Action":["a:b",7],"Resource":"*"}]}`, "Statement[0].Action[1]"},
		{`{"Statement":[{"Effect":"Allow","Action":[],"Resource":"*"}]}`, "Statement[0].Action"},
		{`{"Statement":[{"Effect":"Allow","Action":"*","Resource":""}]}`, "Statement[0].Resource"},
		{`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":["${x"]}]}`, "Statement[0].Resource[0]"},
		{`{"Statement":[{` + ok + `,"Principal":"bob"}]}`, "Statement[0].Principal"},
		{`{"Statement":[{` + ok + `,"Principal":{"AWS":["*","arn:aws:iam::123456789012:user/*"]}}]}`, "Statement[0].Principal.AWS[1]"},
		{`{"Statement":[{` + ok + `,"Principal":{"User":"x"}}]}`, "Statement[0].Principal.User"},
		{`{"Statement":[{` + ok + `,"Condition":{"StringIs":{"a":"b"}}}]}`, "Statement[0].Condition.StringIs"},
		{`{"Statement":[{` + ok + `,"Condition":{"NullIfExists":{"a":"true"}}}]}`, "Statement[0].Condition.NullIfExists"},
		{`{"Statement":[{` + ok + `,"Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","10.0.0.0/33"]}}}]}`, "Statement[0].Condition.IpAddress.aws:SourceIp[1]"},
		{`{"Statement":[{` + ok + `,"Condition":{"NumericEquals":{"a":"0x10"}}}]}`, "Statement[0].Condition.NumericEquals.a"},
		{`{"Statement":[{` + ok + `,"Condition":{"DateLessThan":{"a":"soon"}}}]}`, "Statement[0].Condition.DateLessThan.a"},
		{`{"Statement":[{` + ok + `,"Condition":{"Bool":{"a":"yes"}}}]}`, "Statement[0].Condition.Bool.a"},
		{`{"Statement":[{` + ok + `,"Condition":[]}]}`, "Statement[0].Condition"},
		{`{"Statement":[{` + ok + `,"Colour":"red"}]}`, "Statement[0].Colour"},
	} {
		_, err := Parse([]byte(c.document))
		if e := new(Error); !errors.As(err, &e) || e.Place != c.place {
			t.Errorf("%s: %v, want an error at %q", c.document, err, c.place)
		}
	}
}

func TestResourcePoliciesAskForMore(t *testing.T) {
	for _, document := range []string{
		`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"prod/GET/pets"}]}`,
		`{"Statement":[],"Id":"` + strings.Repeat("x", ResourceLimit) + `"}`,
	} {
		if _, err := ParseResource([]byte(document), testAPI); err == nil {
			t.Errorf("accepted: %.80s", document)
		}
	}
}

func TestKeys(t *testing.T) {
	d, err := Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":["arn:aws:execute-api:*:*:*/${aws:username}","${aws:userid}"],
		"Condition":{"StringLike":{"aws:UserAgent":"${aws:Referer}"},"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:PrincipalAccount}:*"},"Null":{"aws:useragent":"false"}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := "aws:principalaccount aws:principalarn aws:referer aws:useragent aws:userid aws:username"
	if got := strings.Join(d.Keys(), " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDecideNamesTheStatement(t *testing.T) {
	d, err := Parse([]byte(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"NoPets","Effect":"Deny","Action":"*","Resource":"*/pets"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for resource, want := range map[string]string{"a/cats": "Statement[0]", "a/pets": "NoPets"} {
		if _, by := d.Decide(&Request{Action: "a:b", Resource: resource}); by != want {
			t.Errorf("%s: %q, want %q", resource, by, want)
		}
	}
}
