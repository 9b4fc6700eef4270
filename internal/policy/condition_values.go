package policy

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// add reads one value of the policy into the condition.
func (c *condition) add(text string, variables bool) error {
	switch c.op.family {
	case textFamily:
		p, err := compilePattern(text, compileOptions{wildcards: c.op.wildcards, variables: variables, fold: c.op.fold})
		c.texts = append(c.texts, p)
		return err
	case arnFamily:
		p, err := compileARN(text, variables)
		c.arns = append(c.arns, p)
		return err
	case numberFamily:
		n, ok := parseNumber(text)
		c.numbers = append(c.numbers, n)
		return unless(ok, "must be a number")
	case dateFamily:
		t, ok := parseDate(text)
		c.dates = append(c.dates, t)
		return unless(ok, "must be a date such as 2013-06-30T00:00:00Z, or seconds since 1970")
	case addressFamily:
		net, ok := parseNet(text)
		c.nets = append(c.nets, net)
		return unless(ok, "must be an IP address or a CIDR block")
	case flagFamily, nullFamily:
		flag, ok := parseFlag(text)
		c.flags = append(c.flags, flag)
		return unless(ok, "must be true or false")
	default:
		raw, err := base64.StdEncoding.DecodeString(text)
		c.bytes = append(c.bytes, string(raw))
		return unless(err == nil, "must be in base64")
	}
}

func unless(ok bool, text string) error {
	if ok {
		return nil
	}
	return errors.New(text)
}

// parseNumber takes integers and decimals; no hexadecimal, infinity or the like that strconv would take.
func parseNumber(text string) (float64, bool) {
	if text == "" || len(text) > 64 || strings.Trim(text, "+-.0123456789eE") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

// dateLayouts are W3C's profile of ISO 8601, by length; fractions of seconds are read with any of them.
var dateLayouts = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02", "2006-01", "2006"}

// parseDate takes a date and time or seconds since 1970. Four digits are a year.
func parseDate(text string) (time.Time, bool) {
	if len(text) > 4 && strings.Trim(text, "0123456789") == "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		return time.Unix(seconds, 0), err == nil
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func parseNet(text string) (netip.Prefix, bool) {
	if net, err := netip.ParsePrefix(text); err == nil {
		if ip := net.Addr(); ip.Is4In6() && net.Bits() >= 96 {
			net = netip.PrefixFrom(ip.Unmap(), net.Bits()-96)
		}
		return net.Masked(), true
	}
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.Zone() != "" {
		return netip.Prefix{}, false
	}
	ip = ip.Unmap()
	return netip.PrefixFrom(ip, ip.BitLen()), true
}

func parseFlag(text string) (flag, ok bool) {
	switch {
	case strings.EqualFold(text, "true"):
		return true, true
	case strings.EqualFold(text, "false"):
		return false, true
	}
	return false, false
}
