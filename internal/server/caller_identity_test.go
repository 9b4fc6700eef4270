package server

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestGetCallerIdentity asks by the SDK whose a key is: nobody's in particular, an account's, and a configured owner's.
func TestGetCallerIdentity(t *testing.T) {
	owned := Config{
		AccessKeys: map[string]string{"AKIAJO": "secret"},
		Callers:    map[string]Caller{"AKIAJO": {ARN: "arn:aws:iam::111122223333:user/team/jo"}},
	}
	for name, test := range map[string]struct {
		config                  Config
		key                     string
		wantAccount, wantARN, u string
	}{
		"any key":             {key: "test", wantAccount: "000000000000", wantARN: "arn:aws:iam::000000000000:root", u: "000000000000"},
		"a key of an account": {key: "123456789012", wantAccount: "123456789012", wantARN: "arn:aws:iam::123456789012:root", u: "123456789012"},
		"a configured owner":  {config: owned, key: "AKIAJO", wantAccount: "111122223333", wantARN: "arn:aws:iam::111122223333:user/team/jo", u: "AKIAJO"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startTest(t, test.config)
			client := sts.New(sts.Options{
				Region: "eu-west-1", BaseEndpoint: aws.String(s.URL()), Credentials: credentials.NewStaticCredentialsProvider(test.key, "secret", ""),
			})
			got, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			if err != nil {
				t.Fatal(err)
			}
			if *got.Account != test.wantAccount || *got.Arn != test.wantARN || *got.UserId != test.u {
				t.Errorf("got %s, %s, %s", *got.Account, *got.Arn, *got.UserId)
			}
		})
	}
}
