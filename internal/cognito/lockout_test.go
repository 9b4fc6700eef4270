package cognito

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
)

func TestWrongPasswordsLockTheUserForAWhile(t *testing.T) {
	s := newSignIn(t, nil)
	wrong := func(message string) {
		t.Helper()
		_, err := s.byPassword("ann", "Wrong-horse-1")
		refused(t, err, notAuthorized, message)
	}
	for range freeFailures {
		wrong("Incorrect username or password.")
	}
	_, err := s.byPassword("ann", goodPassword)
	refused(t, err, notAuthorized, "Password attempts exceeded")
	_, err = s.bySRP("ann", goodPassword, nil)
	refused(t, err, notAuthorized, "Password attempts exceeded")

	for _, lock := range []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second} {
		s.clock.Advance(lock/2 + 10*time.Millisecond)
		wrong("Incorrect username or password.")
		s.clock.Advance(lock/2 + 10*time.Millisecond)
		wrong("Password attempts exceeded")
	}
	s.clock.Advance(8 * time.Second)
	must(s.byPassword("ann", goodPassword))(t)
	wrong("Incorrect username or password.") // the count began anew
	must(s.byPassword("ann", goodPassword))(t)
}

func TestALockLastsAQuarterOfAnHourAtMost(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		count int
		lock  time.Duration
	}{
		{"four wrong passwords do not lock", 4, 0},
		{"the fifth locks for a second", 5, time.Second},
		{"the sixth for two", 6, 2 * time.Second},
		{"the fourteenth for 512", 14, 512 * time.Second},
		{"the fifteenth for a quarter of an hour", 15, 15 * time.Minute},
		{"the thousandth too", 1000, 15 * time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := failures{count: test.count, last: start}
			if test.lock > 0 && !f.locked(start.Add(test.lock-time.Millisecond)) {
				t.Error("the lock ends too early")
			}
			if f.locked(start.Add(test.lock)) {
				t.Error("the lock ends too late")
			}
		})
	}
	if f := (failures{count: 9, last: start}).another(start.Add(15 * time.Minute)); f.count != 1 {
		t.Errorf("fifteen quiet minutes leave a count of %d", f.count)
	}
}

// Every guess passes the first look at the lock before any is judged.
func TestGuessingInParallelGainsNothing(t *testing.T) {
	s := newSignIn(t, nil)
	now := s.now()
	begin := func(password string) *attempt {
		params := map[string]string{"USERNAME": "ann", "PASSWORD": password}
		a := must(s.newAttempt(t.Context(), nil, s.clientID, params))(t)
		a.username, a.now = "ann", now
		if err := s.findUser(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	right := begin(goodPassword)
	var guesses []*attempt
	for range 20 {
		guesses = append(guesses, begin("Wrong-horse-1"))
	}
	var told, locked atomic.Int32
	var wait sync.WaitGroup
	for _, a := range guesses {
		wait.Go(func() {
			_, err := s.signInByPassword(t.Context(), a)
			switch fault.From(err).Message {
			case "Incorrect username or password.":
				told.Add(1)
			case "Password attempts exceeded":
				locked.Add(1)
			default:
				t.Errorf("a guess gives %v", err)
			}
		})
	}
	wait.Wait()
	if told.Load() != freeFailures || locked.Load() != int32(len(guesses))-freeFailures {
		t.Errorf("%d guesses were judged and %d refused unseen", told.Load(), locked.Load())
	}
	_, err := s.signInByPassword(t.Context(), right)
	refused(t, err, notAuthorized, "Password attempts exceeded")
}

func TestASessionUsedInParallelCountsOnce(t *testing.T) {
	s := newSignIn(t, nil)
	s.editUser("ann", func(u *user) { u.Status = types.UserStatusTypeForceChangePassword })
	session := must(s.byPassword("ann", goodPassword))(t).Session
	var signedIn atomic.Int32
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			_, err := s.respond(types.ChallengeNameTypeNewPasswordRequired, session, map[string]string{"USERNAME": "ann", "NEW_PASSWORD": "Another-horse-1"})
			if err == nil {
				signedIn.Add(1)
			} else if !fault.Is(err, notAuthorized) {
				t.Errorf("the session gives %v", err)
			}
		})
	}
	wait.Wait()
	if signedIn.Load() != 1 {
		t.Errorf("the session signed in %d times", signedIn.Load())
	}
}
