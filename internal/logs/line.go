// Package logs owns CloudWatch Logs: groups, streams and events, and the way in for what this server itself writes there:
// functions' output, a stage's execution and access logs. It knows no other service.
package logs

import "time"

// Line is one log event on its way in. Whoever writes it has already removed tokens and secrets.
type Line struct {
	Account, Region string
	// Group and Stream are made when missing, as AWS's own services make theirs.
	Group, Stream string
	Time          time.Time
	Message       string
}

// Writer takes lines without waiting for the store: it batches, bounds what waits, and counts what it had to drop.
// *Service implements it; gateway and lambda ask for it.
type Writer interface{ Write(lines ...Line) }
