package store

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/poolgate/poolgate/internal/store/postgrestest"
)

func TestDocumentsOutliveTheStore(t *testing.T) {
	for name, location := range map[string]string{"sqlite": t.TempDir(), "postgres": ""} {
		t.Run(name, func(t *testing.T) {
			if name == "postgres" {
				location = postgrestest.URL(t)
			}
			for i := range 3 {
				s, err := Open(t.Context(), Options{Location: location, SealKey: testKey})
				if err != nil {
					t.Fatal(err)
				}
				view(t, s, func(tx *Tx) error {
					if n, err := people.Count(tx, "pool"); n != i || err != nil {
						t.Errorf("opened the %d. time: %d documents, %v", i, n, err)
					}
					return nil
				})
				update(t, s, func(tx *Tx) error { return people.Insert(tx, "pool", strconv.Itoa(i), &person{}) })
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestTheDataDirectoryIsPrivate(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "data", "poolgate")
	s := mustOpen(t, Options{Location: directory})
	update(t, s, func(tx *Tx) error { return people.Insert(tx, "pool", "x", &person{}) })
	files, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 3 { // the database, its journal, the lock
		t.Errorf("found %v", files)
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is of mode %v", file.Name(), info.Mode())
		}
	}
	info, err := os.Stat(directory)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is of mode %v, %v", info.Mode(), err)
	}
}

func TestADirectoryMayHaveAnyName(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "a b?c=d#e%20é&_pragma=x")
	s := mustOpen(t, Options{Location: directory})
	update(t, s, func(tx *Tx) error { return people.Insert(tx, "pool", "x", &person{}) })
	if info, err := os.Stat(filepath.Join(directory, "poolgate.db")); err != nil || info.Size() == 0 {
		t.Errorf("the database: %v, %v", info, err)
	}
}

func TestALocationThatMeansNothingIsExplained(t *testing.T) {
	for _, location := range []string{"", "mysql://localhost/x", "postgres://user:hunter2@host:notaport/x"} {
		problem, hint := hinted(t, Options{Location: location, SealKey: testKey})
		if hint == "" || strings.Contains(problem+hint, "hunter2") {
			t.Errorf("%s: %s; %s", location, problem, hint)
		}
	}
}

func TestADatabaseOfANewerPoolgateIsLeftAlone(t *testing.T) {
	directory := t.TempDir()
	s, err := Open(t.Context(), Options{Location: directory, SealKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *Tx) error { _, err := tx.exec(upsertSchemaVersion, int64(1000)); return err })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if problem, _ := hinted(t, Options{Location: directory, SealKey: testKey}); !strings.Contains(problem, "newer poolgate") {
		t.Errorf("told: %s", problem)
	}
}

func TestNodesThatStartAtOnceOnAnEmptyDatabaseAllStart(t *testing.T) {
	location := postgrestest.URL(t)
	together(6, func(int) {
		s, err := Open(t.Context(), Options{Location: location, SealKey: testKey})
		if err != nil {
			t.Error(err)
			return
		}
		if err := errors.Join(s.Check(t.Context()), s.Close()); err != nil {
			t.Error(err)
		}
	})
}

// The child of the tests below: what it does is said by the environment.
const (
	childVariable     = "POOLGATE_TEST_STORE_CHILD"
	directoryVariable = "POOLGATE_TEST_STORE_DIRECTORY"
)

// child runs this test's binary again with one test, as a process that can be killed.
func child(t *testing.T, directory string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	// The name is the outermost test's: the child takes its other branch.
	name, _, _ := strings.Cut(t.Name(), "/")
	command := exec.Command(os.Args[0], "-test.run=^"+name+"$")
	command.Env = append(os.Environ(), childVariable+"=1", directoryVariable+"="+directory)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	return command, bufio.NewScanner(output)
}

func TestWhatWasAcknowledgedSurvivesKill9(t *testing.T) {
	if os.Getenv(childVariable) != "" {
		s := mustOpen(t, Options{Location: os.Getenv(directoryVariable)})
		// Several at once, so that the kill falls into a write.
		together(4, func(worker int) {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d", worker, i)
				update(t, s, func(tx *Tx) error { return people.Insert(tx, "pool", id, &person{Name: id}) })
				fmt.Println("stored", id)
			}
		})
	}
	directory := t.TempDir()
	acknowledged := map[string]bool{}
	for round := range 3 {
		command, output := child(t, directory)
		mine := []string{}
		for output.Scan() {
			if id, ok := strings.CutPrefix(output.Text(), "stored "); ok {
				mine = append(mine, id)
			}
			if len(mine) == 150*(round+1) {
				if err := command.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = command.Wait()
		if len(mine) < 150 {
			t.Fatalf("only %d were acknowledged", len(mine))
		}
		s, err := Open(t.Context(), Options{Location: directory, SealKey: testKey})
		if err != nil {
			t.Fatalf("after kill -9: %v", err)
		}
		update(t, s, func(tx *Tx) error {
			for _, id := range mine {
				got, err := people.Get(tx, "pool", id)
				if err != nil || got.Name != id {
					t.Errorf("%s was acknowledged and is %v, %v", id, got, err)
				}
				if found, err := people.Lookup(tx, Key{"name", id}); err != nil || len(found) != 1 {
					t.Errorf("%s has lost its key: %d, %v", id, len(found), err)
				}
			}
			_, err := people.DeleteScope(tx, "pool")
			return err
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		acknowledged[fmt.Sprint(round)] = true
	}
	if len(acknowledged) != 3 {
		t.Errorf("%d rounds were checked", len(acknowledged))
	}
}

func TestASecondProcessOnADirectoryIsToldWhoHoldsIt(t *testing.T) {
	if os.Getenv(childVariable) != "" {
		mustOpen(t, Options{Location: os.Getenv(directoryVariable)})
		fmt.Println("open")
		<-context.Background().Done() // until it is killed
	}
	directory := t.TempDir()
	command, output := child(t, directory)
	for output.Scan() && output.Text() != "open" {
	}
	problem, hint := hinted(t, Options{Location: directory, SealKey: testKey})
	for _, part := range []string{directory, fmt.Sprintf("process %d", command.Process.Pid)} {
		if !strings.Contains(problem, part) {
			t.Errorf("%q is not in: %s", part, problem)
		}
	}
	if hint == "" {
		t.Error("there is no hint")
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	mustOpen(t, Options{Location: directory})
}

func TestTheDatabaseFileShowsNothingThatWasSealed(t *testing.T) {
	withoutKeys(t)
	directory := t.TempDir()
	s, err := Open(t.Context(), Options{Location: directory})
	if err != nil {
		t.Fatal(err)
	}
	const secret, open = "correct horse battery staple", "in the clear"
	update(t, s, func(tx *Tx) error {
		return people.Insert(tx, "pool", "x", &person{Name: open, Emails: []string{s.Seal("p", []byte(secret))}})
	})
	check := func(when string) {
		seen := false
		files, err := filepath.Glob(filepath.Join(directory, "*"))
		if err != nil {
			t.Fatal(err)
		}
		key, err := readKeyFile(filepath.Join(directory, sealKeyFile))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(content, []byte(secret)) || bytes.Contains(content, key) {
				t.Errorf("%s: %s shows a secret", when, path)
			}
			seen = seen || bytes.Contains(content, []byte(open))
		}
		if !seen {
			t.Errorf("%s: the search does not find what is in the clear either", when)
		}
	}
	check("open, in the journal")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check("closed")
}

func TestClosingWaitsForTransactionsInProgress(t *testing.T) {
	s, err := Open(t.Context(), Options{Location: t.TempDir(), SealKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	inside, goOn, closed := make(chan struct{}), make(chan struct{}), make(chan error)
	done := make(chan error, 1)
	go func() {
		done <- s.Update(context.Background(), func(tx *Tx) error {
			close(inside)
			<-goOn
			return people.Insert(tx, "pool", "x", &person{})
		})
	}()
	<-inside
	go func() { closed <- s.Close() }()
	eventually(t, 5*time.Second, "the store refuses new work", func() bool {
		return errors.Is(s.View(t.Context(), func(*Tx) error { return nil }), errClosed)
	})
	select {
	case err := <-closed:
		t.Errorf("it closed under a transaction: %v", err)
	default:
	}
	close(goOn)
	if err := errors.Join(<-done, <-closed); err != nil {
		t.Error(err)
	}
}
