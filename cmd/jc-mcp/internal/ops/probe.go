package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// probeWithin bounds a probe: an answer that takes longer is none.
const probeWithin = 3 * time.Second

// Probe asks the server whose ops port is at addr, "host:port" as in its
// configuration, whether it is ready, or with live whether it is alive. word is what
// it says, in a line; err says what is wrong in words of ours.
func Probe(ctx context.Context, addr string, live bool) (word string, err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", errors.New("the address of the ops port is host:port")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() { // it listens everywhere, here too
		host = "localhost"
	}
	path := "/readyz"
	if live {
		path = "/livez"
	}
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return "", errors.New("the address of the ops port is host:port")
	}
	tr := &http.Transport{DisableKeepAlives: true} // without a proxy
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return "", fmt.Errorf("nothing answers on port %s", port)
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	word, _, _ = strings.Cut(strings.TrimSpace(string(said)), "\n")
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("not ready (%d): %s", resp.StatusCode, word)
	}
	return word, nil
}
