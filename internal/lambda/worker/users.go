package worker

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
)

// users gives each process a user id of its own, when the server may: then it can neither read what is another's nor
// signal it, and whatever it leaves behind is found. Without that right everything runs as the server itself (-1).
type users struct {
	free   []int
	shared int
}

const (
	// nobody is used where the ids below do not exist, as in a container with few of them.
	nobody = 65534
	// The range that no convention gives to anybody: above those of containers, below the sign bit.
	firstUser = 1879048192
	lastUser  = 2147483000
)

func newUsers(processes int) users {
	const each = 10
	count := processes * each
	if os.Geteuid() != 0 {
		return users{shared: -1}
	}
	// Servers on one machine should not share ids: each takes a range of its own by chance.
	first := firstUser + rand.IntN(lastUser-firstUser-count)
	if !mapped(first, count) {
		return users{shared: nobody}
	}
	u := users{shared: nobody}
	for i := range count {
		u.free = append(u.free, first+i)
	}
	return u
}

// mapped tells whether the user namespace has those ids.
func mapped(first, count int) bool {
	file, err := os.Open("/proc/self/uid_map")
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var inside, outside, length int64
		if _, err := fmt.Sscan(strings.TrimSpace(lines.Text()), &inside, &outside, &length); err != nil {
			continue
		}
		if inside <= int64(first) && int64(first+count) <= inside+length {
			return true
		}
	}
	return false
}

// take gives the id that was given back longest ago: what ran as it may still be counted while it is not reaped. The pool's
// lock is held.
func (u *users) take() int {
	if len(u.free) == 0 {
		return u.shared
	}
	id := u.free[0]
	u.free = u.free[1:]
	return id
}

// give takes an id back. The pool's lock is held.
func (u *users) give(id int) {
	if id > nobody {
		u.free = append(u.free, id)
	}
}
