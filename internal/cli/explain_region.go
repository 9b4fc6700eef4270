package cli

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/internal/explain"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// recentLimit bounds what is read of a server's list of requests, in bytes.
const recentLimit = 32 << 20

// regionOf fills in the region of an API that a local server found by its id alone: the server knows it from the request that was just sent,
// or from an earlier one to the same API.
func (f *explainFlags) regionOf(cmd *cobra.Command, located *explain.Located, answer *explain.Answer) {
	if !located.Local || located.Region != "" || located.Kind == explain.CustomDomain {
		return
	}
	if located.Region = f.region; located.Region != "" {
		return
	}
	if answer != nil {
		for _, name := range []string{"X-Amzn-Requestid", "Apigw-Requestid"} {
			id := answer.Header.Get(name)
			if !requestID.MatchString(id) {
				continue
			}
			if record, _, err := fetchRecord(cmd, located.Endpoint, id); err == nil {
				located.Region = record.Region
			}
		}
	}
	located.Region = cmp.Or(located.Region, recentRegion(cmd, located))
}

// recentRegion looks for a request to the API among those that the server remembers; empty when there is none, or the server is none of ours.
func recentRegion(cmd *cobra.Command, located *explain.Located) string {
	where := strings.TrimSuffix(located.Endpoint, "/") + "/_poolgate/requests?limit=1000"
	request, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, where, nil)
	if err != nil {
		return ""
	}
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Do(request)
	if err != nil {
		return ""
	}
	defer func() { _ = answer.Body.Close() }()
	var recent struct{ Requests []decision.Record }
	if json.NewDecoder(io.LimitReader(answer.Body, recentLimit)).Decode(&recent) != nil {
		return ""
	}
	for i := range recent.Requests {
		if r := &recent.Requests[i]; r.API == located.API && r.Region != "" {
			return r.Region
		}
	}
	return ""
}
