package pull_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/poolgate/poolgate/internal/pull"
	"github.com/poolgate/poolgate/internal/server"
)

// copyDir copies a directory, for somebody to break.
func copyDir(t testing.TB, all map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "broken")
	for name, content := range all {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Whatever file of a directory is broken, in whatever way, the server says which and why, or serves what is left; it never falls over.
func TestABrokenDirectory(t *testing.T) {
	isolate(t)
	cloud := start(t, server.Config{})
	r := cloud.rich()
	all := files(t, cloud.pull("", r.protected, r.http))
	breaks := map[string]func(string) string{
		"empty":          func(string) string { return "" },
		"cut off":        func(s string) string { return s[:len(s)/2] },
		"null":           func(string) string { return "null" },
		"a list":         func(string) string { return "[]" },
		"no members":     func(string) string { return "{}" },
		"other kinds":    func(s string) string { return strings.ReplaceAll(s, `": "`, `": ["`) },
		"numbers":        func(s string) string { return strings.ReplaceAll(s, `"`+r.resource+`"`, "7") },
		"ids of nothing": func(s string) string { return strings.ReplaceAll(s, r.resource, "zzzzzz") },
		"deep":           func(string) string { return strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000) },
	}
	refused, starts, dir := 0, 0, copyDir(t, all)
	mended := "" // the file that was broken last
	names := slices.Sorted(maps.Keys(all))
	for how, change := range breaks {
		for i, name := range names {
			if !strings.HasSuffix(name, ".json") || (i+len(how))%4 > 0 && how != "no members" {
				continue // every way breaks other files
			}
			if mended != "" {
				write(t, filepath.Join(dir, mended), all[mended])
			}
			mended = name
			write(t, filepath.Join(dir, name), change(all[name]))
			if _, err := pull.Read(dir); err != nil { // the server's first step
				refused++
				if len(err.Error()) > 1000 {
					t.Errorf("%s is %s: %v", name, how, err)
				}
			} else if starts++; starts%3 > 0 {
				continue // a start takes a while
			} else if s, err := tryStart(t, server.Config{From: dir}); err == nil {
				_ = s.Close(t.Context())
			} else {
				refused++
				if server.HintFor(err) == "" || len(err.Error()) > 1000 {
					t.Errorf("%s is %s: %v, and no hint", name, how, err)
				}
			}
		}
	}
	if refused < 60 {
		t.Errorf("only %d of the broken directories were refused", refused)
	}
}

// A file that is taken away is missed where something needs it.
func TestAFileThatIsMissing(t *testing.T) {
	isolate(t)
	cloud := start(t, server.Config{})
	r := cloud.rich()
	dir := cloud.pull("", r.protected, r.http)
	all := files(t, dir)
	for _, needed := range []string{"/edited/api.json", "/deployment.json", "/pool.json", "/authorizers/people-", "/integrations/", "/resources/-", "poolgate.json"} {
		found := false
		for name := range all {
			if !strings.Contains("/"+name, needed) {
				continue
			}
			found = true
			left := maps.Clone(all)
			delete(left, name)
			if _, err := pull.Read(copyDir(t, left)); err == nil {
				if s, err := tryStart(t, server.Config{From: copyDir(t, left)}); err == nil {
					_ = s.Close(t.Context())
					t.Errorf("the server starts without %s", name)
				}
			}
		}
		if !found && needed != "/resources/-" {
			t.Errorf("there is no file like %s", needed)
		}
	}
}

// Links lead out of the directory, so they are not followed.
func TestLinksAreNotFollowed(t *testing.T) {
	isolate(t)
	cloud := start(t, server.Config{})
	var r riches
	cloud.richPool(&r)
	dir := cloud.pull("", r.pool)
	outside := filepath.Join(t.TempDir(), "users")
	if err := os.Rename(filepath.Join(dir, "pools", r.pool, "users"), outside); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "pools", r.pool, "users")); err != nil {
		t.Fatal(err)
	}
	c := must(pull.Read(dir))(t)
	if len(c.Pools) != 1 || len(c.Pools[0].Users) != 0 {
		t.Errorf("%d users were read through a link", len(c.Pools[0].Users))
	}
}

// A directory that came from somebody else cannot make pull write, or read, what is outside of it.
func TestWritingStaysInTheDirectory(t *testing.T) {
	isolate(t)
	cloud := start(t, server.Config{})
	var r riches
	cloud.richPool(&r)
	dir := cloud.pull("", r.pool)
	c := must(pull.Read(dir))(t)
	outside := t.TempDir()
	write(t, filepath.Join(outside, "precious"), "precious")
	for _, name := range []string{"README.md", "README.md.new", "poolgate.json.new", ".poolgate-new", "pools"} {
		path := filepath.Join(dir, name)
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(outside, "precious")
		if name == ".poolgate-new" || name == "pools" {
			to = outside
		}
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
	if err := pull.Write(dir, c); err != nil {
		t.Fatal(err)
	}
	if all := files(t, outside); len(all) != 1 || all["precious"] != "precious" {
		t.Errorf("outside of the directory there is now %v", slices.Sorted(maps.Keys(all)))
	}
	if again := must(pull.Read(dir))(t); len(again.Pools) != 1 {
		t.Error("the copy is not whole")
	}
	bad := "../../../" + filepath.Base(outside) + "/x"
	c.Pools[0].Pool.Id = &bad // as a server that is no AWS may say
	if err := pull.Write(dir, c); err == nil {
		t.Error("an id that leads elsewhere was written")
	}
	if all := files(t, outside); len(all) != 1 {
		t.Errorf("outside of the directory there is now %v", slices.Sorted(maps.Keys(all)))
	}
}

// A manifest is a file of its directory, and says whose a copy is in AWS's words.
func TestAManifestThatIsNone(t *testing.T) {
	isolate(t)
	for how, manifest := range map[string]string{
		"escapes in the account": `{"format":1,"complete":true,"account":"\u001b[31m12345678","region":"eu-west-1","asked":[]}`,
		"a path for a region":    `{"format":1,"complete":true,"account":"111111111111","region":"../..","asked":[]}`,
		"too long":               `{"format":1,"complete":true,"account":"111111111111","region":"eu-west-1","asked":["` + strings.Repeat("x", 9<<20) + `"]}`,
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "poolgate.json"), manifest)
		if _, err := pull.Read(dir); err == nil {
			t.Errorf("%s: read", how)
		}
	}
	dir := t.TempDir()
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "poolgate.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := pull.Read(dir); err == nil {
		t.Error("a device was read")
	}
	if err := pull.MayWrite(dir); err == nil {
		t.Error("a directory with a device for a manifest was taken for ours")
	}
}
