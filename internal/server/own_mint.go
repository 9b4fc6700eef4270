package server

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
)

// mintLimit bounds the claims of a token that is asked for, in bytes.
const mintLimit = 64 << 10

// longestLife bounds how long a minted token is good, and how long ago it may have expired.
const longestLife = 10 * 365 * 24 * time.Hour

// mint makes a token with any claims: POST /_poolgate/tokens with {"pool":…,"use":"id","claims":{…},"life":"1h"}. It is open as the clock is,
// on loopback and while no access keys are configured: whoever reaches it there may do anything to the pool anyway.
func (o *own) mint(r *http.Request) (any, error) {
	const hint = `send {"pool":"eu-west-1_AbCdEfGhI","use":"id","claims":{"sub":"jo"},"life":"1h"}`
	if !o.clockMayMove || !onLoopback(r) {
		return nil, &problem{status: http.StatusForbidden, Message: "tokens are minted on loopback only, and only while no access keys are configured",
			Hint: "sign in instead: poolgate token get"}
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, mintLimit+1))
	if err != nil || len(raw) > mintLimit {
		return nil, &problem{status: http.StatusBadRequest, Message: "the body could not be read, or is longer than 64 KiB", permanent: err}
	}
	var asked struct {
		Pool, Use, Life string
		Claims          map[string]json.RawMessage
	}
	if err := json.Unmarshal(raw, &asked); err != nil || asked.Pool == "" || asked.Use != "id" && asked.Use != "access" {
		return nil, &problem{status: http.StatusBadRequest, Message: "a token needs a pool and a use, and claims that are an object", Hint: hint, permanent: err}
	}
	life, err := time.ParseDuration(asked.Life)
	if err != nil || life.Abs() > longestLife {
		return nil, &problem{status: http.StatusBadRequest, Message: "life is not a duration of at most ten years", Hint: hint, permanent: err}
	}
	token, err := o.minted(r.Context(), cognito.Minting{Pool: asked.Pool, Use: asked.Use, Claims: asked.Claims, Life: life})
	var known *fault.Error
	if errors.As(err, &known) && known.Kind == fault.KindNotFound {
		return nil, &problem{status: http.StatusNotFound, Message: known.Message, Hint: "aws cognito-idp list-user-pools --max-results 10 lists them", permanent: err}
	}
	if err != nil {
		return nil, err
	}
	return map[string]string{"token": token}, nil
}
