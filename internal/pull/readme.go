package pull

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// readme says in the directory itself what it is.
func (c *Copy) readme() string {
	var page strings.Builder
	fmt.Fprintf(&page, "# A copy of AWS account %s, %s\n\nWritten by `poolgate pull`; `poolgate serve --from` with this directory serves it. No password, client secret or API key's value is in it.\n\n", c.Account, c.Region)
	for _, api := range c.RESTAPIs {
		fmt.Fprintf(&page, "- REST API %s (%s): %s. `diff -r restapis/%[1]s/edited restapis/%[1]s/deployments/ID` shows what was edited and not deployed.\n",
			*api.Live.API.Value.Id, plain(api.Live.API.Value.Name), count(len(api.Stages), "stage"))
	}
	for _, api := range c.HTTPAPIs {
		fmt.Fprintf(&page, "- HTTP API %s (%s): %s.\n", *api.Live.API.Value.ApiId, plain(api.Live.API.Value.Name), count(len(api.Stages), "stage"))
	}
	for _, pool := range c.Pools {
		fmt.Fprintf(&page, "- User pool %s (%s): %s, %s, %s, its public keys.\n", *pool.Pool.Id, plain(pool.Pool.Name),
			count(len(pool.Clients), "app client"), count(len(pool.Groups), "group"), count(len(pool.Users), "user"))
	}
	if len(c.Plans) > 0 {
		fmt.Fprintf(&page, "- %s, without API keys.\n", count(len(c.Plans), "usage plan"))
	}
	if len(c.NotRead) > 0 {
		page.WriteString("\n## What could not be read\n\n")
	}
	for _, n := range c.NotRead {
		fmt.Fprintf(&page, "- `%s` %s; it needs `%s`.\n", n.Operation, inWords(n.Why), n.Permission)
	}
	return page.String()
}

// plain is a name on one line, without what Markdown reads.
func plain(name *string) string {
	return strings.Join(strings.Fields(strings.Map(func(c rune) rune {
		if strings.ContainsRune("`*_[]<>#|\\", c) || c < ' ' {
			return ' '
		}
		return c
	}, aws.ToString(name))), " ")
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
