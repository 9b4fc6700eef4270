package openapi

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const (
	anyMethod = "x-amazon-apigateway-any-method"
	// longestPath bounds a path, and with it how many resources one path can ask for.
	longestPath = 2048
)

// verbs are a path item's members that are operations.
var verbs = map[string]string{
	"get": "GET", "put": "PUT", "post": "POST", "delete": "DELETE", "options": "OPTIONS", "head": "HEAD", "patch": "PATCH", anyMethod: "ANY",
}

func (r *reader) paths() {
	prefix := r.basePath()
	items := r.root.object("paths")
	for _, key := range items.names() {
		if !strings.HasPrefix(key, "/") {
			if !strings.HasPrefix(key, "x-") {
				r.problem("Unable to create resource at path '%s': a path begins with a slash", key)
			}
			continue
		}
		if len(prefix)+len(key) > longestPath {
			r.problem("Unable to create resource at path '%.100s…': a path has at most %d characters", key, longestPath)
			continue
		}
		path := cleanPath(prefix + key)
		if r.def.Methods[path] == nil {
			r.def.Methods[path] = map[string]types.Method{}
		}
		item := r.resolve(items.get(key))
		r.describe(types.DocumentationPartLocation{Type: types.DocumentationPartTypeResource, Path: &path}, item, "summary", "description")
		for _, member := range item.names() {
			verb, isOperation := verbs[strings.ToLower(member)]
			if !isOperation {
				if member == "trace" {
					r.warn("Method TRACE on %s is not supported and was ignored", path)
				}
				continue
			}
			if _, twice := r.def.Methods[path][verb]; twice {
				r.warn("Method %s on %s is defined more than once: the last one counts", verb, path)
			}
			o := operation{reader: r, path: path, verb: verb, item: item, op: r.resolve(item.get(member))}
			r.def.Methods[path][verb] = o.method()
		}
	}
}

// cleanPath drops empty segments: AWS's resources have none.
func cleanPath(path string) string {
	segments := slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return s == "" })
	return "/" + strings.Join(segments, "/")
}

// basePath is what goes before every path.
func (r *reader) basePath() string {
	if r.BasePath != PrependBasePath && r.BasePath != SplitBasePath {
		return ""
	}
	base := r.root.text("basePath")
	if !r.swagger {
		base = r.serverPath()
	}
	if base = cleanPath(base); base == "/" {
		return ""
	}
	if r.BasePath == SplitBasePath {
		_, rest, _ := strings.Cut(base[1:], "/")
		return cleanPath(rest)
	}
	return base
}

// serverPath is the path of the first server's URL, its variables replaced by their defaults.
func (r *reader) serverPath() string {
	servers := r.root.list("servers")
	if len(servers) == 0 {
		return ""
	}
	server, _ := servers[0].(*object)
	place := server.text("url")
	variables := server.object("variables")
	if own := variables.object("basePath"); own != nil {
		return own.text("default")
	}
	for _, name := range variables.names() {
		place = strings.ReplaceAll(place, "{"+name+"}", variables.object(name).text("default"))
	}
	u, err := url.Parse(place)
	if err != nil {
		r.warn("The base path of server %s cannot be read and was ignored", place)
		return ""
	}
	return u.Path
}

// operation is one operation being read into a method.
type operation struct {
	*reader
	path, verb string
	item, op   *object
	made       types.Method
}

func (o *operation) where() string { return o.verb + " " + o.path }

// at is a place in the documentation of this operation.
func (o *operation) at(kind types.DocumentationPartType) types.DocumentationPartLocation {
	method := o.verb
	if method == "ANY" {
		method = "*"
	}
	return types.DocumentationPartLocation{Type: kind, Path: &o.path, Method: &method}
}

func (o *operation) method() types.Method {
	o.made = types.Method{HttpMethod: &o.verb, OperationName: notEmpty(o.op.text("operationId"))}
	o.describe(o.at(types.DocumentationPartTypeMethod), o.op, "summary", "description", "tags", "deprecated")
	o.secure(o.where(), o.op, &o.made)
	o.made.RequestValidatorId = o.validator
	if own := o.op.optional("x-amazon-apigateway-request-validator"); own != nil {
		o.made.RequestValidatorId = own
	}
	o.parameters()
	o.requestBody()
	o.responses()
	if from := o.resolve(o.op.get("x-amazon-apigateway-integration")); from != nil {
		o.made.MethodIntegration = o.integration(from)
	}
	return o.made
}

// parameters declares the operation's parameters and those of its path, which it may override.
func (o *operation) parameters() {
	overridden := map[[2]string]bool{}
	for _, list := range [][]any{o.op.list("parameters"), o.item.list("parameters")} {
		for _, value := range list {
			from := o.resolve(value)
			key := [2]string{from.text("in"), from.text("name")}
			if from == nil || overridden[key] {
				continue
			}
			overridden[key] = true
			o.parameter(from)
		}
	}
}

