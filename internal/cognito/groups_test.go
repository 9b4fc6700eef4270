package cognito

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/poolgate/poolgate/internal/store"
)

func TestGroups(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	role := aws.String("arn:aws:iam::123456789012:role/admin")
	in := &cip.CreateGroupInput{UserPoolId: &pool, GroupName: aws.String("admins"), Description: aws.String("all"), Precedence: aws.Int32(0), RoleArn: role}
	must(c.CreateGroup(c.ctx, in))(t)
	_, err := c.CreateGroup(c.ctx, in)
	refused(t, err, "GroupExistsException", "A group with the name already exists.")
	get := func() (*types.GroupType, error) {
		out, err := c.GetGroup(c.ctx, &cip.GetGroupInput{UserPoolId: &pool, GroupName: in.GroupName})
		return out.Group, err
	}
	want := &types.GroupType{UserPoolId: &pool, GroupName: in.GroupName, Description: in.Description, Precedence: in.Precedence, RoleArn: role}
	dates := cmpopts.IgnoreFields(types.GroupType{}, "CreationDate", "LastModifiedDate")
	if diff := cmp.Diff(want, must(get())(t), ignoreSerde, dates); diff != "" {
		t.Error(diff)
	}
	must(c.UpdateGroup(c.ctx, &cip.UpdateGroupInput{UserPoolId: &pool, GroupName: in.GroupName, Description: aws.String("some")}))(t)
	want.Description = aws.String("some")
	if diff := cmp.Diff(want, must(get())(t), ignoreSerde, dates); diff != "" {
		t.Errorf("an update of the description:\n%s", diff)
	}
	must(c.DeleteGroup(c.ctx, &cip.DeleteGroupInput{UserPoolId: &pool, GroupName: in.GroupName}))(t)
	_, err = get()
	refused(t, err, notFound, "Group not found.")
}

func TestMembersOfGroups(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	for name, precedence := range map[string]*int32{"last": nil, "b": aws.Int32(5), "a": aws.Int32(5), "first": aws.Int32(0)} {
		must(c.CreateGroup(c.ctx, &cip.CreateGroupInput{UserPoolId: &pool, GroupName: &name, Precedence: precedence}))(t)
	}
	join := func(who, name string) error {
		_, err := c.AdminAddUserToGroup(c.ctx, &cip.AdminAddUserToGroupInput{UserPoolId: &pool, Username: &who, GroupName: &name})
		return err
	}
	for i := range 5 {
		c.user(pool, fmt.Sprintf("u%d", i))
		if err := join(fmt.Sprintf("U%d", i), "a"); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"last", "b", "first", "b"} {
		if err := join("u0", name); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, join("u0", "nowhere"), notFound, "Group not found.")
	refused(t, join("nobody", "a"), "UserNotFoundException", "User does not exist.")

	groupsOfUser := func() string {
		var names []string
		in := &cip.AdminListGroupsForUserInput{UserPoolId: &pool, Username: aws.String("u0"), Limit: aws.Int32(3)}
		for {
			out := must(c.AdminListGroupsForUser(c.ctx, in))(t)
			for _, g := range out.Groups {
				names = append(names, *g.GroupName)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return strings.Join(names, " ")
			}
		}
	}
	if diff := cmp.Diff("first a b last", groupsOfUser()); diff != "" {
		t.Errorf("groups by precedence:\n%s", diff)
	}
	membersOf := func(name string) string {
		var names []string
		in := &cip.ListUsersInGroupInput{UserPoolId: &pool, GroupName: &name, Limit: aws.Int32(2)}
		for {
			out := must(c.ListUsersInGroup(c.ctx, in))(t)
			for _, u := range out.Users {
				names = append(names, *u.Username)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return strings.Join(names, " ")
			}
		}
	}
	if diff := cmp.Diff("u0 u1 u2 u3 u4", membersOf("a")); diff != "" {
		t.Error(diff)
	}
	for range 2 {
		must(c.AdminRemoveUserFromGroup(c.ctx, &cip.AdminRemoveUserFromGroupInput{UserPoolId: &pool, Username: aws.String("u1"), GroupName: aws.String("a")}))(t)
	}
	must(c.AdminDeleteUser(c.ctx, &cip.AdminDeleteUserInput{UserPoolId: &pool, Username: aws.String("u2")}))(t)
	if diff := cmp.Diff("u0 u3 u4", membersOf("a")); diff != "" {
		t.Error(diff)
	}
	must(c.DeleteGroup(c.ctx, &cip.DeleteGroupInput{UserPoolId: &pool, GroupName: aws.String("a")}))(t)
	if diff := cmp.Diff("first b last", groupsOfUser()); diff != "" {
		t.Error(diff)
	}
	listed := must(c.ListGroups(c.ctx, &cip.ListGroupsInput{UserPoolId: &pool}))(t).Groups
	if len(listed) != 3 {
		t.Errorf("%d groups are listed", len(listed))
	}
	if err := c.store.View(c.ctx, func(tx *store.Tx) error {
		n, err := members.Count(tx, pool)
		if n != 3 {
			t.Errorf("%d memberships are left", n)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
