package apigateway

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// greatestImport bounds the keys of one file: all are stored in one transaction.
const greatestImport = 10_000

// ImportApiKeys makes the API keys of a CSV file: the columns Name and Key, and if wanted Description, Enabled and
// UsagePlanIds, in any order and case. A line that cannot be imported is a warning and left out, unless the import
// shall fail on warnings.
func (s *Service) ImportApiKeys(ctx context.Context, in *apigateway.ImportApiKeysInput) (*apigateway.ImportApiKeysOutput, error) { //nolint:revive // AWS names the operation
	lines, err := readKeyFile(in.Body)
	if err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	var out *apigateway.ImportApiKeysOutput
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		out = &apigateway.ImportApiKeysOutput{Ids: []string{}, Warnings: []string{}}
		tx.Bump(APIKeyTopic(call.Account, call.Region)) // once for all of them
		for _, line := range lines {
			id, err := s.importKey(tx, call, line)
			var refusal *fault.Error
			switch {
			case err == nil:
				out.Ids = append(out.Ids, id)
			case errors.As(err, &refusal) && refusal.Kind != fault.KindInternal:
				out.Warnings = append(out.Warnings, fmt.Sprintf("Line %d: %s", line.number, refusal.Message))
			default:
				return err
			}
		}
		if in.FailOnWarnings && len(out.Warnings) > 0 {
			return badRequest("%s", strings.Join(out.Warnings, "; "))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// keyLine is one line of a key file.
type keyLine struct {
	number int
	key    types.ApiKey
	plans  []string
}

// readKeyFile reads a key file as AWS describes it ("API key file format").
func readKeyFile(body []byte) ([]keyLine, error) {
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = -1, true
	header, err := reader.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, badRequest("Invalid CSV input.").Because(err)
	}
	columns := make([]string, len(header))
	for i, name := range header {
		columns[i] = strings.ToLower(strings.TrimSpace(name))
	}
	for _, required := range []string{"Name", "Key"} {
		if !slices.Contains(columns, strings.ToLower(required)) {
			return nil, badRequest("Missing required column '%s'", required)
		}
	}
	var lines []keyLine
	for {
		record, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return lines, nil
		case err != nil:
			return nil, badRequest("Invalid CSV input.").Because(err)
		case len(lines) == greatestImport:
			return nil, badRequest("At most %d API keys can be imported at once", greatestImport)
		}
		number, _ := reader.FieldPos(0)
		line := keyLine{number: number}
		for i, field := range record {
			if i < len(columns) {
				line.set(columns[i], strings.TrimSpace(field))
			}
		}
		lines = append(lines, line)
	}
}

// set takes one field over; columns of other names are skipped.
func (l *keyLine) set(column, field string) {
	switch column {
	case "name":
		l.key.Name = emptyIsNil(&field)
	case "key":
		l.key.Value = &field
	case "description":
		l.key.Description = emptyIsNil(&field)
	case "enabled":
		l.key.Enabled = strings.EqualFold(field, "true")
	case "usageplanids":
		for _, id := range strings.Split(field, ",") {
			if id = strings.TrimSpace(id); id != "" {
				l.plans = append(l.plans, id)
			}
		}
	}
}

// importKey stores one line's key and puts it into its plans. A line that is refused leaves nothing behind: what can be
// refused comes before what is written.
func (s *Service) importKey(tx *store.Tx, call wire.Call, line keyLine) (id string, err error) {
	key := line.key
	key.StageKeys = []string{}
	key.CreatedDate, key.LastUpdatedDate = s.now(), s.now()
	if key.Value == nil {
		return "", badRequest("API Key value should be at least %d characters", leastAPIKeyValue)
	}
	if err := s.newAPIKey(&key); err != nil {
		return "", err
	}
	var stages []types.ApiStage
	for i, id := range line.plans {
		plan, err := findPlan(tx, call, &id)
		if err != nil {
			return "", err
		}
		if shared, ok := sharedStage(stages, plan.Value.ApiStages); ok || slices.Contains(line.plans[:i], id) {
			return "", keyInTwoPlans(*key.Id, shared)
		}
		stages = append(stages, plan.Value.ApiStages...)
	}
	if err := s.insertAPIKey(tx, call, key); err != nil {
		return "", err
	}
	for _, id := range line.plans {
		if err := addPlanKey(tx, call, id, *key.Id); err != nil {
			return "", err
		}
	}
	return aws.ToString(key.Id), nil
}
