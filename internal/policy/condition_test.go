package policy

import "testing"

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		name, condition string
		values          []string
		want            bool
	}{
		{"equal texts", `"StringEquals":{"K":["x","y"]}`, []string{"y"}, true},
		{"the case of texts matters", `"StringEquals":{"K":"x"}`, []string{"X"}, false},
		{"a star is a star", `"StringEquals":{"K":"x*"}`, []string{"xyz"}, false},
		{"a missing key is equal to nothing", `"StringEquals":{"K":"x"}`, nil, false},
		{"a missing key with IfExists", `"StringEqualsIfExists":{"K":"x"}`, nil, true},
		{"IfExists with a key", `"StringEqualsIfExists":{"K":"x"}`, []string{"y"}, false},
		{"unequal texts", `"StringNotEquals":{"K":["x","y"]}`, []string{"z"}, true},
		{"unequal to all", `"StringNotEquals":{"K":["x","y"]}`, []string{"y"}, false},
		{"a missing key is unequal", `"StringNotEquals":{"K":"x"}`, nil, true},
		{"case ignored", `"StringEqualsIgnoreCase":{"K":"Ab"}`, []string{"aB"}, true},
		{"case ignored and unequal", `"StringNotEqualsIgnoreCase":{"K":"Ab"}`, []string{"aB"}, false},
		{"wildcards", `"StringLike":{"K":"a*b?d"}`, []string{"axxbcd"}, true},
		{"wildcards against", `"StringNotLike":{"K":"a*"}`, []string{"abc"}, false},
		{"one character of several bytes", `"StringLike":{"K":"?"}`, []string{"é"}, true},
		{"an operator's case does not matter", `"stringLIKE":{"K":"*"}`, []string{"x"}, true},
		{"a number", `"NumericEquals":{"K":7}`, []string{"7.0"}, true},
		{"less", `"NumericLessThan":{"K":"7"}`, []string{"7"}, false},
		{"less or equal", `"NumericLessThanEquals":{"K":"7"}`, []string{"7"}, true},
		{"greater than one of them", `"NumericGreaterThan":{"K":["9","3"]}`, []string{"7"}, true},
		{"greater or equal", `"NumericGreaterThanEquals":{"K":"7.5"}`, []string{"7"}, false},
		{"unequal numbers", `"NumericNotEquals":{"K":"7"}`, []string{"8"}, true},
		{"what is no number", `"NumericLessThan":{"K":"7"}`, []string{"NaN"}, false},
		{"a date before", `"DateLessThan":{"K":"2026-01-02T03:04:05Z"}`, []string{"2026-01-02T03:04:04Z"}, true},
		{"a date in seconds", `"DateGreaterThanEquals":{"K":"1767323045"}`, []string{"2026-01-02T03:04:05Z"}, true},
		{"a day", `"DateEquals":{"K":"2026-01-02"}`, []string{"2026-01-02T00:00:00Z"}, true},
		{"another zone", `"DateEquals":{"K":"2026-01-02T02:00:00+02:00"}`, []string{"2026-01-02T00:00:00Z"}, true},
		{"unequal dates", `"DateNotEquals":{"K":"2026-01-02"}`, []string{"2026-01-02T00:00:00Z"}, false},
		{"a date before or equal", `"DateLessThanEquals":{"K":"2026"}`, []string{"2025-12-31T23:59:59Z"}, true},
		{"a date after", `"DateGreaterThan":{"K":"2026"}`, []string{"2025-12-31T23:59:59Z"}, false},
		{"true", `"Bool":{"K":true}`, []string{"True"}, true},
		{"false", `"Bool":{"K":"false"}`, []string{"true"}, false},
		{"neither", `"BoolIfExists":{"K":"false"}`, []string{"maybe"}, false},
		{"bytes", `"BinaryEquals":{"K":"aGk="}`, []string{"hi"}, true},
		{"a block of addresses", `"IpAddress":{"K":["10.0.0.0/8","192.0.2.7"]}`, []string{"10.255.0.1"}, true},
		{"a single address", `"IpAddress":{"K":["10.0.0.0/8","192.0.2.7"]}`, []string{"192.0.2.7"}, true},
		{"an address outside", `"IpAddress":{"K":"10.0.0.0/8"}`, []string{"11.0.0.1"}, false},
		{"a block with further bits", `"IpAddress":{"K":"10.1.2.3/8"}`, []string{"10.9.9.9"}, true},
		{"IPv6", `"IpAddress":{"K":"2001:db8::/32"}`, []string{"2001:db8::1"}, true},
		{"IPv4 in IPv6", `"IpAddress":{"K":"10.0.0.0/8"}`, []string{"::ffff:10.0.0.1"}, true},
		{"a block that was mapped", `"IpAddress":{"K":"::ffff:10.0.0.0/104"}`, []string{"10.0.0.1"}, true},
		{"every IPv4 is no IPv6", `"IpAddress":{"K":"0.0.0.0/0"}`, []string{"2001:db8::1"}, false},
		{"an address with a zone", `"IpAddress":{"K":"fe80::/10"}`, []string{"fe80::1%eth0"}, true},
		{"what is no address", `"NotIpAddress":{"K":"10.0.0.0/8"}`, []string{"here"}, true},
		{"not in the block", `"NotIpAddress":{"K":"10.0.0.0/8"}`, []string{"10.0.0.1"}, false},
		{"ARNs", `"ArnLike":{"K":"arn:aws:sns:*:123456789012:t*"}`, []string{"arn:aws:sns:eu-west-1:123456789012:topic"}, true},
		{"ArnEquals has wildcards too", `"ArnEquals":{"K":"arn:aws:sns:*:*:*"}`, []string{"arn:aws:sns:eu-west-1:1:topic"}, true},
		{"ARNs field by field", `"ArnLike":{"K":"arn:aws:sns:*:topic"}`, []string{"arn:aws:sns:eu-west-1:1:topic"}, false},
		{"other ARNs", `"ArnNotEquals":{"K":"arn:aws:sns:*:*:x"}`, []string{"arn:aws:sns:eu-west-1:1:topic"}, true},
		{"unlike ARNs", `"ArnNotLike":{"K":"arn:aws:sns:*:*:*"}`, []string{"arn:aws:sns:eu-west-1:1:topic"}, false},
		{"must be missing", `"Null":{"K":"true"}`, nil, true},
		{"must be there", `"Null":{"K":false}`, nil, false},
		{"is there", `"Null":{"K":"false"}`, []string{""}, true},
		{"any of the values", `"ForAnyValue:StringEquals":{"K":["x","y"]}`, []string{"a", "y"}, true},
		{"any of no values", `"ForAnyValue:StringEquals":{"K":"x"}`, nil, false},
		{"any that differs", `"ForAnyValue:StringNotEquals":{"K":"x"}`, []string{"x", "a"}, true},
		{"any that differs of none", `"ForAnyValue:StringNotEquals":{"K":"x"}`, nil, false},
		{"all of the values", `"ForAllValues:StringEquals":{"K":["x","y"]}`, []string{"y", "x", "x"}, true},
		{"all but one", `"ForAllValues:StringEquals":{"K":["x","y"]}`, []string{"y", "z"}, false},
		{"all of no values", `"ForAllValues:StringEquals":{"K":"x"}`, nil, true},
		{"all differ", `"ForAllValues:StringNotLike":{"K":"x*"}`, []string{"a", "xa"}, false},
		{"any, if there", `"ForAnyValue:StringEqualsIfExists":{"K":"x"}`, nil, true},
		{"both operators hold", `"StringLike":{"K":"x*"},"StringNotEquals":{"K":"xy"}`, []string{"xz"}, true},
		{"one of two operators fails", `"StringLike":{"K":"x*"},"StringNotEquals":{"K":"xy"}`, []string{"xy"}, false},
		{"one of two keys fails", `"StringEquals":{"K":"x","other":"y"}`, []string{"x"}, false},
	} {
		want := Silent
		if c.want {
			want = Allowed
		}
		got := ask(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+c.condition+`}}`, func(r *Request) {
			r.Context = map[string][]string{"k": c.values}
		})
		if got != want {
			t.Errorf("%s: %s, want %s", c.name, got, want)
		}
	}
}
