package explain

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/authz"
)

// suggestion is another request that the API would route.
type suggestion struct{ verb, path, why string }

// mendRoute: there is no such method. What is nearest of those that there are is told.
func (l *look) mendRoute() []string {
	for _, s := range l.suggestions() {
		if l.isRouted(s) {
			return []string{"Send " + s.verb + " " + l.urlWith(s.path) + " (" + s.why + ")."}
		}
	}
	if l.http != nil {
		return []string{step("Compare verb and path with the API's routes; a path that ends in a slash is another one", l.aws("apigatewayv2", "get-routes", "--api-id", l.api, "--query", "Items[].RouteKey"))}
	}
	return []string{step("Compare verb and path with the API's methods; in the URL the stage comes before them",
		l.aws("apigateway", "get-resources", "--rest-api-id", l.api, "--query", "items[].[path,resourceMethods && keys(resourceMethods)]"))}
}

// mendStage: the URL begins with no stage.
func (l *look) mendStage() []string {
	for _, s := range l.suggestions() {
		if l.isRouted(s) {
			return []string{"Send " + s.verb + " " + l.urlWith(s.path) + " (" + s.why + ")."}
		}
	}
	if names := l.stages(); len(names) > 0 {
		return []string{"Begin the URL's path with one of the API's stages: " + someOf(names) + "."}
	}
	stage := cmp.Or(l.stageName(), "dev")
	if l.http != nil {
		return []string{step("The API has no stage. Make the one that needs no name in the URL", l.aws("apigatewayv2", "create-stage", "--api-id", l.api, "--stage-name", defaultStage, "--auto-deploy"))}
	}
	return []string{step("The API has no stage. Deploy it", l.aws("apigateway", "create-deployment", "--rest-api-id", l.api, "--stage-name", stage))}
}

// suggestions are requests like the one that was sent, the likeliest first.
func (l *look) suggestions() (all []suggestion) {
	r, verb, path := l.deployed, l.c.Request.Method, l.path
	if r.Reason == authz.StageNotFound {
		for _, stage := range l.stages() {
			if stage != defaultStage {
				all = append(all, suggestion{verb, "/" + stage + path, "the stage " + stage + " comes first in the path"})
				_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
				all = append(all, suggestion{verb, "/" + stage + "/" + rest, "the API's stage is called " + stage})
			}
		}
		return all
	}
	prefix := ""
	if l.stage == "" && r.Stage != "" && r.Stage != defaultStage {
		prefix = "/" + r.Stage
	}
	inside := strings.TrimPrefix(path, prefix)
	if rest, doubled := strings.CutPrefix(inside, "/"+r.Stage); doubled && r.Stage != "" {
		all = append(all, suggestion{verb, prefix + slashed(rest), "the stage " + r.Stage + " was named twice"})
	}
	all = append(all, suggestion{verb, prefix + strings.TrimRight(inside, "/"), "without the slash at the end"}, suggestion{verb, prefix + inside + "/", "with a slash at the end"})
	for _, other := range l.verbsOf(prefix + inside) {
		all = append(all, suggestion{other, path, "the path takes " + other + ", not " + verb})
	}
	for _, near := range l.nearPaths(inside) {
		all = append(all, suggestion{verb, prefix + near, "the path is " + near})
		for _, other := range verbs {
			all = append(all, suggestion{other, prefix + near, "the path is " + near + " and takes " + other})
		}
	}
	return all
}

var verbs = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}

// verbsOf are the verbs that a path takes.
func (l *look) verbsOf(path string) (taken []string) {
	for _, verb := range verbs {
		if l.isRouted(suggestion{verb: verb, path: path}) && verb != "OPTIONS" {
			taken = append(taken, verb)
		}
	}
	return taken
}

// isRouted tells that the stage has a method for a request.
func (l *look) isRouted(s suggestion) bool {
	own := l.path
	l.path = slashed(s.path)
	r := l.judged(context.Background(), s.verb, false)
	l.path = own
	return r != nil && r.RefusedBy != string(authz.ByRoute) && r.Resource+r.RouteKey != "" && (s.path != own || s.verb != l.c.Request.Method)
}

// nearPaths are the API's paths without parameters that are spelled nearly as a path is, the nearest first.
func (l *look) nearPaths(path string) []string {
	const farthest = 3
	type near struct {
		path     string
		distance int
	}
	var all []near
	for _, candidate := range l.paths() {
		if d := distance(strings.ToLower(candidate), strings.ToLower(strings.TrimRight(path, "/"))); d <= farthest && !strings.Contains(candidate, "{") && candidate != path {
			all = append(all, near{candidate, d})
		}
	}
	slices.SortFunc(all, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.path, b.path))
	})
	var paths []string
	for _, n := range all[:min(len(all), 3)] {
		paths = append(paths, n.path)
	}
	return paths
}

// paths are the path templates of the deployed API.
func (l *look) paths() (paths []string) {
	if s := l.restSnapshot(false); s != nil {
		for i := range s.Resources {
			paths = append(paths, aws.ToString(s.Resources[i].Value.Path))
		}
	}
	if s := l.httpSnapshot(false); s != nil {
		for i := range s.Routes {
			if _, path, found := strings.Cut(aws.ToString(s.Routes[i].Value.RouteKey), " "); found {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// longestCompared bounds the paths that are compared, in bytes.
const longestCompared = 128

// distance is how many letters must be changed, added or taken to make one text of another.
func distance(a, b string) int {
	if len(a) > longestCompared || len(b) > longestCompared {
		return longestCompared
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// urlWith is the request's URL with another path behind what names the API.
func (l *look) urlWith(path string) string {
	u, err := url.Parse(l.c.Request.URL)
	if err != nil {
		return path
	}
	before := strings.TrimSuffix(u.EscapedPath(), l.c.Located.Path)
	if l.stage != "" { // through a custom domain, behind the base path
		before = strings.TrimSuffix(u.EscapedPath(), l.path)
	}
	text := fmt.Sprintf("%s://%s%s%s", u.Scheme, u.Host, before, slashed(path))
	return text
}

// mendMapping: the domain leads nowhere, or there is no such API.
func (l *look) mendMapping() []string {
	if l.domain == nil {
		return []string{"Check the API's id and region in the URL, and that the credentials are of the account that has the API."}
	}
	var base []string
	for _, m := range l.domain.Mappings {
		if m.BasePath != "" {
			base = append(base, m.BasePath)
		}
	}
	if len(base) > 0 {
		m := l.domain.Mappings[0]
		return []string{
			"Begin the URL's path with one of the base paths of the domain: /" + strings.Join(base, ", /") + ".",
			step("Or map the root of the domain to the stage "+m.Stage+" of API "+m.API, l.aws("apigatewayv2", "create-api-mapping", "--domain-name", l.domain.Name, "--api-id", m.API, "--stage", m.Stage)),
		}
	}
	return []string{step("The domain has no mapping. Map it to a stage of an API; see which there are", l.aws("apigateway", "get-rest-apis", "--query", "items[].[id,name]"))}
}
