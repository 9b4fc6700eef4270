package wire

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// BenchmarkCall is what wire itself costs: a sign-in request through every phase, to a method that does nothing.
func BenchmarkCall(b *testing.B) {
	m := New(Options{})
	m.Register(&model.CognitoIDP, &pools{})
	const body = `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"3n4b5urk1ft4fl3mg5e62d9ado","AuthParameters":` +
		`{"USERNAME":"alice@example.com","PASSWORD":"correct horse battery staple"},"ClientMetadata":{"a":"b"}}`
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", cognitoTarget+"InitiateAuth")
		w := httptest.NewRecorder()
		if m.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}

// BenchmarkRegister is what a service costs at start-up.
func BenchmarkRegister(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		m := New(Options{})
		m.Register(&model.CognitoIDP, &pools{})
		m.Register(&model.APIGateway, &apis{})
	}
}
