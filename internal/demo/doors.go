package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

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

// tryEverything sends every kind of token to every method and to the authorizer's own test, now and when the tokens have ended.
func (w *walk) tryEverything(ctx context.Context) error {
	w.command("curl -H \"Authorization: $TOKEN\"", w.invokeURL("/plain"))
	w.command("curl -H \"Authorization: $TOKEN\"", w.invokeURL("/scoped"))
	w.command("aws apigateway test-invoke-authorizer", "--rest-api-id "+w.apiID, "--authorizer-id "+w.authorizerID, "--headers Authorization=$TOKEN")
	forged := w.after.access[:len(w.after.access)-8] + "AAAAAAAA"
	rows, err := w.knockEverywhere(ctx, []bearer{
		{"ID token", w.after.id, allowed, "401 token_use_access_expected", accepted},
		{"Bearer ID token", "Bearer " + w.after.id, allowed, "401 token_use_access_expected", accepted},
		{"access token", w.after.access, "401 token_use_id_expected", allowed, rejected},
		{"access token from before", w.before.access, "401 token_use_id_expected", "401 scope_missing", rejected},
		{"access token, forged", forged, "401 token_signature", "401 token_signature", rejected},
		{"refresh token", w.after.refresh, "401 token_is_refresh_token", "401 token_is_refresh_token", rejected},
		{"no token", "", "401 identity_source_missing", "401 identity_source_missing", rejected},
	})
	if err != nil {
		return err
	}
	strays, err := w.strayPaths(ctx)
	if err != nil {
		return err
	}
	if err := w.moveClock(ctx, "2h"); err != nil {
		return err
	}
	late, err := w.knockEverywhere(ctx, []bearer{
		{"ID token, 2 h later", w.after.id, "401 token_expired", "401 token_expired", rejected},
		{"access token, 2 h later", w.after.access, "401 token_expired", "401 token_expired", rejected},
	})
	if err != nil {
		return err
	}
	w.table(append([][]string{{"token", "GET /plain (no scopes)", "GET /scoped (the scope)", "authorizer's test"}}, append(rows, late...)...))
	w.table(append([][]string{{"a path that is no method's", "GET /nowhere"}}, strays...))
	return nil
}

// knockEverywhere gives a row for each bearer.
func (w *walk) knockEverywhere(ctx context.Context, bearers []bearer) (rows [][]string, err error) {
	for _, b := range bearers {
		plain, err := w.knock(ctx, "/plain", b.token)
		if err != nil {
			return nil, err
		}
		scoped, err := w.knock(ctx, "/scoped", b.token)
		if err != nil {
			return nil, err
		}
		status, err := w.testAuthorizer(ctx, b.token)
		if err != nil {
			return nil, err
		}
		button := accepted
		if status != 0 {
			button = fmt.Sprint(status)
		}
		w.expect(b.name+" on GET /plain", plain, b.plain)
		w.expect(b.name+" on GET /scoped", scoped, b.scoped)
		w.expect(b.name+" in the authorizer's test", button, b.button)
		rows = append(rows, []string{b.name, plain, scoped, button})
	}
	return rows, nil
}

// strayPaths shows the usual "403 with a valid token": the path, not the token.
func (w *walk) strayPaths(ctx context.Context) (rows [][]string, err error) {
	for _, b := range []struct{ name, token, want string }{
		{"Bearer ID token", "Bearer " + w.after.id, "403 route_not_found_signature_expected"},
		{"no token", "", "403 route_not_found"},
	} {
		got, err := w.knock(ctx, "/nowhere", b.token)
		if err != nil {
			return nil, err
		}
		w.expect(b.name+" on GET /nowhere", got, b.want)
		rows = append(rows, []string{b.name, got})
	}
	return rows, nil
}

// table prints rows in columns, the first row as their heads.
func (w *walk) table(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	rule := make([]string, len(widths))
	for i, width := range widths {
		rule[i] = strings.Repeat("-", width)
	}
	w.say("")
	for _, row := range append([][]string{rows[0], rule}, rows[1:]...) {
		var b strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&b, "%-*s  ", widths[i], cell)
		}
		w.say("%s", strings.TrimRight(b.String(), " "))
	}
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

// editAndDeploy puts the scope on /plain, and takes it off again; the stage learns of it by the next deployment.
func (w *walk) editAndDeploy(ctx context.Context) error {
	const withScopes = "401 token_use_access_expected"
	for _, edit := range []struct {
		op            types.Op
		before, after string
	}{
		{types.OpAdd, allowed, withScopes},
		{types.OpRemove, withScopes, allowed},
	} {
		if _, err := do(ctx, w, w.gateway.UpdateMethod, &apigateway.UpdateMethodInput{
			RestApiId: &w.apiID, ResourceId: &w.plainID, HttpMethod: aws.String("GET"),
			PatchOperations: []types.PatchOperation{{Op: edit.op, Path: aws.String("/authorizationScopes"), Value: aws.String(scope)}},
		}, "authorizationType", "authorizationScopes"); err != nil {
			return err
		}
		if err := w.knockAloud(ctx, edit.before); err != nil {
			return err
		}
		if err := w.deploy(ctx); err != nil {
			return err
		}
		if err := w.knockAloud(ctx, edit.after); err != nil {
			return err
		}
	}
	return nil
}

// knockAloud is a knock on /plain with the ID token, printed.
func (w *walk) knockAloud(ctx context.Context, want string) error {
	w.command("curl -H \"Authorization: $ID_TOKEN\"", w.invokeURL("/plain"))
	got, err := w.knock(ctx, "/plain", w.after.id)
	if err != nil {
		return err
	}
	w.say("  %s", got)
	w.expect("GET /plain with the ID token", got, want)
	return nil
}

// moveClock moves the server's clock past the tokens' hour.
func (w *walk) moveClock(ctx context.Context, by string) error {
	body, err := json.Marshal(map[string]string{"advance": by})
	if err != nil {
		return err
	}
	w.command("curl -X PUT "+w.url+"/_poolgate/clock", "-d "+quoted(string(body)))
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, w.url+"/_poolgate/clock", bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := w.http.Do(request)
	if err != nil {
		return err
	}
	said, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	w.say("  %s", abridge(said))
	w.expect("moving the clock", answer.StatusCode, http.StatusOK)
	return nil
}
