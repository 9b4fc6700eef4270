package sts

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolgate/poolgate/internal/wire"
)

// TestRoleIsASession asks as a function does that signs with its role's credentials.
func TestRoleIsASession(t *testing.T) {
	call := wire.Call{Account: "111122223333", AccessKeyID: "ASIAX", Principal: "arn:aws:iam::111122223333:role/service/pets"}
	got, err := Service{}.GetCallerIdentity(wire.WithCall(t.Context(), call), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "arn:aws:sts::111122223333:assumed-role/pets/ASIAX"
	if *got.Arn != want || *got.Account != call.Account {
		t.Errorf("got %s of %s, want %s", *got.Arn, *got.Account, want)
	}
}
