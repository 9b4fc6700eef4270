// Package lambda owns functions: their documents, versions, aliases, layers and permissions, and the processes that run them, which
// speak the Lambda Runtime API. It knows nothing of who calls: API Gateway, a pool's trigger, a person.
package lambda

// Invocation is a synchronous call of a function by another service of this server.
type Invocation struct {
	// Function is an ARN, with a version or alias behind it or without.
	Function string
	// Principal and SourceARN are who calls, as the function's resource policy knows them: apigateway.amazonaws.com and
	// arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/VERB/path. Without a Principal it is a role of the source's account; without
	// either, the function's own.
	Principal, SourceARN string
	Payload              []byte
	// Async asks that the function runs by itself, as an invocation of type Event: the answer is empty and comes once the event is
	// taken.
	Async bool
}

// Answer is what the function gave back. Failed says that it is an error object (Handled or Unhandled on AWS).
type Answer struct {
	Payload []byte
	Failed  bool
	// Kind is the FunctionError: Handled or Unhandled.
	Kind string
}
