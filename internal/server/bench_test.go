package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// BenchmarkSignInsOverTheWire is a password sign-in through the whole server, over loopback, by as many clients as there are cores;
// the pool has users users, and what is stored is durable.
func BenchmarkSignInsOverTheWire(b *testing.B) {
	for _, users := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("%d users", users), func(b *testing.B) {
			s, err := Start(b.Context(), Config{Addr: "127.0.0.1:0", Data: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = s.Close(b.Context()) })
			client := poolOf(b, s.URL(), users)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if status := operation(b, s.URL(), "InitiateAuth", map[string]any{"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH",
						"AuthParameters": map[string]string{"USERNAME": "u0", "PASSWORD": "Correct-horse-1"}}); status != http.StatusOK {
						b.Errorf("answered %d", status)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sign-ins/s")
		})
	}
}

// poolOf makes a pool with so many users, of whom u0 can sign in, and returns its client's id.
func poolOf(b *testing.B, url string, users int) string {
	b.Helper()
	pools := cip.NewFromConfig(aws.Config{Region: "eu-west-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	pool, err := pools.CreateUserPool(b.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("bench")})
	if err != nil {
		b.Fatal(err)
	}
	client, err := pools.CreateUserPoolClient(b.Context(), &cip.CreateUserPoolClientInput{
		UserPoolId: pool.UserPool.Id, ClientName: aws.String("bench"), ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})
	if err != nil {
		b.Fatal(err)
	}
	for i := range users {
		if status := operation(b, url, "SignUp", map[string]any{"ClientId": client.UserPoolClient.ClientId, "Username": fmt.Sprintf("u%d", i), "Password": "Correct-horse-1"}); status != http.StatusOK {
			b.Fatalf("SignUp answered %d", status)
		}
	}
	if _, err := pools.AdminConfirmSignUp(b.Context(), &cip.AdminConfirmSignUpInput{UserPoolId: pool.UserPool.Id, Username: aws.String("u0")}); err != nil {
		b.Fatal(err)
	}
	return *client.UserPoolClient.ClientId
}

// operation calls an unsigned operation and returns the answer's status.
func operation(b *testing.B, url, name string, in any) int {
	body, err := json.Marshal(in)
	if err != nil {
		b.Error(err)
		return 0
	}
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		b.Error(err)
		return 0
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+name)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Error(err)
		return 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}
