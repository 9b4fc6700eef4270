package cognito

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/poolgate/poolgate/internal/store"
)

// newHiding is a sign-in whose client hides which users exist.
func newHiding(t testing.TB) *signIn {
	return newSignIn(t, func(in *cip.CreateUserPoolClientInput) {
		in.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesEnabled
	})
}

// TestAnotherNodeKnowsThatNobodyIsLocked: a lock that only one node knows of would tell a user, whose lock every node
// knows of, from nobody.
func TestAnotherNodeKnowsThatNobodyIsLocked(t *testing.T) {
	s := newHiding(t)
	for range freeFailures {
		_, err := s.byPassword("eve", "Wrong-horse-1")
		refused(t, err, notAuthorized, "Incorrect username or password.")
	}
	other, err := New(Config{Store: s.store, Clock: s.clock, BaseURL: "http://localhost:4566"})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	_, err = other.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: &s.clientID, AuthParameters: map[string]string{"USERNAME": "EVE", "PASSWORD": goodPassword},
	})
	refused(t, err, notAuthorized, "Password attempts exceeded")
	s.clock.Advance(forgiveAfter)
	_, err = s.byPassword("eve", "Wrong-horse-1")
	refused(t, err, notAuthorized, "Incorrect username or password.")
}

func TestNamesThatNobodyHasTakeBoundedRoom(t *testing.T) {
	s := newHiding(t)
	keys := must(s.keysOf(t.Context(), s.poolID))(t)
	places := map[string]bool{}
	for i := range 4 * phantomPlaces {
		place, _ := keys.phantomPlace(fmt.Sprint("nobody", i))
		places[place] = true
	}
	if len(places) > phantomPlaces || len(places) < phantomPlaces/2 {
		t.Errorf("%d names have %d places", 4*phantomPlaces, len(places))
	}
	for range 3 {
		_, err := s.byPassword("eve", "Wrong-horse-1")
		refused(t, err, notAuthorized, "Incorrect username or password.")
	}
	kept := func() (n int) {
		err := s.store.View(t.Context(), func(tx *store.Tx) error {
			all, _, err := phantoms.List(tx, s.poolID, store.Page{})
			n = len(all)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := kept(); n != 1 {
		t.Errorf("one name takes %d places", n)
	}
	must(s.DeleteUserPool(s.ctx, &cip.DeleteUserPoolInput{UserPoolId: &s.poolID}))(t)
	if n := kept(); n != 0 {
		t.Errorf("%d places are left of a deleted pool", n)
	}
}

// TestAForgottenPasswordDoesNotTellWhoExists: whoever cannot be sent a code is answered as nobody is.
func TestAForgottenPasswordDoesNotTellWhoExists(t *testing.T) {
	s := newHiding(t)
	forgot := func(name string) *types.CodeDeliveryDetailsType {
		return must(s.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: &s.clientID, Username: aws.String(name)}))(t).CodeDeliveryDetails
	}
	nobody := forgot("ann2")
	for state, change := range map[string]func(*user){
		"disabled":                    func(u *user) { u.Enabled = false },
		"without a verified address":  func(u *user) { u.Enabled = true; u.set("email_verified", "false") },
		"invited and without address": func(u *user) { u.Status = types.UserStatusTypeForceChangePassword; u.set("email_verified", "false") },
	} {
		s.editUser("ann", change)
		if diff := cmp.Diff(nobody, forgot("ann"), cmpopts.IgnoreUnexported(types.CodeDeliveryDetailsType{})); diff != "" {
			t.Errorf("%s (-nobody +user):\n%s", state, diff)
		}
	}
}
