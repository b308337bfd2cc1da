package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
)

// reply is what a handler answers: a status, headers and a JSON body.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// encode is json.Marshal without HTML escapes, as the API sends text.
func encode(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		// Documents hold only JSON types, so this is a mistake of ours.
		panic("sandbox: document cannot be encoded: " + err.Error())
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

func ok(v any) *reply                    { return &reply{status: http.StatusOK, body: encode(v)} }
func okBytes(b []byte) *reply            { return &reply{status: http.StatusOK, body: b} }
func created(b []byte) *reply            { return &reply{status: http.StatusCreated, body: b} }
func empty(status int) *reply            { return &reply{status: status} }
func (r *reply) with(k, v string) *reply { r.setHeader(k, v); return r }

func (r *reply) setHeader(k, v string) {
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set(k, v)
}

// grpcStatus gives the code and name that v2 puts beside an HTTP status.
func grpcStatus(status int) (int, string) {
	switch status {
	case http.StatusBadRequest:
		return 3, "INVALID_ARGUMENT"
	case http.StatusUnauthorized:
		return 16, "UNAUTHENTICATED"
	case http.StatusForbidden:
		return 7, "PERMISSION_DENIED"
	case http.StatusNotFound:
		return 5, "NOT_FOUND"
	case http.StatusConflict:
		return 6, "ALREADY_EXISTS"
	case http.StatusTooManyRequests:
		return 8, "RESOURCE_EXHAUSTED"
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return 14, "UNAVAILABLE"
	}
	return 13, "INTERNAL"
}

// fail is an error answer in the shape of the API that was asked: v2 has a
// gRPC status, v1 says "message" or, for what is not found, "error".
func (c *call) fail(status int, message string) *reply {
	var v any
	code, name := grpcStatus(status)
	switch {
	case c.v2:
		v = map[string]any{"code": code, "message": message, "status": name}
	case strings.HasPrefix(c.path, "/oauth2/"):
		v = map[string]any{"error": "invalid_client", "error_description": message}
	case status == http.StatusNotFound || status == http.StatusUnauthorized:
		v = map[string]any{"error": message}
	default:
		v = map[string]any{"message": message}
	}
	return &reply{status: status, body: encode(v)}
}

func (c *call) bad(message string) *reply      { return c.fail(http.StatusBadRequest, message) }
func (c *call) notFound() *reply               { return c.fail(http.StatusNotFound, "Not Found") }
func (c *call) conflict(message string) *reply { return c.fail(http.StatusConflict, message) }

// htmlPage is what a proxy in front of the API says.
func htmlPage(status int) *reply {
	page := "<!DOCTYPE html>\n<html><head><title>" + http.StatusText(status) +
		"</title></head><body><h1>" + http.StatusText(status) + "</h1><hr>nginx</body></html>\n"
	r := &reply{status: status, body: []byte(page)}
	return r.with("Content-Type", "text/html; charset=utf-8")
}
