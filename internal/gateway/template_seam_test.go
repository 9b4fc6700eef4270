package gateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

// TestATemplateOverridesTheRequest: $context.requestOverride goes before mapped parameters.
func TestATemplateOverridesTheRequest(t *testing.T) {
	var seen *http.Request
	server := backend(t, func(_ http.ResponseWriter, r *http.Request) { seen = r.Clone(r.Context()) })
	i := &types.Integration{
		Type: types.IntegrationTypeHttp, HttpMethod: aws.String("POST"), Uri: aws.String(server.URL + "/a/{id}/b?keep=1"),
		RequestParameters: map[string]string{
			"integration.request.header.X-Both": "'mapped'", "integration.request.querystring.q": "'mapped'", "integration.request.path.id": "'mapped'",
		},
		RequestTemplates: map[string]string{"application/json": `#set($context.requestOverride.header.X-Both = "over $input.params('who')")` +
			`#set($context.requestOverride.header["X-New"] = 1)#set($context.requestOverride.querystring.q = "a&b")` +
			`#set($context.requestOverride.path.id = "x/y")#set($context.requestOverride.header.Content-Length = "1"){"sent":true}`},
		IntegrationResponses: map[string]types.IntegrationResponse{"200": response("200", "", nil, map[string]string{"application/json": `#set($context.responseOverride.status = 418)#set($context.responseOverride.header.X-Tea = "pot")short`})},
	}
	bad := *i
	bad.RequestTemplates = map[string]string{"application/json": `#set($context.requestOverride.path.id = ".."){}`}
	w := newWorld(t, newAPI().on("POST", "/a", openWith(i)).on("POST", "/dots", openWith(&bad)), nil)
	got := send(t, w, "POST", "/prod/a?who=ann")
	expect(t, got, 418, "short", "")
	if got.Header.Get("X-Tea") != "pot" {
		t.Errorf("the header is %q", got.Header.Get("X-Tea"))
	}
	if seen.Header.Get("X-Both") != "over ann" || seen.Header.Get("X-New") != "1" || seen.RequestURI != "/a/x%2Fy/b?keep=1&q=a%26b" || seen.ContentLength != int64(len(`{"sent":true}`)) {
		t.Errorf("the backend got %s with %v", seen.RequestURI, seen.Header)
	}
	expect(t, send(t, w, "POST", "/prod/dots"), 500, `{"message":"Internal server error"}`, "InternalServerErrorException")
}

// frameworkTemplate has the shape of what deployment frameworks write for functions behind integration type AWS: a block that turns
// any map to JSON, used for one part of the request after another.
const frameworkTemplate = `
#define( $each )
  {
  #foreach($name in $map.keySet())
    #set( $key = $util.escapeJavaScript($name) )
    #set( $value = $util.escapeJavaScript($map.get($name)).replaceAll("\\'", "'") )
    "$key":
      "$value"
      #if( $foreach.hasNext ) , #end
  #end
  }
#end
#set( $body = $input.json("$") )
{
  "body": $body,
  "method": "$context.httpMethod",
  "principalId": "$context.authorizer.principalId",
  "stage": "$context.stage",
  "cognitoPoolClaims" : {
    "sub": "$context.authorizer.claims.sub",
    "email": "$context.authorizer.claims.email"
  },
  #set( $map = $context.authorizer )
  "enhancedAuthContext": $each,
  #set( $map = $input.params().header )
  "headers": $each,
  #set( $map = $input.params().querystring )
  "query": $each,
  #set( $map = $input.params().path )
  "path": $each,
  #set( $map = $context.identity )
  "identity": $each,
  #set( $map = $stageVariables )
  "stageVariables": $each,
  "requestPath": "$context.resourcePath"
}`

// formTemplate turns a form to JSON, as frameworks do for application/x-www-form-urlencoded.
const formTemplate = `
#define( $fields )
{
  #foreach( $pair in $input.path('$').split('&') )
    #set( $parts = $pair.split('=') )
    #if( $parts.size() >= 1 )
      #set( $name = $util.escapeJavaScript($util.urlDecode($parts[0])) )
      #if( $parts.size() >= 2 )
        #set( $value = $util.escapeJavaScript($util.urlDecode($parts[1])).replaceAll("\\'","'") )
      #else
        #set( $value = '' )
      #end
      "$name": "$value"#if( $foreach.hasNext ),#end
    #end
  #end
}
#end
{ "body": $fields }`

func TestAFormBecomesJSON(t *testing.T) {
	m := mapped(func(i *types.Integration) {
		i.RequestTemplates = map[string]string{"application/x-www-form-urlencoded": formTemplate}
	})
	f := returns(`{}`)
	w := newWorld(t, newAPI().on("POST", "/form", m), nil, withFunctions(f))
	got := sendBody(t, w, "POST", "/prod/form", "a=1&b=it%27s+%22x%22&c=", "Content-Type", "application/x-www-form-urlencoded")
	expect(t, got, 200, "{}", "")
	if diff := cmp.Diff(map[string]any{"a": "1", "b": `it's "x"`, "c": ""}, eventOf(t, f)["body"]); diff != "" {
		t.Error(diff)
	}
}

