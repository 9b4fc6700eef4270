package policy

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkEvaluate(b *testing.B) {
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprintf(`"arn:aws:execute-api:us-east-1:123456789012:abc123/prod/GET/r%d/*"`, i))
	}
	context := map[string][]string{"aws:sourceip": {"203.0.113.9"}, "aws:username": {"7"}}
	for _, c := range []struct{ name, statement string }{
		{"everything", `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}`},
		{"method", `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:123456789012:abc123/prod/GET/*"}`},
		{"addresses", `[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:abc123/*"},{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]}}}]`},
		{"40 resources", `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":[` + strings.Join(many, ",") + `]}`},
		{"variable", `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:abc123/prod/GET/pets/${aws:username}"}`},
	} {
		d, err := Parse([]byte(`{"Version":"2012-10-17","Statement":` + c.statement + `}`))
		if err != nil {
			b.Fatal(err)
		}
		r := Request{Action: "execute-api:Invoke", Resource: methodARN, Context: context}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d.Decide(&r)
			}
		})
	}
}
