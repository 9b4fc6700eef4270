package authz

// Reason is why a request was refused: one of a closed list that the gateway, the log, explain and the docs share.
// The zero value means that nothing refused it.
type Reason string

// Warning is something explain tells though it refused nothing; one of a second closed list.
type Warning string
