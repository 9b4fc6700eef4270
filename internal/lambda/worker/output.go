package worker

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/poolgate/poolgate/internal/logs"
)

// AWS's bounds: a log event of 256 KB, a tail of 4 KB.
const (
	maxLine   = 256*1024 - 26
	tailBytes = 4096
)

// output takes what a process prints, in lines, to its log stream. It never waits for whoever reads the log, so that a
// process that prints without end costs its own time only.
type output struct {
	writer logs.Writer
	spec   *Spec
	stream string
	pipes  []*pipe

	mu   sync.Mutex
	last []byte // the end of what the current event logged
	keep bool
	pid  int
}

// pipe is a process's stdout or stderr.
type pipe struct {
	output *output
	read   *os.File
	mu     sync.Mutex
	rest   []byte // a line that has not ended
	buffer []byte
	ended  chan struct{}
}

func newOutput(writer logs.Writer, spec *Spec, stream string) *output {
	return &output{writer: writer, spec: spec, stream: stream}
}

// open makes the pipes and gives the ends that are the process's.
func (o *output) open() (stdout, stderr *os.File, err error) {
	if stdout, err = o.pipe(); err != nil {
		return nil, nil, err
	}
	if stderr, err = o.pipe(); err != nil {
		_ = stdout.Close()
		return nil, nil, err
	}
	return stdout, stderr, nil
}

// pipe makes one. Its read end does not block, so that it can be emptied without waiting; its write end does, because
// programs do not expect otherwise.
func (o *output) pipe() (*os.File, error) {
	var ends [2]int
	syscall.ForkLock.RLock()
	err := unix.Pipe(ends[:])
	if err == nil {
		unix.CloseOnExec(ends[0])
		unix.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("pipe", err)
	}
	if err := unix.SetNonblock(ends[0], true); err != nil {
		_, _ = unix.Close(ends[0]), unix.Close(ends[1])
		return nil, os.NewSyscallError("fcntl", err)
	}
	p := &pipe{output: o, read: os.NewFile(uintptr(ends[0]), "output"), ended: make(chan struct{})}
	o.pipes = append(o.pipes, p)
	go p.follow()
	return os.NewFile(uintptr(ends[1]), "output"), nil
}

// follow reads until the pipe is closed.
func (p *pipe) follow() {
	defer close(p.ended)
	raw, err := p.read.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool {
		for {
			// Whoever prints faster than this is read shares the lock, batch by batch.
			if all, over := p.pump(fd); all || over {
				return over
			}
		}
	})
}

// pump reads a batch. It tells whether that was all that there is now, and whether it was the end.
func (p *pipe) pump(fd uintptr) (all, over bool) {
	const batch = 64
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.buffer == nil {
		p.buffer = make([]byte, 8<<10)
	}
	for range batch {
		n, err := unix.Read(int(fd), p.buffer)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return true, false
		case err != nil || n == 0:
			return true, true
		default:
			p.take(p.buffer[:n])
		}
	}
	return false, false
}

// take cuts data into lines. A line beyond AWS's bound is told in pieces.
func (p *pipe) take(data []byte) {
	now := time.Now()
	for {
		line, rest, ended := bytes.Cut(data, []byte{'\n'})
		for len(p.rest)+len(line) > maxLine {
			room := maxLine - len(p.rest)
			p.output.line(now, string(append(p.rest, line[:room]...)))
			p.rest, line = p.rest[:0], line[room:]
		}
		if !ended {
			p.rest = append(p.rest, line...)
			return
		}
		p.output.line(now, string(append(p.rest, line...)))
		p.rest, data = p.rest[:0], rest
	}
}

// drain takes what the process has printed so far.
func (o *output) drain() {
	for _, p := range o.pipes {
		if raw, err := p.read.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { p.pump(fd) })
		}
	}
}

// close takes what is left once the process is gone, and closes the pipes.
func (o *output) close() {
	o.drain()
	for _, p := range o.pipes {
		_ = p.read.Close()
		<-p.ended
		p.mu.Lock()
		if len(p.rest) > 0 {
			o.line(time.Now(), string(p.rest))
			p.rest = nil
		}
		p.mu.Unlock()
	}
}

// line logs one line.
func (o *output) line(now time.Time, text string) {
	text = strings.TrimSuffix(text, "\r")
	if text == "" {
		return
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	o.mu.Lock()
	if o.keep {
		o.last = append(append(o.last, text...), '\n')
		if len(o.last) > 2*tailBytes {
			o.last = append(o.last[:0], o.last[len(o.last)-tailBytes:]...)
		}
	}
	o.mu.Unlock()
	if o.writer != nil {
		o.writer.Write(logs.Line{
			Account: o.spec.Account, Region: o.spec.Region, Group: o.spec.LogGroup, Stream: o.stream, Time: now, Message: text + "\n",
		})
	}
}

// tail is the end of the event's log.
func (o *output) tail() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := o.last
	if len(last) > tailBytes {
		last = last[len(last)-tailBytes:]
	}
	return bytes.Clone(last)
}
