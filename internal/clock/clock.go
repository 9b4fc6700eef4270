// Package clock owns the time that tokens, codes and sessions live by. It can be moved for tests of expiry; the Date
// header, SigV4 and TLS keep to the machine's own time and never ask here.
package clock

import (
	"sync/atomic"
	"time"
)

// Clock is the machine's time plus an offset. The zero value tells the machine's time. It is safe for concurrent use.
type Clock struct {
	offset atomic.Int64
}

// Now is the time to judge tokens, codes and sessions by.
func (c *Clock) Now() time.Time { return time.Now().Add(c.Offset()) }

// Offset is how far the clock was moved from the machine's time.
func (c *Clock) Offset() time.Duration { return time.Duration(c.offset.Load()) }

// Advance moves the clock by d, which may be negative.
func (c *Clock) Advance(d time.Duration) { c.offset.Add(int64(d)) }

// Set makes now the current time; the clock goes on from there.
func (c *Clock) Set(now time.Time) { c.offset.Store(int64(time.Until(now))) }
