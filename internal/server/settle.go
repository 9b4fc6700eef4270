package server

import (
	"runtime/debug"
	"time"
)

// settleAfter is when a start is over: the stock of keys is made by then, and an idle server need not keep the memory that took.
const settleAfter = 2 * time.Second

// settle gives back what only starting needed: free memory of the heap, and the pages of the program itself that start-up code
// and its tables made resident. Those that a later request touches come back from the page cache, microseconds each.
func settle() {
	debug.FreeOSMemory()
	releaseProgram()
}
