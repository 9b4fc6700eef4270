package wire

import "github.com/poolgate/poolgate/internal/wire/sigv4"

// authenticate verifies the signature when access keys are configured. Unsigned operations are for everyone.
func (x *exchange) authenticate() error {
	lookup, enforced := x.mux.Lookup(x.request)
	if !enforced || x.target.operation.model.Unsigned {
		return nil
	}
	service := x.target.operation.binding.service.SigningName
	if err := sigv4.Verify(x.request, x.body, service, x.call.Region, lookup, x.mux.options.Now()); err != nil {
		return err
	}
	x.call.Signed = true
	return nil
}
