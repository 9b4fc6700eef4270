package gateway

import (
	"errors"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/vtl"
)

// mockIntegration answers by itself: the request template gives {"statusCode": N}, and N selects the integration response.
type mockIntegration struct {
	request requestTemplates
	// fixed are the statuses of templates that have nothing to evaluate.
	fixed     map[*mappingTemplate]int
	responses integrationResponses
}

func (c *compiler) mock(where string, doc *types.Integration) integration {
	m := &mockIntegration{
		request:   compileRequestTemplates(doc),
		fixed:     map[*mappingTemplate]int{},
		responses: c.integrationResponses(where, doc.IntegrationResponses),
	}
	for _, t := range m.request.byType {
		if t.err != nil {
			continue
		}
		if text, ok := t.parsed.Literal(); ok {
			if status, ok := mockStatus(text); ok {
				m.fixed[t] = status
			}
		}
	}
	return m
}

var errNoMockStatus = errors.New("the request template of a MOCK integration must give {\"statusCode\": N}, N a whole number")

func (m *mockIntegration) invoke(_ *Gateway, x *exchange) (*answer, *refusal) {
	template, refused := m.request.choose(x)
	if refused != nil {
		return nil, refused
	}
	status, ok := m.fixed[template]
	if !ok {
		payload, refused := m.request.payload(x)
		if refused != nil {
			return nil, refused
		}
		if status, ok = mockStatus(payload); !ok {
			return nil, internalError(errNoMockStatus)
		}
	}
	x.backendRoom.status = status
	return m.responses.answer(x, &x.backendRoom)
}

// mockStatus reads statusCode. AWS takes objects that are not quite JSON here ({statusCode: 200}, which the CDK writes).
func mockStatus(text string) (int, bool) {
	if value, err := vtl.ParseJSON(text); err == nil {
		m, ok := value.(*vtl.Map)
		if !ok {
			return 0, false
		}
		status, _ := m.Get("statusCode")
		n, isNumber := status.(int64)
		return int(n), isNumber
	}
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") {
		return 0, false
	}
	for pair := range strings.SplitSeq(text[1:len(text)-1], ",") {
		key, value, ok := strings.Cut(pair, ":")
		if ok && strings.Trim(strings.TrimSpace(key), `"'`) == "statusCode" {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			return n, err == nil
		}
	}
	return 0, false
}
