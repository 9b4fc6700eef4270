package cognito

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
)

// Triggers are functions that a pool calls at fixed moments of a sign-up or sign-in (the Cognito guide's page "Customizing user pool
// workflows with Lambda triggers"). None runs inside a transaction: a function may call back, and a slow one must hold nobody up.

// Functions runs the functions of triggers.
type Functions interface {
	// Trigger runs a function in the name of a pool. failure is the function's own error message, with failed set; err says that it
	// could not be run at all.
	Trigger(ctx context.Context, function, poolARN string, event []byte) (answer []byte, failure string, failed bool, err error)
}

const (
	// triggerTime is what a function has to answer, triggerTries how often one that did not is asked (the same page).
	triggerTime  = 5 * time.Second
	triggerTries = 3
	// triggerAnswer bounds what a function may answer, in bytes.
	triggerAnswer = 1 << 20
)

// trigger is one call of a function.
type trigger struct {
	// name is what error texts call it, source the event's triggerSource; version is the event's, "1" when empty.
	name, source, version string
	// function is the ARN that the pool's LambdaConfig has for it; nil does nothing.
	function *string
	username string
	request  any
	// response is a pointer to what the function may answer, as it stands in the event.
	response any
}

// triggerEvent is what a function gets, in the order in which AWS prints it.
type triggerEvent struct {
	Version       string        `json:"version"`
	Region        string        `json:"region"`
	UserPoolID    string        `json:"userPoolId"`
	UserName      string        `json:"userName"`
	CallerContext callerContext `json:"callerContext"`
	TriggerSource string        `json:"triggerSource"`
	Request       any           `json:"request"`
	Response      any           `json:"response"`
}

type callerContext struct {
	SDK      string `json:"awsSdkVersion"`
	ClientID string `json:"clientId"`
}

// noClient is the client of an event that an administrator caused.
const noClient = "CLIENT_ID_NOT_APPLICABLE"

// pull runs a trigger, if the pool has it, and reads its answer into t.response. It tells whether there was one.
func (s *Service) pull(ctx context.Context, p *pool, c *client, t trigger) (bool, error) {
	if value(t.function) == "" {
		return false, nil
	}
	event := triggerEvent{
		Version: firstText(t.version, "1"), Region: p.region(), UserPoolID: p.id(), UserName: t.username, TriggerSource: t.source,
		CallerContext: callerContext{SDK: "aws-sdk-unknown-unknown", ClientID: noClient}, Request: t.request, Response: t.response,
	}
	if c != nil {
		event.CallerContext.ClientID = c.id()
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return false, err
	}
	answer, err := s.runTrigger(ctx, p, t, payload)
	if err != nil {
		return false, err
	}
	return true, t.read(answer)
}

// runTrigger runs the function, again when it could not be run or took too long, but not when it answered with an error.
func (s *Service) runTrigger(ctx context.Context, p *pool, t trigger, payload []byte) ([]byte, error) {
	if s.functions == nil {
		return nil, t.unreachable(errors.New("this server runs no functions"))
	}
	var last error
	for range triggerTries {
		attempt, cancel := context.WithTimeout(ctx, triggerTime)
		answer, failure, failed, err := s.functions.Trigger(attempt, *t.function, value(p.Detail.Value.Arn), payload)
		cancel()
		switch {
		case err == nil && failed:
			return nil, fault.Invalid("UserLambdaValidationException", "%s failed with error %s.", t.name, failure)
		case err == nil:
			return answer, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		last = err
		if !errors.Is(err, context.DeadlineExceeded) {
			break // it is not there or may not be called; that does not change in a moment
		}
	}
	s.log.WarnContext(ctx, "trigger could not be run", "trigger", t.source, "function", *t.function, "error", last)
	return nil, t.unreachable(last)
}

func (t trigger) unreachable(why error) error {
	return fault.Invalid("UnexpectedLambdaException", "%s invocation failed due to error %s.", t.name, shortly(why)).Because(why)
}

// shortly is what a caller is told of why a function could not be run: not what is inside the server.
func shortly(why error) string {
	var known *fault.Error
	switch {
	case errors.Is(why, context.DeadlineExceeded):
		return "TimeoutException"
	case errors.As(why, &known) && known.Code != "":
		return known.Code
	}
	return "ServiceException"
}

// read takes the response out of a function's answer, which must be the event with the response filled in.
func (t trigger) read(answer []byte) error {
	unrecognizable := func(why error) error {
		return fault.Invalid("InvalidLambdaResponseException", "Unrecognizable lambda output").Because(why)
	}
	if len(answer) > triggerAnswer {
		return unrecognizable(errors.New("the answer is too long"))
	}
	var got struct {
		Response json.RawMessage `json:"response"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return unrecognizable(err)
	}
	if text := bytes.TrimSpace(got.Response); len(text) == 0 || text[0] != '{' {
		return unrecognizable(errors.New("there is no response in it"))
	}
	if err := json.Unmarshal(got.Response, t.response); err != nil {
		return unrecognizable(err)
	}
	return nil
}

// orEmpty makes a list that prints as [] of one that is nil.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// eventAttributes are a user's attributes as triggers get them: all are strings, and the user's status is among them.
func eventAttributes(u *user) map[string]string {
	all := make(map[string]string, len(u.Attributes)+2)
	for _, a := range u.Attributes {
		all[a.Name] = a.Value
	}
	if u.Sub != "" {
		all["sub"] = u.Sub
		all["cognito:user_status"] = string(u.Status)
	}
	return all
}
