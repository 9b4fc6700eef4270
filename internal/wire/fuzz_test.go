package wire

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire/model"
)

// FuzzJSON holds the reader against encoding/json: what one takes the other takes, as far as the reader is not stricter on purpose.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0,0.5,1e5,1E-5,true,false,null,"\u00e9\ud83d\ude00\n"],"b":{}}`, `[]`, `"\ud800"`, `01`, `1.`, `-`, `"`, `{"a"}`, ` `,
		`[1,]`, `{,}`, "\"\x01\"", "\"\xff\"", `tru`, `nullx`, `{"a":1 "b":2}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := jsonReader{data: []byte(text)}
		err := r.skip()
		if err == nil {
			err = r.end()
		}
		if strings.Count(text, "[")+strings.Count(text, "{") > maxDepth || len(text) > maxNumber {
			return
		}
		if want := json.Valid([]byte(text)) && utf8.ValidString(text); want != (err == nil) {
			t.Errorf("%q: valid %v, the reader says %v", text, want, err)
		}
		var same string
		if r := (jsonReader{data: []byte(text)}); json.Unmarshal([]byte(text), &same) == nil && utf8.ValidString(text) {
			if next, _ := r.peek(); next == tokenString {
				if got, err := r.text(); err != nil || string(got) != same {
					t.Errorf("%q: read %q (%v), want %q", text, got, err, same)
				}
			}
		}
	})
}

// FuzzDecode checks that any body is either read or refused with a SerializationException, and that what was read and written is
// read again as the same.
func FuzzDecode(f *testing.F) {
	described := model.CognitoIDP.Operation("CreateUserPool")
	p, err := codecOf(&model.CognitoIDP).plan(described.Input, reflect.TypeFor[cognitoidentityprovider.CreateUserPoolInput]())
	if err != nil {
		f.Fatal(err)
	}
	o := &operation{binding: &binding{service: &model.CognitoIDP}, model: described, inPlan: p}
	for _, seed := range []string{
		`{"PoolName":"p","Policies":{"PasswordPolicy":{"MinimumLength":8,"RequireNumbers":true}},"UserPoolTags":{"a":"b"}}`,
		`{"Schema":[{"Name":"n","Required":null,"NumberAttributeConstraints":{"MinValue":"1"}},null]}`, `{"PoolName":5}`, `{"PoolName":"p","PoolName":""}`,
		`{"Policies":{"PasswordPolicy":{"MinimumLength":1.5e1}}}`, `[`, "", "null", `{"Schema":[{},{}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var in, back cognitoidentityprovider.CreateUserPoolInput
		if err := decodeJSON(p, []byte(body), reflect.ValueOf(&in).Elem(), false); err != nil {
			if !fault.Is(err, "SerializationException") {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		_ = validate(o, reflect.ValueOf(&in).Elem())
		text, err := encodeJSON(p, reflect.ValueOf(&in).Elem(), false)
		if err != nil {
			t.Fatal(err)
		}
		if err := decodeJSON(p, text, reflect.ValueOf(&back).Elem(), false); err != nil || !reflect.DeepEqual(in, back) {
			t.Errorf("%q became %q (%v)", body, text, err)
		}
	})
}

// FuzzForm checks that no form breaks the query protocol's decoder.
func FuzzForm(f *testing.F) {
	p, err := codecOf(&model.STS).plan(model.STS.Operation("AssumeRole").Input, reflect.TypeFor[sts.AssumeRoleInput]())
	if err != nil {
		f.Fatal(err)
	}
	f.Add("RoleArn=a&Tags.member.1.Key=k&Tags.member.1.Value=v&DurationSeconds=900")
	f.Add("Tags.member.2.Key=k&Tags=&RoleArn.x.y=1&DurationSeconds=")
	f.Fuzz(func(t *testing.T, form string) {
		values, err := url.ParseQuery(form)
		if err != nil {
			return
		}
		var in sts.AssumeRoleInput
		if err := decodeForm(p, values, reflect.ValueOf(&in).Elem()); err != nil && !fault.Is(err, "SerializationException") {
			t.Errorf("%q: %v", form, err)
		}
	})
}

// FuzzTime checks that a time that was read is written and read again as the same, to the nanosecond.
func FuzzTime(f *testing.F) {
	for _, seed := range []string{"0", "-1.75", "-0.000000001", "1772600767.89", "1.7e9", "253402300799.999", "2026-03-04T05:06:07Z",
		"Wed, 04 Mar 2026 05:06:07 GMT", "1e999999999", "NaN", "-62135596800", "1e-999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseTime(text)
		if err != nil {
			return
		}
		written := string(appendEpoch(nil, parsed, 9))
		if back, err := parseTime(written); err != nil || !back.Equal(parsed) {
			t.Errorf("%q is %v, written %s, read %v (%v)", text, parsed, written, back, err)
		}
	})
}
