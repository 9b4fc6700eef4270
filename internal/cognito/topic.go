package cognito

// PoolTopic is bumped when a pool changes, its login domains included.
func PoolTopic(poolID string) string { return poolTopic(poolID) }