func TestTheTemplatesOfDeploymentFrameworks(t *testing.T) {
	m := cognito()
	m.MethodIntegration = mapped(func(i *types.Integration) {
		i.RequestTemplates = map[string]string{"application/json": frameworkTemplate}
		i.PassthroughBehavior = aws.String("NEVER")
	}).MethodIntegration
	f := returns(`{"ok":true}`)
	w := newWorld(t, newAPI().authorizer("auth", nil).on("POST", "/pets/{id}", m), map[string]string{"table": "pets"}, withFunctions(f))
	got := sendBody(t, w, "POST", "/prod/pets/it's?q=a%22b&none=", `{"n": 1, "s": "it's \"x\""}`, "Authorization", token(idClaims()), "User-Agent", "tester", "X-Quote", `say "hi" it's`, "Content-Type", "application/json")
	expect(t, got, 200, `{"ok":true}`, "")
	event := eventOf(t, f)
	identity := event["identity"].(map[string]any)
	headers := event["headers"].(map[string]any)
	if identity["sourceIp"] != "127.0.0.1" || identity["userAgent"] != "tester" || identity["user"] != "" {
		t.Errorf("identity is %v", identity)
	}
	if headers["X-Quote"] != `say "hi" it's` || headers["Content-Type"] != "application/json" {
		t.Errorf("headers are %v", headers)
	}
	for _, name := range []string{"identity", "headers", "enhancedAuthContext"} {
		delete(event, name)
	}
	want := map[string]any{
		"body": map[string]any{"n": 1.0, "s": `it's "x"`}, "method": "POST", "principalId": "", "stage": "prod",
		"cognitoPoolClaims": map[string]any{"sub": "11111111-2222-3333-4444-555555555555", "email": "ann@example.com"},
		"query":             map[string]any{"q": `a"b`, "none": ""}, "path": map[string]any{"id": "it's"}, "stageVariables": map[string]any{"table": "pets"}, "requestPath": "/pets/{id}",
	}
	if diff := cmp.Diff(want, event); diff != "" {
		t.Error(diff)
	}
	expect(t, sendBody(t, w, "POST", "/prod/pets/1", "x", "Content-Type", "text/plain", "Authorization", token(idClaims())), 415, `{"message":"Unsupported Media Type"}`, "BadRequestException")
}

// TestTemplatesThatRunAway answer 500 and leave other requests alone.
func TestTemplatesThatRunAway(t *testing.T) {
	a := newAPI().on("GET", "/fine", openWith(mockOf("fine")))
	for name, text := range map[string]string{
		"recursion":  `#macro(m $x)#m($x)#end#m(1)`,
		"gigabytes":  `#set($x = "aaaaaaaaaa")#foreach($i in [1..40])#set($x = "$x$x")#end$x`,
		"loops":      `#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])x#end#end#end`,
		"long loops": `#foreach($a in [1..1001])x#end`,
		"broken":     `#if($x`,
	} {
		a.on("GET", "/"+strings.ReplaceAll(name, " ", "-"), openWith(mockOf(text)))
	}
	w := newWorld(t, a, nil)
	for _, path := range []string{"recursion", "gigabytes", "loops", "long-loops", "broken"} {
		expect(t, send(t, w, "GET", "/prod/"+path), 500, `{"message":"Internal server error"}`, "InternalServerErrorException")
		expect(t, send(t, w, "GET", "/prod/fine"), 200, "fine", "")
	}
}

// TestTemplatesWalkOverLists is a response template that turns a backend's list to another.
func TestTemplatesWalkOverLists(t *testing.T) {
	server := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"items":[{"id":1,"name":"a","tags":["x","y"]},{"id":2,"name":"b","tags":[]}]}`)
	})
	template := `#set($root = $input.path('$'))#macro(tags $list)[#foreach($t in $list)"$t.toUpperCase()"#if($foreach.hasNext),#end#end]#end
[#foreach($item in $root.items){"id":$item.id,"name":"$item.name","tags":#tags($item.tags)}#if($foreach.hasNext),#end#end,
{"named":$input.json("$.items[?(@.name == 'b')].id")}]`
	i := &types.Integration{
		Type: types.IntegrationTypeHttp, HttpMethod: aws.String("GET"), Uri: aws.String(server.URL),
		IntegrationResponses: map[string]types.IntegrationResponse{"200": response("200", "", nil, map[string]string{"application/json": template})},
	}
	w := newWorld(t, newAPI().on("GET", "/a", openWith(i)), nil)
	var got any
	if err := json.Unmarshal([]byte(send(t, w, "GET", "/prod/a").body), &got); err != nil {
		t.Fatal(err)
	}
	want := `[map[id:1 name:a tags:[X Y]] map[id:2 name:b tags:[]] map[named:[2]]]`
	if fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
