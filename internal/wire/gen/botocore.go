package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

// serviceModel is botocore's service-2.json, as far as the tables need it.
type serviceModel struct {
	Metadata struct {
		APIVersion     string `json:"apiVersion"`
		EndpointPrefix string `json:"endpointPrefix"`
		JSONVersion    string `json:"jsonVersion"`
		Protocol       string `json:"protocol"`
		SigningName    string `json:"signingName"`
		TargetPrefix   string `json:"targetPrefix"`
		XMLNamespace   string `json:"xmlNamespace"`
		UID            string `json:"uid"`
	} `json:"metadata"`
	Operations map[string]operationModel `json:"operations"`
	Shapes     map[string]shapeModel     `json:"shapes"`
}

type operationModel struct {
	Name string `json:"name"`
	HTTP struct {
		Method       string `json:"method"`
		RequestURI   string `json:"requestUri"`
		ResponseCode int    `json:"responseCode"`
	} `json:"http"`
	Input    *refModel `json:"input"`
	Output   *refModel `json:"output"`
	AuthType string    `json:"authtype"`
}

// refModel is a reference to a shape, with what the place of use says about it.
type refModel struct {
	Shape            string `json:"shape"`
	ResultWrapper    string `json:"resultWrapper"`
	Location         string `json:"location"`
	LocationName     string `json:"locationName"`
	TimestampFormat  string `json:"timestampFormat"`
	Flattened        bool   `json:"flattened"`
	IdempotencyToken bool   `json:"idempotencyToken"`
	JSONValue        bool   `json:"jsonvalue"`
	XMLAttribute     bool   `json:"xmlAttribute"`
	Streaming        bool   `json:"streaming"`
	Box              bool   `json:"box"`
}

type shapeModel struct {
	Type            string              `json:"type"`
	Members         map[string]refModel `json:"members"`
	Required        []string            `json:"required"`
	Member          *refModel           `json:"member"`
	Key             *refModel           `json:"key"`
	Value           *refModel           `json:"value"`
	Enum            []string            `json:"enum"`
	Pattern         string              `json:"pattern"`
	Min             *float64            `json:"min"`
	Max             *float64            `json:"max"`
	Payload         string              `json:"payload"`
	TimestampFormat string              `json:"timestampFormat"`
	Sensitive       bool                `json:"sensitive"`
	Document        bool                `json:"document"`
	Flattened       bool                `json:"flattened"`
	Exception       bool                `json:"exception"`
	Fault           bool                `json:"fault"`
	Streaming       bool                `json:"streaming"`
	Union           bool                `json:"union"`
	EventStream     bool                `json:"eventstream"`
	Box             bool                `json:"box"`
	Error           *struct {
		Code           string `json:"code"`
		HTTPStatusCode int    `json:"httpStatusCode"`
	} `json:"error"`
}

// load reads the model of a service from a directory that is flat (DIR/cognito-idp.json) or botocore's own
// (DIR/cognito-idp/2016-04-18/service-2.json, the newest version winning).
func load(dir, name string) (*serviceModel, error) {
	path := filepath.Join(dir, name+".json")
	if _, err := os.Stat(path); err != nil {
		versions, globErr := filepath.Glob(filepath.Join(dir, name, "*", "service-2.json"))
		if globErr != nil || len(versions) == 0 {
			return nil, fmt.Errorf("no model of %s in %s", name, dir)
		}
		sort.Strings(versions)
		path = versions[len(versions)-1]
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := new(serviceModel)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}
