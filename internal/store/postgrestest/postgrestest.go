// Package postgrestest gives tests a PostgreSQL of their own: one server per test process in a temporary directory,
// a fresh database per test. It knows nothing of the store.
//
// The server ends with the process that started it, however that ends: a shell that holds the other end of a pipe
// notices, stops the server and removes its directory.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// URL returns the URL of an empty database that is dropped when the test ends. Where PostgreSQL is not installed the
// test is skipped; under CI=true it fails, because a skip there would be a hole.
func URL(t testing.TB) string {
	t.Helper()
	directory, err := server()
	if errors.Is(err, errMissing) {
		if os.Getenv("CI") == "true" {
			t.Fatalf("PostgreSQL: %v", err)
		}
		t.Skipf("SKIPPED, nothing was tested: PostgreSQL: %v", err)
	}
	if err != nil {
		t.Fatalf("PostgreSQL: %v", err)
	}
	name := fmt.Sprintf("test%d", databases.Add(1))
	if err := execute(directory, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("PostgreSQL: create a database: %v", err)
	}
	t.Cleanup(func() {
		if err := execute(directory, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("PostgreSQL: drop the database: %v", err)
		}
	})
	return address(directory, name)
}

var (
	databases  atomic.Int64
	errMissing = errors.New("initdb and postgres are neither in PATH nor in /usr/lib/postgresql/*/bin")
)

// server starts the server of this process, once.
var server = sync.OnceValues(start)

func address(directory, database string) string {
	return "postgres://postgres@/" + database + "?host=" + directory + "&sslmode=disable"
}

func execute(directory, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, address(directory, "postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

// keeper runs the server until its own standard input ends.
const keeper = `
"$1/postgres" -D "$2/data" -c unix_socket_directories="$2" -c listen_addresses= \
	-c fsync=off -c full_page_writes=off -c synchronous_commit=off \
	-c shared_buffers=16MB -c max_connections=100 -c autovacuum=off -c logging_collector=off &
read -r _
kill -QUIT $!
wait
cd / && rm -rf "$2"
`

func start() (string, error) {
	binaries, err := find()
	if err != nil {
		return "", err
	}
	// Not under a test's directory: the server outlives the test that needs it first. Not below TMPDIR: the path of a
	// socket has to be short.
	directory, err := os.MkdirTemp("/tmp", "poolgate-postgres-")
	if err != nil {
		return "", err
	}
	keep := false
	defer func() {
		if !keep {
			_ = os.RemoveAll(directory)
		}
	}()
	identity, err := unprivileged(directory)
	if err != nil {
		return "", err
	}
	initdb := exec.CommandContext(context.Background(), filepath.Join(binaries, "initdb"), "-D", filepath.Join(directory, "data"),
		"-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = identity, directory
	if output, err := initdb.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w\n%s", err, output)
	}
	log, err := os.Create(filepath.Join(directory, "log"))
	if err != nil {
		return "", err
	}
	defer func() { _ = log.Close() }()
	shell := exec.CommandContext(context.Background(), "/bin/sh", "-c", keeper, "sh", binaries, directory)
	shell.SysProcAttr, shell.Dir, shell.Stdout, shell.Stderr = identity, directory, log, log
	// Kept open until this process ends.
	if held, err = shell.StdinPipe(); err != nil {
		return "", err
	}
	if err := shell.Start(); err != nil {
		return "", err
	}
	keep = true
	return directory, ready(directory)
}

// held is the pipe whose end is the server's end.
var held interface{ Close() error }

func ready(directory string) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := execute(directory, "SELECT 1")
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(directory, "log"))
			_ = held.Close()
			return fmt.Errorf("the server does not answer: %w\n%s", err, log)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// find looks for the newest installed PostgreSQL, or the one in PATH.
func find() (string, error) {
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(installed, func(a, b string) int { return major(a) - major(b) })
	if len(installed) > 0 {
		return filepath.Dir(installed[len(installed)-1]), nil
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", errMissing
	}
	if initdb, err = filepath.EvalSymlinks(initdb); err != nil {
		return "", err
	}
	return filepath.Dir(initdb), nil
}

func major(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

// unprivileged finds whom to run as, because PostgreSQL refuses to run as root, and gives them the directory.
func unprivileged(directory string) (*syscall.SysProcAttr, error) {
	// A group of its own: an interrupt from the terminal is for the tests, whose end then ends the server.
	attributes := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return attributes, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(found.Uid)
		gid, err2 := strconv.Atoi(found.Gid)
		if err := errors.Join(err1, err2, os.Chown(directory, uid, gid)); err != nil {
			return nil, err
		}
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return attributes, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")
}
