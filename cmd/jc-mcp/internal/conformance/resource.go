package conformance

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
	"github.com/jc-mcp/jc-mcp/tools"
)

const (
	templateStart = "test://template/"
	templateEnd   = "/data"
)

// Resources gives the resources.
func (s *Server) Resources(context.Context) []tools.Resource {
	return []tools.Resource{
		{URI: "test://static-binary", Name: "static-binary", Description: "An image.", MIMEType: "image/png"},
		{URI: "test://static-text", Name: "static-text", Description: "A line of text.", MIMEType: "text/plain"},
		{URI: "test://watched-resource", Name: "watched-resource", Description: "Can be subscribed to; it never changes.", MIMEType: "text/plain"},
	}
}

// Templates gives the templates.
func (s *Server) Templates(context.Context) []tools.Template {
	return []tools.Template{{
		URITemplate: templateStart + "{id}" + templateEnd, Name: "template",
		Description: "Says the id of its address.", MIMEType: "application/json",
	}}
}

// read gives what a resource holds.
func read(uri string) transport.Response {
	contents := func(kind, member, value string) transport.Response {
		return result(map[string]any{"contents": []block{{"uri": uri, "mimeType": kind, member: value}}})
	}
	switch uri {
	case "test://static-text":
		return contents("text/plain", "text", "This is the content of the static text resource.")
	case "test://static-binary":
		return contents("image/png", "blob", pixel())
	case "test://watched-resource":
		return contents("text/plain", "text", "This never changes.")
	}
	rest, found := strings.CutPrefix(uri, templateStart)
	id, ended := strings.CutSuffix(rest, templateEnd)
	if !found || !ended || id == "" || strings.Contains(id, "/") {
		return transport.Response{Unknown: true}
	}
	b, _ := json.Marshal(map[string]any{"id": id, "templateTest": true, "data": "Data for ID: " + id})
	return contents("application/json", "text", string(b))
}
