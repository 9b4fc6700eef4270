package gateway_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/gateway/signed"
	"github.com/poolgate/poolgate/internal/policy"
)

const (
	apiHost   = apiID + ".execute-api." + region + ".amazonaws.com"
	bobKey    = "AKIDBOB"
	bobARN    = "arn:aws:iam::000000000000:user/team/bob"
	eveKey    = "AKIDEVE"
	eveARN    = "arn:aws:iam::111122223333:user/eve"
	keySecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" // AWS's published example
	// methodOfPets is what requests for /prod/pets ask for.
	methodOfPets = "arn:aws:execute-api:eu-west-1:000000000000:abcde12345/prod/GET/pets"
	maskedPets   = "arn:aws:execute-api:eu-west-1:********0000:abcde12345/prod/GET/pets"
)

// keyed gives a gateway bob's key, of the API's account, and eve's, of another; both with the same policy, or with none.
func keyed(t testing.TB, own string) func(*gateway.Config) {
	t.Helper()
	var document *policy.Document
	if own != "" {
		var err error
		if document, err = policy.Parse([]byte(own)); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string]signed.Key{
		bobKey: {Secret: keySecret, Account: account, ARN: bobARN, UserID: "AIDABOB", Policy: document},
		eveKey: {Secret: keySecret, Account: "111122223333", ARN: eveARN, UserID: "AIDAEVE", Policy: document},
	}
	return func(c *gateway.Config) {
		c.AccessKeys = func(id string) (signed.Key, bool) {
			key, known := all[id]
			return key, known
		}
	}
}

// signature signs a request as the SDKs do and returns its headers for send. change may turn the signed request into another one.
type signature struct {
	key, secret, service, region string
	method, path, body           string
	headers                      http.Header
	at                           time.Time
	// inQuery signs in the query; path then gets it.
	inQuery bool
}

func (s *signature) sign(t testing.TB) (path string, headers []string) {
	t.Helper()
	r, err := http.NewRequest(s.method, "http://"+apiHost+s.path, strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range s.headers {
		r.Header[name] = values
	}
	sum := sha256.Sum256([]byte(s.body))
	hash := hex.EncodeToString(sum[:])
	credentials := aws.Credentials{AccessKeyID: s.key, SecretAccessKey: s.secret}
	if s.inQuery {
		location, _, err := v4.NewSigner().PresignHTTP(context.Background(), credentials, r, hash, s.service, s.region, s.at)
		if err != nil {
			t.Fatal(err)
		}
		_, path, _ = strings.Cut(location, apiHost)
	} else {
		if err := v4.NewSigner().SignHTTP(context.Background(), credentials, r, hash, s.service, s.region, s.at); err != nil {
			t.Fatal(err)
		}
		path = s.path
	}
	headers = []string{"Host", apiHost}
	for name, values := range r.Header {
		for _, value := range values {
			headers = append(headers, name, value)
		}
	}
	return path, headers
}

func signatureOf(key, method, path string) *signature {
	return &signature{key: key, secret: keySecret, service: "execute-api", region: region, method: method, path: path, at: time.Now()}
}

// sendSigned signs a request and sends it.
func sendSigned(t testing.TB, w http.Handler, s *signature) reply {
	t.Helper()
	path, headers := s.sign(t)
	return sendBody(t, w, s.method, path, s.body, headers...)
}

func iam() types.Method { return types.Method{AuthorizationType: aws.String("AWS_IAM")} }

// withPolicy gives an API a resource policy of these statements; none gives it none.
func (a *api) withPolicy(statements string) *api {
	if statements != "" {
		a.s.API.Value.Policy = aws.String(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)
	}
	return a
}
