package cognito

import (
	"crypto/rand"
	"crypto/rsa"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// newBench is newSignIn with keys of the size that pools have, which are those the benchmark measures.
func newBench(b *testing.B) *signIn {
	s := newSignIn(b, nil)
	pair := keyPair{
		id:     must(rsa.GenerateKey(rand.Reader, signingKeyLen))(b),
		access: must(rsa.GenerateKey(rand.Reader, signingKeyLen))(b),
	}
	set := *must(s.keys.of(b.Context(), s.poolID))(b)
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	set.id, set.access = newSigner("id", pair.id), newSigner("access", pair.access)
	s.keys.cache[s.poolID] = &set
	return s
}

// BenchmarkSignIn is a whole sign-in by password, without the wire: the check, both tokens and the refresh token stored.
func BenchmarkSignIn(b *testing.B) {
	s := newBench(b)
	b.ReportAllocs()
	for b.Loop() {
		must(s.byPassword("ann", goodPassword))(b)
	}
}

// BenchmarkSignInSRP is the server's part of a whole sign-in by SRP; the client's is not measured.
func BenchmarkSignInSRP(b *testing.B) {
	s := newBench(b)
	client := newSRPClient(b)
	b.ReportAllocs()
	for b.Loop() {
		challenge := must(s.initiate(types.AuthFlowTypeUserSrpAuth, map[string]string{"USERNAME": "ann", "SRP_A": client.A()}))(b)
		b.StopTimer()
		answer := client.answer(b, s.poolID, goodPassword, challenge.ChallengeParameters, time.Now())
		b.StartTimer()
		must(s.respond(types.ChallengeNameTypePasswordVerifier, nil, answer))(b)
	}
}

// BenchmarkRefresh is a refresh by REFRESH_TOKEN_AUTH.
func BenchmarkRefresh(b *testing.B) {
	s := newBench(b)
	token := s.tokens("ann").RefreshToken
	b.ReportAllocs()
	for b.Loop() {
		must(s.refresh(token))(b)
	}
}

// BenchmarkVerifier is what a password check costs without the tokens.
func BenchmarkVerifier(b *testing.B) {
	salt := make([]byte, srpSaltSize)
	for b.Loop() {
		computeVerifier(salt, "eu-west-1_abc", "ann", goodPassword)
	}
}
