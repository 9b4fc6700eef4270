package logs

import (
	"errors"
	"fmt"
	"time"

	"github.com/poolgate/poolgate/internal/store"
)

// A chunk holds events of one window of time and up to chunkBytes of messages. An event that comes makes its chunk be written
// anew, so that chunks must not be large; a reader has one head per chunk, so that there must not be many.
const (
	chunkBytes  = 128 << 10
	chunkWindow = int64(time.Hour / time.Millisecond)
)

func windowOf(at int64) int64 { return at / chunkWindow }

// chunkPrefix is what the ids of a window's chunks begin with: ids are in the order of their windows.
func chunkPrefix(window int64) string { return fmt.Sprintf("%012x/", window) }

// chunkID names a chunk for its window, its stream and its first event.
func chunkID(window int64, stream string, number int64) string {
	return chunkPrefix(window) + stream + fmt.Sprintf("/%012x", number)
}

// appender writes events to one stream. It holds the chunk that is being filled.
type appender struct {
	tx     *store.Tx
	group  *group
	stream *stream
	head   *head
	chunk  *chunk
}

// appendEvents writes events to a stream and counts them; the caller stores group and stream.
func appendEvents(tx *store.Tx, g *group, st *stream, events []event) error {
	a := &appender{tx: tx, group: g, stream: st}
	if st.Open != "" {
		if err := a.reopen(); err != nil {
			return err
		}
	}
	for i := range events {
		if err := a.append(&events[i]); err != nil {
			return err
		}
	}
	return a.flush()
}

// reopen goes on with the stream's latest chunk, if it is still there.
func (a *appender) reopen() error {
	open, err := heads.Get(a.tx, a.group.Contents, a.stream.Open)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	body, err := chunks.Get(a.tx, a.group.Contents, a.stream.Open)
	if err != nil {
		return err
	}
	a.head, a.chunk = open, body
	return nil
}

func (a *appender) append(e *event) error {
	e.Number = a.stream.Count
	if a.head == nil || a.head.Bytes+len(e.Message) > chunkBytes || windowOf(a.head.First) != windowOf(e.Time) {
		if err := a.flush(); err != nil {
			return err
		}
		a.head, a.chunk = &head{Stream: a.stream.Name, First: e.Time, Last: e.Time}, &chunk{}
		a.stream.Open = chunkID(windowOf(e.Time), a.stream.Name, e.Number)
	}
	a.chunk.Events = append(a.chunk.Events, *e)
	a.head.First, a.head.Last = min(a.head.First, e.Time), max(a.head.Last, e.Time)
	a.head.Bytes += len(e.Message)
	a.group.Bytes += int64(len(e.Message))
	if a.stream.Count == 0 {
		a.stream.First = e.Time
	}
	a.stream.First, a.stream.Last = min(a.stream.First, e.Time), max(a.stream.Last, e.Time)
	a.stream.Ingested = e.Ingested
	a.stream.Count++
	return nil
}

func (a *appender) flush() error {
	if a.head == nil {
		return nil
	}
	if err := heads.Put(a.tx, a.group.Contents, a.stream.Open, a.head); err != nil {
		return err
	}
	return chunks.Put(a.tx, a.group.Contents, a.stream.Open, a.chunk)
}

// removeChunk deletes a chunk and no longer counts it.
func (g *group) removeChunk(tx *store.Tx, f store.Found[head]) error {
	g.Bytes -= int64(f.Value.Bytes)
	if err := heads.Delete(tx, g.Contents, f.ID); err != nil {
		return err
	}
	return chunks.Delete(tx, g.Contents, f.ID)
}

// keepWithin removes a group's oldest events when it holds too much, and a little more, so that not every batch has to.
func (s *Service) keepWithin(tx *store.Tx, g *group) error {
	if g.Bytes <= s.groupBytes {
		return nil
	}
	return s.trim(tx, g, s.groupBytes/16*15)
}
