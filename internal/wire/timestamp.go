package wire

import (
	"math"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// Seconds that a timestamp may have: the years 1 to 9999, as ISO 8601 can write them.
const minSeconds, maxSeconds = -62135596800, 253402300799

// iso8601 has milliseconds, as AWS's services write it.
const iso8601 = "2006-01-02T15:04:05.999Z"

// appendEpoch writes epoch seconds with as many decimals as t needs and digits allows, the last digits cut off.
func appendEpoch(out []byte, t time.Time, digits int) []byte {
	seconds, nanos := t.Unix(), int64(t.Nanosecond())
	for cut := 9 - digits; cut > 0; cut-- {
		nanos /= 10
	}
	if nanos == 0 {
		return strconv.AppendInt(out, seconds, 10)
	}
	if seconds < 0 { // -1.75 is second -2 and 250 milliseconds
		unit := int64(math.Pow10(digits))
		seconds, nanos = seconds+1, unit-nanos
		if seconds == 0 {
			out = append(out, '-')
		}
	}
	out = strconv.AppendInt(out, seconds, 10)
	fraction := strconv.FormatInt(nanos, 10)
	fraction = strings.Repeat("0", digits-len(fraction)) + fraction
	return append(append(out, '.'), strings.TrimRight(fraction, "0")...)
}

// formatTime writes a timestamp as text for headers, queries and XML, where fallback is the place's own format.
func formatTime(t time.Time, format, fallback model.TimeFormat) string {
	if format == model.DefaultTime {
		format = fallback
	}
	switch format {
	case model.RFC822:
		return t.UTC().Format(http.TimeFormat)
	case model.UnixTime:
		return string(appendEpoch(nil, t, 3))
	default:
		return t.UTC().Format(iso8601)
	}
}

// parseTime reads every format that a model knows: they cannot be mistaken for each other.
func parseTime(text string) (time.Time, error) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return inRange(time.Unix(seconds, 0).UTC(), text)
	}
	for _, layout := range []string{time.RFC3339Nano, http.TimeFormat, time.RFC1123Z} {
		if t, err := time.Parse(layout, text); err == nil {
			return inRange(t.UTC(), text)
		}
	}
	approximate, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(approximate) || approximate < minSeconds || approximate > maxSeconds {
		return time.Time{}, invalidTime(text)
	}
	if math.Abs(approximate) < 1e-9 { // also keeps 1e-999999999 from being worked out exactly
		return time.Unix(0, 0).UTC(), nil
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		return time.Time{}, invalidTime(text)
	}
	exact.Mul(exact, big.NewRat(int64(time.Second), 1))
	nanos := new(big.Int).Quo(exact.Num(), exact.Denom())
	seconds, rest := new(big.Int).DivMod(nanos, big.NewInt(int64(time.Second)), new(big.Int))
	return inRange(time.Unix(seconds.Int64(), rest.Int64()).UTC(), text)
}

func inRange(t time.Time, text string) (time.Time, error) {
	if seconds := t.Unix(); seconds < minSeconds || seconds > maxSeconds {
		return time.Time{}, invalidTime(text)
	}
	return t, nil
}

func invalidTime(text string) error {
	return malformed("Invalid timestamp: " + shortened(text))
}

// shortened keeps an echo of bad input from filling an answer.
func shortened(text string) string {
	const most = 100
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
