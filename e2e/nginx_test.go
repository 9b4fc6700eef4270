package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// nginxServer is a running nginx; seen.log in its directory is what its configuration logs there.
type nginxServer struct{ url, dir string }

// seen are the lines of its log.
func (n nginxServer) seen(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(n.dir, "seen.log"))
	must(t, err)
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n")[:strings.Count(string(text), "\n")]
}

// nginx runs a real nginx with the given blocks of its http section, and returns its base URL.
func nginx(t *testing.T, blocks string) string {
	t.Helper()
	return nginxIn(t, blocks, nil).url
}

// nginxIn is nginx in a directory that prepare fills. %ADDR% in the blocks is where it listens. It stops when the test ends.
func nginxIn(t *testing.T, blocks string, prepare func(dir string)) nginxServer {
	t.Helper()
	program := findNginx(t)
	dir := t.TempDir()
	if prepare != nil {
		prepare(dir)
	}
	addr := freeAddr(t)
	config := fmt.Sprintf(`
daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 512; }
http {
	access_log off; default_type text/plain; keepalive_requests 1000000;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	%[2]s
}`, dir, strings.ReplaceAll(blocks, "%ADDR%", addr))
	file := filepath.Join(dir, "nginx.conf")
	must(t, os.WriteFile(file, []byte(config), 0o600))
	var said safeBuffer
	cmd := exec.Command(program, "-p", dir, "-c", file)
	cmd.Stderr = &said
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually(t, 10*time.Second, "nginx answers", func() bool {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			if log, _ := os.ReadFile(filepath.Join(dir, "error.log")); strings.Contains(string(log), "[emerg]") {
				t.Fatalf("nginx: %s %s", log, said.String())
			}
			return false
		}
		_ = conn.Close()
		return true
	})
	return nginxServer{"http://" + addr, dir}
}

// findNginx finds nginx on the PATH or where distributions put it.
func findNginx(t *testing.T) string {
	t.Helper()
	for _, place := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx"} {
		if path, err := exec.LookPath(place); err == nil {
			return path
		}
	}
	missing(t, "nginx is not installed; `make setup` installs it where it can")
	return ""
}
