package cognito

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
)

func TestPasswordPolicy(t *testing.T) {
	all := defaultPasswordPolicy()
	none := &types.PasswordPolicyType{MinimumLength: aws.Int32(6)}
	for name, test := range map[string]struct {
		policy   *types.PasswordPolicyType
		password string
		broken   string
	}{
		"a good one":                       {all, "Passw0rd!", ""},
		"no policy is the default policy":  {nil, "Passw0rd", "Password must have symbol characters"},
		"too short":                        {all, "Pa0!", "Password not long enough"},
		"length counts letters, not bytes": {none, "ééééé", "Password not long enough"},
		"no capital":                       {all, "passw0rd!", "Password must have uppercase characters"},
		"a capital of another script":      {all, "ÉÉÉpassw0rd!", "Password must have uppercase characters"},
		"no small letter":                  {all, "PASSW0RD!", "Password must have lowercase characters"},
		"no digit":                         {all, "Password!", "Password must have numeric characters"},
		"no symbol":                        {all, "Passw0rdX", "Password must have symbol characters"},
		"a space inside is a symbol":       {all, "Passw0rd X", ""},
		"a space at the end is none":       {all, "Passw0rdX ", "Password must have symbol characters"},
		"nothing required":                 {none, "aaaaaa", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkPassword(test.policy, test.password)
			if test.broken == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			refused(t, err, "InvalidPasswordException", "Password did not conform with policy: "+test.broken)
		})
	}
	for _, symbol := range symbols {
		if err := checkPassword(all, "Passw0rd"+string(symbol)); err != nil {
			t.Errorf("%q is not a symbol: %v", symbol, err)
		}
	}
}

func TestTemporaryPasswordsConformToThePolicy(t *testing.T) {
	c := newControlPlane(t)
	seen := map[string]bool{}
	for _, length := range []int32{6, 8, 20, 99} {
		policy := defaultPasswordPolicy()
		policy.MinimumLength = &length
		for range 50 {
			password := must(c.temporaryPassword(policy))(t)
			if err := checkPassword(policy, password); err != nil || seen[password] || strings.ContainsAny(password, " '\"\\$") {
				t.Fatalf("%q: %v", password, err)
			}
			seen[password] = true
		}
	}
}

func TestTheMailbox(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	send := func(recipient, code string) {
		t.Helper()
		if err := c.store.Update(c.ctx, func(tx *store.Tx) error {
			return c.deliver(tx, Message{PoolID: pool, Recipient: recipient, Body: "it is " + code, Code: code})
		}); err != nil {
			t.Fatal(err)
		}
		c.clock.Advance(time.Second)
	}
	codes := func(recipient string) string {
		t.Helper()
		var all []string
		for _, m := range must(c.Mailbox(c.ctx, recipient))(t) {
			all = append(all, m.Code)
		}
		return strings.Join(all, " ")
	}
	send("Ann@example.com", "111111")
	send("bob@example.com", "222222")
	send("ann@example.com", "333333")
	for recipient, want := range map[string]string{"ann@EXAMPLE.com": "333333 111111", "bob@example.com": "222222", "": "333333 222222 111111", "nobody": ""} {
		if got := codes(recipient); got != want {
			t.Errorf("the mailbox of %q has %q, want %q", recipient, got, want)
		}
	}
	if err := c.store.View(c.ctx, func(tx *store.Tx) error {
		found, _, err := messages.List(tx, pool, store.Page{})
		for _, f := range found {
			if strings.Contains(fmt.Sprintf("%+v", *f.Value), "111111") {
				t.Error("a stored message shows its code")
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Run("it is cut back to its size", func(t *testing.T) {
		for i := range mailboxSize {
			send("many@example.com", fmt.Sprint(i))
		}
		if err := c.store.Update(c.ctx, func(tx *store.Tx) error { return cutMailbox(tx, pool) }); err != nil {
			t.Fatal(err)
		}
		if n := mailboxCount(c.ctx, t, c, pool); n != mailboxSize {
			t.Errorf("%d messages are left", n)
		}
		if got := codes("bob@example.com"); got != "" {
			t.Errorf("the oldest messages are still there: %s", got)
		}
		if got := codes("many@example.com"); !strings.HasPrefix(got, "499 498 ") {
			t.Errorf("the newest messages are not first: %.20s", got)
		}
	})
	t.Run("after a day it is empty", func(t *testing.T) {
		c.clock.Advance(25 * time.Hour)
		if got := codes("many@example.com") + codes(""); got != "" {
			t.Errorf("left: %s", got)
		}
	})
}

func mailboxCount(ctx context.Context, t *testing.T, c *controlPlane, pool string) (n int) {
	t.Helper()
	if err := c.store.View(ctx, func(tx *store.Tx) (err error) {
		n, err = messages.Count(tx, pool)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}
