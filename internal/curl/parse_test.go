package curl_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/curl"
)

const at = "https://abc.execute-api.eu-west-1.amazonaws.com/dev/x"

// own are the headers that curl adds by itself.
func own(more ...string) http.Header {
	h := http.Header{"Accept": {"*/*"}, "User-Agent": {"curl/8.5.0"}}
	for i := 0; i < len(more); i += 2 {
		h[more[i]] = append(h[more[i]], more[i+1])
	}
	return h
}

func form(more ...string) http.Header {
	return own(append([]string{"Content-Type", "application/x-www-form-urlencoded"}, more...)...)
}

func TestParse(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"data": "a=1\r\nb=2\n", "headers": "X-One: 1\n\nX-Two: 2\r\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name  string
		words []string
		want  curl.Command
	}{
		{"plain", []string{at}, curl.Command{Method: "GET", URL: at, Header: own()}},
		{"a verb", []string{"-X", "DELETE", at}, curl.Command{Method: "DELETE", URL: at, Header: own()}},
		{"a verb in the same word", []string{"-XPATCH", at}, curl.Command{Method: "PATCH", URL: at, Header: own()}},
		{"letters in one word", []string{"-sSiko", "/dev/null", "-w", "%{http_code}", at}, curl.Command{Method: "GET", URL: at, Header: own(), Insecure: true}},
		{"a letter with its value in the same word", []string{"-sHX-A: 1", at}, curl.Command{Method: "GET", URL: at, Header: own("X-A", "1")}},
		{"a long option with =", []string{"--request=PUT", "--url=" + at}, curl.Command{Method: "PUT", URL: at, Header: own()}},
		{"a header", []string{"-H", "Authorization: Bearer abc", at}, curl.Command{Method: "GET", URL: at, Header: own("Authorization", "Bearer abc")}},
		{"a header twice", []string{"-H", "X-A: 1", "-H", "x-a: 2", at}, curl.Command{Method: "GET", URL: at, Header: own("X-A", "1", "X-A", "2")}},
		{"headers that curl adds, taken away", []string{"-H", "User-Agent:", "-H", "accept:", at}, curl.Command{Method: "GET", URL: at, Header: http.Header{}}},
		{"an empty header", []string{"-H", "Authorization;", at}, curl.Command{Method: "GET", URL: at, Header: own("Authorization", "")}},
		{"headers of a file", []string{"-H", "@headers", at}, curl.Command{Method: "GET", URL: at, Header: own("X-One", "1", "X-Two", "2")}},
		{"white space in a header stays behind it", []string{"-H", "Authorization:   abc \n def ", at}, curl.Command{Method: "GET", URL: at, Header: own("Authorization", "abc \n def ")}},
		{"data", []string{"-d", "a=1", "--data", "b=2", at}, curl.Command{Method: "POST", URL: at, Header: form(), Body: []byte("a=1&b=2")}},
		{"data of a file", []string{"-d", "@data", at}, curl.Command{Method: "POST", URL: at, Header: form(), Body: []byte("a=1b=2")}},
		{"binary data of a file", []string{"--data-binary", "@data", at}, curl.Command{Method: "POST", URL: at, Header: form(), Body: []byte("a=1\r\nb=2\n")}},
		{"data of standard input", []string{"-d", "@-", at}, curl.Command{Method: "POST", URL: at, Header: form(), Body: []byte("typed")}},
		{"raw data with an @", []string{"--data-raw", "@data", at}, curl.Command{Method: "POST", URL: at, Header: form(), Body: []byte("@data")}},
		{"empty data", []string{"-d", "", at}, curl.Command{Method: "POST", URL: at, Header: form()}},
		{"data with its own type", []string{"-H", "Content-Type: text/plain", "-d", "a", at}, curl.Command{Method: "POST", URL: at, Header: own("Content-Type", "text/plain"), Body: []byte("a")}},
		{"encoded data", []string{"--data-urlencode", "a=b c&d", "--data-urlencode", "e f", "--data-urlencode", "n@data", at},
			curl.Command{Method: "POST", URL: at, Header: form(), Body: []byte("a=b%20c%26d&e%20f&n=a%3D1%0D%0Ab%3D2%0A")}},
		{"data as the query", []string{"-G", "-d", "a=1", "-d", "b=2", at + "?c=3"}, curl.Command{Method: "GET", URL: at + "?c=3&a=1&b=2", Header: own()}},
		{"a query", []string{"--url-query", "a=b c", at}, curl.Command{Method: "GET", URL: at + "?a=b%20c", Header: own()}},
		{"JSON", []string{"--json", `{"a":1}`, at}, curl.Command{Method: "POST", URL: at, Body: []byte(`{"a":1}`),
			Header: http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}, "User-Agent": {"curl/8.5.0"}}}},
		{"a head", []string{"-I", at}, curl.Command{Method: "HEAD", URL: at, Header: own()}},
		{"a user", []string{"-u", "jo:secret", at}, curl.Command{Method: "GET", URL: at, Header: own("Authorization", "Basic am86c2VjcmV0")}},
		{"a user in the URL", []string{"https://jo:secret@abc.example/x#y"}, curl.Command{Method: "GET", URL: "https://abc.example/x", Header: own("Authorization", "Basic am86c2VjcmV0")}},
		{"a user, and the header itself", []string{"-u", "jo:secret", "-H", "Authorization: abc", at}, curl.Command{Method: "GET", URL: at, Header: own("Authorization", "abc")}},
		{"a bearer", []string{"--oauth2-bearer", "abc", at}, curl.Command{Method: "GET", URL: at, Header: own("Authorization", "Bearer abc")}},
		{"a cookie", []string{"-b", "a=1", "-b", "b=2", at}, curl.Command{Method: "GET", URL: at, Header: own("Cookie", "a=1; b=2")}},
		{"agent and referer", []string{"-A", "me", "-e", "http://a.example/;auto", at}, curl.Command{Method: "GET", URL: at, Header: http.Header{"Accept": {"*/*"}, "User-Agent": {"me"}, "Referer": {"http://a.example/"}}}},
		{"compressed, following, in time", []string{"--compressed", "-L", "--max-time", "5", "--connect-timeout", "1.5", "--http1.1", at},
			curl.Command{Method: "GET", URL: at, Header: own("Accept-Encoding", "deflate, gzip, br, zstd"), Follow: true, Timeout: 5 * time.Second, ConnectTimeout: 1500 * time.Millisecond, HTTP1: true}},
		{"another address", []string{"--resolve", "Abc.example:443:127.0.0.1", "--connect-to", "b.example:80:c.example:8080", "-x", "proxy:3128", at},
			curl.Command{Method: "GET", URL: at, Header: own(), Proxy: "http://proxy:3128", Dial: map[string]string{"abc.example:443": "127.0.0.1:443", "b.example:80": "c.example:8080"}}},
		{"no scheme", []string{"127.0.0.1:4566/x"}, curl.Command{Method: "GET", URL: "http://127.0.0.1:4566/x", Header: own()}},
		{"no path", []string{"https://abc.example"}, curl.Command{Method: "GET", URL: "https://abc.example/", Header: own()}},
		{"dots in the path", []string{"https://abc.example/dev/a/../b/./c%2Fd//e/.."}, curl.Command{Method: "GET", URL: "https://abc.example/dev/b/c%2Fd//", Header: own()}},
		{"dots as they are", []string{"--path-as-is", "https://abc.example/dev/../b"}, curl.Command{Method: "GET", URL: "https://abc.example/dev/../b", Header: own()}},
		{"signed", []string{"--aws-sigv4", "aws:amz:eu-west-1:execute-api", "--user", "AKIA:s:x", at},
			curl.Command{Method: "GET", URL: at, Header: own(), Signing: &curl.Signing{Region: "eu-west-1", Service: "execute-api", KeyID: "AKIA", Secret: "s:x"}}},
		{"braces that are meant", []string{"-g", "https://abc.example/{x}"}, curl.Command{Method: "GET", URL: "https://abc.example/%7Bx%7D", Header: own()}},
		{"a switch turned off", []string{"--no-location", at}, curl.Command{Method: "GET", URL: at, Header: own()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := curl.Parse(test.words, curl.Env{Stdin: strings.NewReader("typed"), Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Body) == 0 {
				got.Body = nil
			}
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWhatIsNotFollowedIsTold: what may change the answer and is left out has a note.
func TestWhatIsNotFollowedIsTold(t *testing.T) {
	for _, test := range []struct {
		name  string
		words []string
		want  string
	}{
		{"a client certificate", []string{"--cert", "a.pem", at}, "--cert"},
		{"a letter", []string{"-sn", at}, "--netrc"},
		{"a file of cookies", []string{"-b", "jar", at}, "cookies"},
		{"two URLs", []string{at, at}, "several URLs"},
		{"a second request", []string{at, "--next", "--frobnicate"}, "several requests"},
		{"a header without a colon", []string{"-H", "Authorization abc", at}, "no colon"},
		{"a signature for the wrong service", []string{"--aws-sigv4", "aws:amz", "-u", "a:b", at}, `service "abc" in region "execute-api"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := curl.Parse(test.words, curl.Env{})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Notes) != 1 || !strings.Contains(got.Notes[0], test.want) {
				t.Errorf("noted %q, want %q", got.Notes, test.want)
			}
		})
	}
}

// TestCommandsThatAreNoRequest: each says what is wrong, and never repeats a secret.
func TestCommandsThatAreNoRequest(t *testing.T) {
	for _, test := range []struct {
		name  string
		words []string
		want  string
	}{
		{"nothing", nil, "no URL"},
		{"an unknown option", []string{"--frobnicate", at}, "--frobnicate is not known"},
		{"an unknown option with a value", []string{"--frobnicate=hidden", at}, "--frobnicate is not known"},
		{"an unknown letter", []string{"-sW", at}, "-W is not known"},
		{"a value that is missing", []string{at, "-H"}, "-H needs a value"},
		{"a file that is missing", []string{"-d", "@missing", at}, `"missing" of the curl command cannot be read`},
		{"standard input that is none", []string{"-d", "@-", at}, "there is none"},
		{"a password to be asked for", []string{"-u", "hidden", at}, "asks for the password"},
		{"keys that are missing", []string{"--aws-sigv4", "aws:amz", at}, "needs the keys"},
		{"not a URL", []string{"http://a b/?hidden"}, "is not a URL"},
		{"another protocol", []string{"ftp://hidden@a.example/"}, "not one of HTTP"},
		{"braces", []string{"https://abc.example/{id}"}, "braces"},
		{"no verb", []string{"-X", "GET /", at}, "verb"},
		{"no seconds", []string{"-m", "soon", at}, "--max-time takes seconds"},
		{"a configuration", []string{"-K", "hidden", at}, "--config"},
		{"curl's help", []string{"--help"}, "sends no request"},
		{"data and a form", []string{"-d", "a", "-F", "b=c", at}, "both"},
		{"a form's field without a name", []string{"-F", "hidden", at}, "name=content"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := curl.Parse(test.words, curl.Env{Dir: t.TempDir()})
			var problem *curl.Problem
			if !errors.As(err, &problem) || !strings.Contains(problem.Message, test.want) || problem.Hint == "" {
				t.Fatalf("got %#v, want %q", err, test.want)
			}
			if strings.Contains(problem.Message+problem.Hint, "hidden") {
				t.Errorf("it repeats a secret: %q", problem)
			}
		})
	}
}

func TestAForm(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "photo"), []byte("pixels"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := curl.Parse([]string{"-F", "title=Hello;type=text/plain", "-F", "photo=@photo;filename=a.png", "-F", "text=<photo", at}, curl.Env{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(got.Method, got.URL, strings.NewReader(string(got.Body)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = got.Header
	if err := request.ParseMultipartForm(1 << 20); err != nil {
		t.Fatal(err)
	}
	if got.Method != "POST" || request.FormValue("title") != "Hello" || request.FormValue("text") != "pixels" || request.MultipartForm.File["photo"][0].Filename != "a.png" {
		t.Errorf("got %s, %+v", got.Method, request.MultipartForm)
	}
}
