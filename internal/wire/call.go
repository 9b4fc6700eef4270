package wire

import "context"

// Call says on whose behalf an operation runs and what it is called in the log.
type Call struct {
	// Service is the SigV4 service name ("cognito-idp"), Operation AWS's name of the operation.
	Service, Operation string
	// RequestID is the UUID that the answer carries as x-amzn-RequestId.
	RequestID string
	// Account is twelve digits: the access key when it has that form, else 000000000000.
	Account string
	// Principal is the ARN of the role that a session of this server's acts as; empty for every other key.
	Principal string
	// Region comes from the SigV4 scope; empty for an unsigned operation, which finds its pool by client id or token.
	Region string
	// AccessKeyID is the caller's, empty for an unsigned request. Signed tells whether its signature was verified.
	AccessKeyID string
	Signed      bool
	// SourceIP is the address of the connection.
	SourceIP string
}

type callKey struct{}

// WithCall returns a context that carries call.
func WithCall(ctx context.Context, call Call) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}

// CallFrom returns the context's call; the zero Call when there is none.
func CallFrom(ctx context.Context) Call {
	call, _ := ctx.Value(callKey{}).(Call)
	return call
}
