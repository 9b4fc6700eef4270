package cognito

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/store"
)

// populate stores n users u0000… without passwords: the first half from example.com, every tenth disabled.
func (c *controlPlane) populate(poolID string, n int) {
	c.t.Helper()
	for from := 0; from < n; from += 1000 {
		if err := c.store.Update(c.ctx, func(tx *store.Tx) error {
			for i := from; i < min(from+1000, n); i++ {
				host := "example.com"
				if i >= n/2 {
					host = "example.org"
				}
				u := &user{
					Username: fmt.Sprintf("u%05d", i), Sub: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), Enabled: i%10 != 0,
					Status: types.UserStatusTypeConfirmed, Created: c.now(), Modified: c.now(),
					Attributes: []attribute{{"email", fmt.Sprintf("U%05d@%s", i, host)}, {"family_name", "Bakker"}, {"given_name", fmt.Sprintf("g%d", i%7)}},
				}
				if err := users.Insert(tx, poolID, u.Username, u); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			c.t.Fatal(err)
		}
	}
}

// list gets every page of a list of users.
func (c *controlPlane) list(in cip.ListUsersInput) (names []string, pages int) {
	c.t.Helper()
	for {
		out := must(c.ListUsers(c.ctx, &in))(c.t)
		for _, u := range out.Users {
			names = append(names, *u.Username)
		}
		pages++
		if in.PaginationToken = out.PaginationToken; in.PaginationToken == nil {
			return names, pages
		}
	}
}

func TestListingUsersByFilter(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	sensitive := c.pool(&cip.CreateUserPoolInput{UsernameConfiguration: &types.UsernameConfigurationType{CaseSensitive: aws.Bool(true)}})
	for _, id := range []string{pool, sensitive} {
		c.user(id, "ann", attr("email", "Ann@example.com"), attr("name", `Ann "A" \ Bakker`), attr("family_name", "Bakker"), attr("phone_number", "+31201234567"))
		c.user(id, "bob", attr("email", "bob@example.com"), attr("family_name", "bakker"), attr("given_name", "Bob"), attr("preferred_username", "Bobby"))
		c.user(id, "Bobine", attr("email", "bobine@example.org"))
		must(c.AdminSetUserPassword(c.ctx, &cip.AdminSetUserPasswordInput{UserPoolId: &id, Username: aws.String("bob"), Password: aws.String("Forever-1!"), Permanent: true}))(t)
		must(c.AdminDisableUser(c.ctx, &cip.AdminDisableUserInput{UserPoolId: &id, Username: aws.String("bob")}))(t)
	}
	sub := c.stored(pool, "ann").Sub
	for filter, want := range map[string]string{
		``:                                       "Bobine ann bob",
		`username = "bob"`:                       "bob",
		`username = "BOB"`:                       "",
		`username ^= "bob"`:                      "bob",
		`username ^= "Bob"`:                      "Bobine",
		`username ^= ""`:                         "Bobine ann bob",
		`email = "Ann@example.com"`:              "ann",
		`email = "ann@EXAMPLE.com"`:              "ann",
		`email ^= "bob"`:                         "Bobine bob",
		`email="bob@example.com"`:                "bob",
		`  email  ^=  "bob@"  `:                  "bob",
		`phone_number ^= "+31"`:                  "ann",
		`name = "Ann \"A\" \\ Bakker"`:           "ann",
		`name ^= "Ann \"A"`:                      "ann",
		`family_name = "Bakker"`:                 "ann",
		`given_name = "Bob"`:                     "bob",
		`preferred_username = "bobby"`:           "bob",
		`cognito:user_status = "CONFIRMED"`:      "bob",
		`cognito:user_status = "confirmed"`:      "bob",
		`cognito:user_status ^= "force_"`:        "Bobine ann",
		`cognito:user_status = "never heard of"`: "",
		`status = "Enabled"`:                     "Bobine ann",
		`status = "Disabled"`:                    "bob",
		`status = "disabled"`:                    "",
		`sub = "` + sub + `"`:                    "ann",
		`sub ^= "` + sub[:8] + `"`:               "ann",
	} {
		t.Run(filter, func(t *testing.T) {
			got, _ := c.list(cip.ListUsersInput{UserPoolId: &pool, Filter: &filter, Limit: aws.Int32(1)})
			if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("a pool that tells the cases apart does so in filters", func(t *testing.T) {
		if got, _ := c.list(cip.ListUsersInput{UserPoolId: &sensitive, Filter: aws.String(`email ^= "ann"`)}); len(got) > 0 {
			t.Errorf("found %s", got)
		}
	})
	for filter, want := range map[string]string{
		`foo`: "Error while parsing filter.", `email = bob`: "Error while parsing filter.", `email == "bob"`: "Error while parsing filter.",
		`email = "bob" and name = "x"`: "Error while parsing filter.", `email = "bob`: "Error while parsing filter.", `= "x"`: "Error while parsing filter.",
		`email = 'bob'`: "Error while parsing filter.", `email ~ "b"`: "Error while parsing filter.", `email = "a"b"`: "Error while parsing filter.",
		`custom:team = "x"`: "Invalid search attribute: custom:team", `nickname = "x"`: "Invalid search attribute: nickname",
	} {
		t.Run("refuses "+filter, func(t *testing.T) {
			_, err := c.ListUsers(c.ctx, &cip.ListUsersInput{UserPoolId: &pool, Filter: &filter})
			refused(t, err, invalid, want)
		})
	}
}

func TestListingUsersByPages(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	c.populate(pool, 200)
	all, pages := c.list(cip.ListUsersInput{UserPoolId: &pool})
	if len(all) != 200 || pages != 4 || !slices.IsSorted(all) || len(slices.Compact(all)) != 200 {
		t.Errorf("%d users in %d pages", len(all), pages)
	}
	first := must(c.ListUsers(c.ctx, &cip.ListUsersInput{UserPoolId: &pool, Limit: aws.Int32(10), AttributesToGet: []string{"sub", "given_name"}}))(t)
	if got := pairs(first.Users[0].Attributes); got != "given_name=g0" || len(first.Users[0].Attributes) != 2 {
		t.Errorf("asked for the given name, got %s", got)
	}
	_, err := c.ListUsers(c.ctx, &cip.ListUsersInput{UserPoolId: &pool, PaginationToken: first.PaginationToken, Filter: aws.String(`name = "x"`)})
	refused(t, err, invalid, "Invalid pagination token.")
	_, err = c.ListUsers(c.ctx, &cip.ListUsersInput{UserPoolId: &pool, AttributesToGet: []string{"custom:nope"}})
	refused(t, err, invalid, "One or more requested attributes do not exist.")
	if n := must(c.DescribeUserPool(c.ctx, &cip.DescribeUserPoolInput{UserPoolId: &pool}))(t).UserPool.EstimatedNumberOfUsers; n != 200 {
		t.Errorf("the pool estimates %d users", n)
	}
}

// A search reads the users it returns and few others. What is compared is not the clock's time but how many times faster
// a page is found than everybody is read, so that a busy machine does not decide.
func TestASearchAmongTenThousandUsersReadsFew(t *testing.T) {
	if testing.Short() {
		t.Skip("stores 10,000 users")
	}
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	c.populate(pool, 10_000)
	begin := time.Now()
	if err := c.store.View(c.ctx, func(tx *store.Tx) error {
		_, _, err := users.List(tx, pool, store.Page{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	everybody := time.Since(begin)
	for _, filter := range []string{`email = "U09999@example.org"`, `email ^= "u0999"`, `username ^= "u0999"`, `family_name = "Bakker"`, `status = "Disabled"`, ``} {
		best := everybody
		for range 3 {
			begin := time.Now()
			if out := must(c.ListUsers(c.ctx, &cip.ListUsersInput{UserPoolId: &pool, Filter: &filter}))(t); len(out.Users) == 0 {
				t.Errorf("%s found nobody", filter)
			}
			best = min(best, time.Since(begin))
		}
		t.Logf("%s: %v, and %v for everybody", filter, best, everybody)
		if best > everybody/4 {
			t.Errorf("%s took %v, reading everybody takes %v", filter, best, everybody)
		}
	}
}

func FuzzUserFilter(f *testing.F) {
	for _, seed := range []string{`email = "a"`, `name ^= "a\"b\\"`, `= ""`, `status="`, "\"\\", `sub = "\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := parseUserFilter(text)
		if err != nil || filter == nil {
			return
		}
		// What was parsed, written out again, means the same.
		operator := "="
		if filter.prefix {
			operator = "^="
		}
		again, err := parseUserFilter(fmt.Sprintf(`%s %s "%s"`, filter.attribute, operator, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(filter.value)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(filter, again, cmp.AllowUnexported(userFilter{})); diff != "" {
			t.Error(diff)
		}
		filter.matches(&pool{}, &user{})
	})
}
