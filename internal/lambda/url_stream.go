package lambda

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/poolgate/poolgate/internal/lambda/worker"
)

// maxHead bounds what stands before the body of a streamed answer: its status, headers and cookies.
const maxHead = 256 << 10

// answerStream is an answer between the function that streams it and the client that reads it. It holds no more than a piece of it: a client
// that reads slowly makes the function wait.
type answerStream struct {
	// begun gets the content type once the function streams.
	begun chan string
	from  *io.PipeReader
	to    *io.PipeWriter
	// ended gets what became of the event.
	ended chan streamEnd
}

type streamEnd struct {
	result worker.Result
	err    error
}

// errStreamFailed breaks an answer off whose function failed on the way.
var errStreamFailed = errors.New("the function failed while it streamed its answer")

// stream runs the function and passes on what it streams as it comes. A function that does not stream is answered as by a URL that waits for
// the whole.
func (c *urlCall) stream(t *target, request worker.Request) error {
	s := &answerStream{begun: make(chan string, 1), ended: make(chan streamEnd, 1)}
	s.from, s.to = io.Pipe()
	defer func() { _ = s.from.Close() }() // whoever still writes is not heard
	request.Streaming = func(kind string) io.Writer {
		s.begun <- kind
		return s.to
	}
	go func() {
		result, err := c.run(c.r.Context(), t, request)
		s.ended <- streamEnd{result, err}
		switch {
		case err != nil:
			_ = s.to.CloseWithError(fmt.Errorf("%w: %w", errStreamFailed, err))
		case result.Failed:
			_ = s.to.CloseWithError(errStreamFailed)
		default:
			_ = s.to.Close()
		}
	}()
	select {
	case kind := <-s.begun:
		return c.relay(kind, s.from)
	case end := <-s.ended:
		select {
		case kind := <-s.begun: // it began and ended meanwhile
			return c.relay(kind, s.from)
		default:
		}
		if end.err != nil {
			return end.err
		}
		return c.tell(end.result)
	}
}

// relay sends a streamed answer to the client, each piece when it comes. What fails before the first piece is answered 502; after it
// only the connection can tell.
func (c *urlCall) relay(kind string, from io.Reader) error {
	body := bufio.NewReaderSize(from, 32<<10)
	answer, err := openAnswer(kind, body)
	if err == nil {
		err = c.begin(answer)
	}
	if err != nil {
		c.log.Info("a function's URL got no answer", "function", c.served.reference.arn(), "request", c.id, "problem", err.Error())
		return badGateway.Because(err)
	}
	c.w.WriteHeader(answer.status)
	client := flushing{c.w, http.NewResponseController(c.w)}
	_ = client.Flush()
	var to io.Writer = client
	if c.r.Method == http.MethodHead {
		to = io.Discard
	}
	if _, err := body.WriteTo(to); errors.Is(err, errStreamFailed) {
		panic(http.ErrAbortHandler) // the client must see that the answer it got is not whole
	}
	return nil
}

// flushing sends each piece at once.
type flushing struct {
	http.ResponseWriter
	*http.ResponseController
}

func (f flushing) Write(piece []byte) (int, error) {
	n, err := f.ResponseWriter.Write(piece)
	if err == nil {
		err = f.Flush()
	}
	return n, err
}

// openAnswer reads what comes before the first piece of a streamed answer's body.
func openAnswer(kind string, body *bufio.Reader) (*urlAnswer, error) {
	if kind == streamed {
		return readHead(body)
	}
	if _, err := body.Peek(1); err != nil && !errors.Is(err, io.EOF) { // an empty body is one
		return nil, err
	}
	return plainAnswer(kind), nil
}

// readHead reads a streamed answer's head up to the NULs that end it.
func readHead(from *bufio.Reader) (*urlAnswer, error) {
	var head []byte
	for !bytes.HasSuffix(head, headEnd) {
		if len(head) == maxHead {
			return nil, errNoHead
		}
		b, err := from.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil, errNoHead
		}
		if err != nil {
			return nil, err
		}
		head = append(head, b)
	}
	return headAnswer(head[:len(head)-len(headEnd)])
}
