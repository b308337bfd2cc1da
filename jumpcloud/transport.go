package jumpcloud

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	_ "golang.org/x/crypto/x509roots/fallback" // roots for images that have none
)

// TransportOptions are the parts of a connection that people configure.
type TransportOptions struct {
	// Proxy is the egress proxy (http, https or socks5); nil connects directly.
	// The proxy variables of the environment are never used.
	Proxy *url.URL
	// CAFile is a PEM file whose certificates are trusted beside the system's.
	CAFile string
}

// NewTransport makes the connections: bounded waits, TLS 1.2 or later, and a
// pool that is large enough for a second call to find its connection.
func NewTransport(o TransportOptions) (*http.Transport, error) {
	t := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  20 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           96,
		MaxIdleConnsPerHost:    32,
		MaxResponseHeaderBytes: 256 << 10,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if o.Proxy != nil {
		switch o.Proxy.Scheme {
		case "http", "https", "socks5", "socks5h":
		default:
			return nil, errors.New("the proxy must be http, https or socks5")
		}
		if o.Proxy.Hostname() == "" {
			return nil, errors.New("the proxy has no host")
		}
		t.Proxy = http.ProxyURL(o.Proxy)
	}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("CA file: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("system certificates: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, errors.New("CA file: no certificate in it")
		}
		t.TLSClientConfig.RootCAs = pool
	}
	return t, nil
}
