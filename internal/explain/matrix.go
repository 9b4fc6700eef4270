package explain

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// Table tells which kinds of tokens a method takes. Its JSON shape is public and only ever grows.
type Table struct {
	// Version is the shape's, 1.
	Version int    `json:"version"`
	API     string `json:"api"`
	Stage   string `json:"stage"`
	Method  string `json:"method"`
	Path    string `json:"path"`
	// Resource is the method's resource, or the route's key; Authorizer and Scopes are the method's.
	Resource   string   `json:"resource"`
	Authorizer string   `json:"authorizer"`
	Type       string   `json:"authorizationType"`
	Scopes     []string `json:"scopes"`
	// Source is where the token is sent: header Authorization, for instance.
	Source string `json:"source"`
	Rows   []Row  `json:"rows"`
	// Guessed tells that what the stage serves could not be read: the API as it is edited was judged.
	Guessed bool          `json:"guessed"`
	Gaps    []account.Gap `json:"-"`
}

// Row is what one kind of token gets.
type Row struct {
	Token string `json:"token"`
	// Taken tells that the authorizer lets the token in; what comes after it may still refuse the request: Reason says then why. Status is
	// the refusal's, 0 for what is allowed.
	Taken     bool         `json:"taken"`
	Status    int          `json:"status"`
	RefusedBy string       `json:"refusedBy"`
	Reason    authz.Reason `json:"reason"`
}

// NoTable says why a table cannot be made.
type NoTable struct{ Message, Hint string }

func (e *NoTable) Error() string { return e.Message }

// parameter is a parameter in the path of a resource.
var parameter = regexp.MustCompile(`\{([^{}/]+?)\+?\}`)

// Matrix tells which kinds of tokens a method of a stage takes: the settings are those that are deployed, the tokens are signed with
// throwaway keys that stand for those of the authorizer's pools, and the gateway and the engine decide. A parameter in the path
// ({id}) is given its own name as value. The error is a *NoTable, or ctx's own.
func Matrix(ctx context.Context, from Account, region, api, stage, verb, path string) (*Table, error) {
	path = parameter.ReplaceAllString(path, "$1")
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	at, err := url.Parse("https://" + api + ".execute-api." + region + ".amazonaws.com" + path)
	if err != nil {
		return nil, &NoTable{"that is no path", "for instance /orders/{id}"}
	}
	m := &matrix{look: &look{
		c:   &Case{Request: Request{Method: strings.ToUpper(verb), URL: at.String(), Header: http.Header{}}, Located: Located{Kind: ExecuteAPI, API: api, Region: region}, Account: from},
		now: time.Now(), api: api, region: region, stage: stage, path: at.EscapedPath(), pools: map[string]*account.Pool{}, keys: &poolKeys{byID: map[string]*heldPool{}},
	}}
	if err := m.look.readAPI(ctx); err != nil {
		return nil, err
	}
	return m.table(ctx)
}

// matrix is a look at one method, with tokens of its own.
type matrix struct {
	look *look
	// plain is what a request without a token gets.
	plain *decision.Record
	forge *forge
}

func (m *matrix) table(ctx context.Context) (*Table, error) {
	l := m.look
	if l.rest == nil && l.http == nil {
		return nil, &NoTable{fmt.Sprintf("there is no API %s in %s, or it may not be read", l.api, l.region), "aws apigateway get-rest-apis and aws apigatewayv2 get-apis list them; --region and --profile say where"}
	}
	l.judge(ctx)
	if m.plain = l.deployed; m.plain == nil {
		return nil, &NoTable{"what stage " + l.stage + " serves could not be read", "apigateway:GET on the API and its exports is needed"}
	}
	if m.plain.RefusedBy == string(authz.ByRoute) {
		if stages := l.stages(); !slices.Contains(stages, l.stage) {
			return nil, &NoTable{fmt.Sprintf("API %s has no stage %s", l.api, l.stage), "it has " + someOf(append(stages, "no others"))}
		}
		return nil, &NoTable{fmt.Sprintf("stage %s has no method %s %s: every token gets %d %s", l.stage, m.plain.Method, l.path, m.plain.Status, m.plain.Reason), "what was edited and not deployed is not there either"}
	}
	if m.plain.AuthorizationType == "CUSTOM" {
		return nil, &NoTable{"a function decides about this method's tokens, and nothing is known of it", "send a request: poolgate explain curl …"}
	}
	var err error
	if m.forge, err = m.newForge(ctx); err != nil {
		return nil, err
	}
	table := &Table{Version: 1, API: l.api, Stage: l.stage, Method: m.plain.Method, Path: l.path, Resource: m.plain.Resource, Authorizer: m.plain.Authorizer,
		Type: m.plain.AuthorizationType, Scopes: m.plain.Scopes, Source: m.forge.source(), Guessed: l.guessed, Gaps: l.c.Account.Gaps()}
	if m.plain.RouteKey != "" {
		table.Resource = m.plain.RouteKey
	}
	table.Rows, err = m.rows(ctx)
	return table, err
}

// rows judges one token after the other.
func (m *matrix) rows(ctx context.Context) (rows []Row, err error) {
	good := "ID token"
	for _, kind := range m.forge.kinds(m.plain.Scopes) {
		row, err := m.judge(ctx, kind.name, kind.token)
		if err != nil {
			return nil, err
		}
		if row.Taken && kind.opens {
			good = kind.name
		}
		rows = append(rows, row)
	}
	for _, kind := range m.forge.kinds(m.plain.Scopes) {
		if kind.name != good {
			continue
		}
		for _, form := range []struct{ name, before string }{{"bare", ""}, {"after Bearer", "Bearer "}} {
			row, err := m.judge(ctx, good+", "+form.name, form.before+kind.token)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// judge lets the stage decide about a request with a token; an empty one is not sent.
func (m *matrix) judge(ctx context.Context, name, token string) (Row, error) {
	if err := ctx.Err(); err != nil {
		return Row{}, err
	}
	l := m.look
	at := *l.c
	at.Request.Header = http.Header{}
	if token != "" {
		at.Request = m.forge.carrying(at.Request, token)
	}
	with := *l
	with.c, with.keys = &at, m.forge.keys
	record := with.judged(ctx, at.Request.Method, l.guessed)
	taken := record.Allowed || record.RefusedBy != string(authz.ByAuthorizer) && record.RefusedBy != string(authz.ByRoute) && !isSignature(record.Reason)
	return Row{Token: name, Taken: taken, Status: record.Status, RefusedBy: record.RefusedBy, Reason: record.Reason}, nil
}

// isSignature tells a refusal of AWS_IAM, which takes no token at all.
func isSignature(reason authz.Reason) bool {
	return slices.Contains([]authz.Reason{authz.SignatureMissing, authz.SignatureInvalid, authz.SignatureExpired, authz.AccessKeyUnknown}, reason)
}

// source is where the method's authorizer looks for the token: "header Authorization" for one that names none.
func (m *matrix) source() (place, name string) {
	l := m.look
	said := ""
	if a := l.restAuthorizer(m.plain.AuthorizerID, l.guessed); a != nil {
		said = strings.TrimPrefix(aws.ToString(a.IdentitySource), "method.")
	}
	if a := l.httpAuthorizer(m.plain.AuthorizerID); a != nil && len(a.IdentitySource) > 0 {
		said = strings.TrimPrefix(a.IdentitySource[0], "$")
	}
	place, name, found := strings.Cut(strings.TrimPrefix(said, "request."), ".")
	if !found {
		return "header", "Authorization"
	}
	return place, name
}