func (o *operation) parameter(from *object) {
	var place string
	var kind types.DocumentationPartType
	switch in := from.text("in"); in {
	case "path":
		place, kind = "path", types.DocumentationPartTypePathParameter
	case "query":
		place, kind = "querystring", types.DocumentationPartTypeQueryParameter
	case "header":
		place, kind = "header", types.DocumentationPartTypeRequestHeader
	case "body":
		o.body(from, o.consumes(), from.get("schema"))
		return
	default:
		o.warn("Parameter %s in %s of %s is not supported and was ignored", from.text("name"), in, o.where())
		return
	}
	name := from.text("name")
	if name == "" {
		o.warn("A parameter without a name of %s was ignored", o.where())
		return
	}
	if o.made.RequestParameters == nil {
		o.made.RequestParameters = map[string]bool{}
	}
	o.made.RequestParameters["method.request."+place+"."+name] = from.flag("required") || place == "path" && !from.has("required")
	at := o.at(kind)
	at.Name = &name
	o.describe(at, from, "description")
}

func (o *operation) consumes() []string { return o.mediaTypes("consumes") }

// mediaTypes are those that a Swagger 2.0 operation, or else its document, takes or gives.
func (o *operation) mediaTypes(member string) []string {
	for _, from := range []*object{o.op, o.root} {
		if list := from.texts(member); len(list) > 0 {
			return list
		}
	}
	return []string{"application/json"}
}

// body declares a model for each content type of a request.
func (o *operation) body(from *object, contentTypes []string, schema any) {
	o.describe(o.at(types.DocumentationPartTypeRequestBody), from, "description")
	model := o.modelOf(schema)
	if model == "" {
		return
	}
	for _, contentType := range contentTypes {
		if o.made.RequestModels == nil {
			o.made.RequestModels = map[string]string{}
		}
		o.made.RequestModels[contentType] = model
	}
}

// requestBody reads the request body of OpenAPI 3.
func (o *operation) requestBody() {
	from := o.resolve(o.op.get("requestBody"))
	content := from.object("content")
	if from == nil || content == nil {
		return
	}
	o.describe(o.at(types.DocumentationPartTypeRequestBody), from, "description")
	for _, contentType := range content.names() {
		o.body(nil, []string{contentType}, content.object(contentType).get("schema"))
	}
}

// responses declares the operation's responses.
func (o *operation) responses() {
	list := o.op.object("responses")
	for _, status := range list.names() {
		if strings.HasPrefix(status, "x-") {
			continue
		}
		if !isStatus(status) {
			o.warn("Response %s of %s is no status code and was ignored", status, o.where())
			continue
		}
		if o.made.MethodResponses == nil {
			o.made.MethodResponses = map[string]types.MethodResponse{}
		}
		o.made.MethodResponses[status] = o.response(status, o.resolve(list.get(status)))
	}
}

func isStatus(s string) bool {
	return len(s) == 3 && s[0] >= '1' && s[0] <= '5' && s[1] >= '0' && s[1] <= '9' && s[2] >= '0' && s[2] <= '9'
}

func (o *operation) response(status string, from *object) types.MethodResponse {
	response := types.MethodResponse{StatusCode: aws.String(status)}
	at := o.at(types.DocumentationPartTypeResponse)
	at.StatusCode = response.StatusCode
	if from.text("description") != plainDescription(status) {
		o.describe(at, from, "description")
	}
	headers := from.object("headers")
	for _, name := range headers.names() {
		if response.ResponseParameters == nil {
			response.ResponseParameters = map[string]bool{}
		}
		header := o.resolve(headers.get(name))
		response.ResponseParameters["method.response.header."+name] = header.flag("required")
		headerAt := at
		headerAt.Type, headerAt.Name = types.DocumentationPartTypeResponseHeader, aws.String(name)
		o.describe(headerAt, header, "description")
	}
	declare := func(contentType string, schema any) {
		if model := o.modelOf(schema); model != "" {
			if response.ResponseModels == nil {
				response.ResponseModels = map[string]string{}
			}
			response.ResponseModels[contentType] = model
		}
	}
	if content := from.object("content"); content != nil && !o.swagger {
		for _, contentType := range content.names() {
			declare(contentType, content.object(contentType).get("schema"))
		}
	} else if schema := from.get("schema"); schema != nil && o.swagger {
		for _, contentType := range o.mediaTypes("produces") {
			declare(contentType, schema)
		}
	}
	return response
}

// plainDescription is what an export says of a response that nothing documents: the specification wants a text.
func plainDescription(status string) string { return status + " response" }
