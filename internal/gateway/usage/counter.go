package usage

import (
	"sync"
	"sync/atomic"
	"time"
)

// Day is a day in UTC, counted from 1970-01-01: quotas begin and end at midnight UTC.
type Day int64

// DayOf is the day in which a moment lies.
func DayOf(at time.Time) Day {
	const seconds = 24 * 60 * 60
	unix := at.Unix()
	day := unix / seconds
	if unix%seconds < 0 {
		day--
	}
	return Day(day)
}

// Time is the day's first moment.
func (d Day) Time() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

// Quota is how often something may be done in a period.
type Quota struct {
	// Limit is in requests; below zero there is none, and requests are only counted.
	Limit int64
	// Since is the first day of the period in which Today is. Today is when the request came.
	Since, Today Day
}

// counter counts one ID. What was counted here and is not in the ledger yet is pending or, while it is being written, in flight.
type counter struct {
	id ID
	mu sync.Mutex
	// since is the period that total is of; known tells that total was read from the ledger, or that nobody can have counted yet.
	since Day
	total int64
	known bool
	// version counts how often the total was told to have changed behind our back; seen is the one that total was read under.
	version   atomic.Uint64
	seen      uint64
	beganWith uint64
	// latest is the latest day that was counted.
	latest   Day
	pending  []dayCount
	inFlight []dayCount
	// dirty tells that the counter waits to be written; gone, that it was dropped from the table.
	dirty, gone bool
	// failedUntil keeps a ledger that failed from being asked by every request.
	failedUntil time.Duration
}

type dayCount struct {
	day      Day
	requests int64
}

func sum(counts []dayCount, since Day) (n int64) {
	for _, c := range counts {
		if c.day >= since {
			n += c.requests
		}
	}
	return n
}

// used is all that was used of the period, as far as this node knows.
func (c *counter) used() int64 { return c.total + sum(c.pending, c.since) + sum(c.inFlight, c.since) }

// fresh tells that total can be judged by.
func (c *counter) fresh() bool { return c.known && c.seen == c.version.Load() }

// enter makes the counter one of the request's period.
func (c *counter) enter(q Quota) {
	if c.since == q.Since && c.latest != 0 {
		c.latest = max(c.latest, q.Today)
		return
	}
	// Of a period that begins after everything this node has seen nothing can have been counted, but for the moments that other
	// nodes' clocks are ahead, which the next synchronisation brings. Any other change is a change of the quota itself.
	c.total, c.known = 0, c.known && q.Since > c.latest
	c.since, c.latest = q.Since, max(c.latest, q.Today)
}

// add counts one request.
func (c *counter) add(day Day) {
	if n := len(c.pending); n > 0 && c.pending[n-1].day == day {
		c.pending[n-1].requests++
		return
	}
	c.pending = append(c.pending, dayCount{day, 1})
}

// begin moves what is pending into flight and returns what is to be written: at least one entry, so that the total is read.
func (c *counter) begin(entries []Entry) []Entry {
	c.inFlight, c.pending, c.dirty = c.pending, nil, false
	c.beganWith = c.version.Load()
	if len(c.inFlight) == 0 {
		return append(entries, Entry{ID: c.id, Since: c.since, Day: c.latest})
	}
	for _, counted := range c.inFlight {
		entries = append(entries, Entry{ID: c.id, Since: c.since, Day: counted.day, Requests: counted.requests})
	}
	return entries
}

// end takes the total over that the ledger gave for a period.
func (c *counter) end(since Day, total int64) {
	c.inFlight = nil
	if c.since == since {
		c.total, c.known, c.seen = total, true, c.beganWith
	}
}

// fail takes back what could not be written. It tells whether the counter has to be queued again.
func (c *counter) fail() bool {
	c.pending = append(c.inFlight, c.pending...)
	c.inFlight = nil
	queued := c.dirty // by a request that came meanwhile
	c.dirty = true
	return !queued
}
