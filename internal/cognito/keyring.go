package cognito

// keyring holds the pools' key pairs. The sign-in side owns this file.
type keyring struct{}

func newKeyring(*Service) (*keyring, error) { return &keyring{}, nil }
