package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"text/tabwriter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// bearer is one row of the table: a token, and what each door must answer to it.
type bearer struct {
	name, token           string
	plain, scoped, button string
}

const (
	allowed  = "200"
	accepted = "accepted"
	rejected = "401"
)

// tryEverything sends every kind of token to every method and to the authorizer's own test.
func (w *walk) tryEverything(ctx context.Context) error {
	w.say("$ curl -H \"Authorization: $TOKEN\" %s", w.invokeURL("/plain"))
	w.say("$ curl -H \"Authorization: $TOKEN\" %s", w.invokeURL("/scoped"))
	w.say("$ aws apigateway test-invoke-authorizer --rest-api-id %s --authorizer-id %s --headers Authorization=$TOKEN\n", w.apiID, w.authorizerID)
	forged := w.after.access[:len(w.after.access)-8] + "AAAAAAAA"
	return w.table(ctx, []bearer{
		{"ID token", w.after.id, allowed, "401 token_use_access_expected", accepted},
		{"access token with the scope", w.after.access, "401 token_use_id_expected", allowed, rejected},
		{"access token from before the scope", w.before.access, "401 token_use_id_expected", "401 scope_missing", rejected},
		{"Bearer + ID token", "Bearer " + w.after.id, allowed, "401 token_use_access_expected", accepted},
		{"refresh token", w.after.refresh, "401 token_is_refresh_token", "401 token_is_refresh_token", rejected},
		{"access token, forged", forged, "401 token_signature", "401 token_signature", rejected},
		{"none", "", "401 identity_source_missing", "401 identity_source_missing", rejected},
	})
}

func (w *walk) table(ctx context.Context, bearers []bearer) error {
	t := tabwriter.NewWriter(w.out, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(t, "token\tGET /plain\tGET /scoped\tauthorizer's test")
	for _, b := range bearers {
		plain, err := w.knock(ctx, "/plain", b.token)
		if err != nil {
			return err
		}
		scoped, err := w.knock(ctx, "/scoped", b.token)
		if err != nil {
			return err
		}
		status, err := w.testAuthorizer(ctx, b.token)
		if err != nil {
			return err
		}
		button := accepted
		if status != 0 {
			button = fmt.Sprint(status)
		}
		w.expect(b.name+" on GET /plain", plain, b.plain)
		w.expect(b.name+" on GET /scoped", scoped, b.scoped)
		w.expect(b.name+" in the authorizer's test", button, b.button)
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", b.name, plain, scoped, button)
	}
	if err := w.strayPaths(ctx, t); err != nil {
		return err
	}
	return t.Flush()
}

// strayPaths shows the usual "403 with a valid token": the path, not the token.
func (w *walk) strayPaths(ctx context.Context, t *tabwriter.Writer) error {
	for _, b := range []struct{ name, token, want string }{
		{"Bearer + ID token, GET /nowhere", "Bearer " + w.after.id, "403 route_not_found_signature_expected"},
		{"none, GET /nowhere", "", "403 route_not_found"},
	} {
		got, err := w.knock(ctx, "/nowhere", b.token)
		if err != nil {
			return err
		}
		w.expect(b.name, got, b.want)
		_, _ = fmt.Fprintf(t, "%s\t%s\t\t\n", b.name, got)
	}
	return nil
}

func (w *walk) invokeURL(path string) string {
	return fmt.Sprintf("%s/_aws/execute-api/%s/%s%s", w.url, w.apiID, stage, path)
}

// knock sends a token to a path and tells status and reason.
func (w *walk) knock(ctx context.Context, path, token string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.invokeURL(path), nil)
	if err != nil {
		return "", err
	}
	if token != "" {
		request.Header.Set("Authorization", token)
	}
	answer, err := w.http.Do(request)
	if err != nil {
		return "", err
	}
	if err := answer.Body.Close(); err != nil {
		return "", err
	}
	if reason := answer.Header.Get("x-poolgate-reason"); reason != "" {
		return fmt.Sprintf("%d %s", answer.StatusCode, reason), nil
	}
	return fmt.Sprint(answer.StatusCode), nil
}

// editAndDeploy puts the scope on /plain; the stage learns of it by the next deployment.
func (w *walk) editAndDeploy(ctx context.Context) error {
	if _, err := do(ctx, w, w.gateway.UpdateMethod, &apigateway.UpdateMethodInput{
		RestApiId: &w.apiID, ResourceId: &w.plainID, HttpMethod: aws.String("GET"),
		PatchOperations: []types.PatchOperation{{Op: types.OpAdd, Path: aws.String("/authorizationScopes"), Value: aws.String(scope)}},
	}); err != nil {
		return err
	}
	if err := w.knockAloud(ctx, "ID token", w.after.id, allowed); err != nil {
		return err
	}
	if err := w.deploy(ctx); err != nil {
		return err
	}
	if err := w.knockAloud(ctx, "ID token", w.after.id, "401 token_use_access_expected"); err != nil {
		return err
	}
	return w.knockAloud(ctx, "access token with the scope", w.after.access, allowed)
}

func (w *walk) knockAloud(ctx context.Context, name, token, want string) error {
	got, err := w.knock(ctx, "/plain", token)
	if err != nil {
		return err
	}
	w.say("  GET /plain with the %s: %s", name, got)
	w.expect("GET /plain with the "+name, got, want)
	return nil
}

// expire moves the server's clock past the tokens' hour.
func (w *walk) expire(ctx context.Context) error {
	body, err := json.Marshal(map[string]string{"advance": "2h"})
	if err != nil {
		return err
	}
	w.say("$ curl -X PUT %s/_poolgate/clock -d '%s'", w.url, body)
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, w.url+"/_poolgate/clock", bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := w.http.Do(request)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	w.expect("moving the clock", answer.StatusCode, http.StatusOK)
	return w.knockAloud(ctx, "access token with the scope", w.after.access, "401 token_expired")
}
