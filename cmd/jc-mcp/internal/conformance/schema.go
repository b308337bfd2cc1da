package conformance

import (
	"context"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
)

// schemaTools show that schemas reach the client as they are, and that arguments
// may travel in headers.
func schemaTools() []fixture {
	return []fixture{
		{name: "json_schema_2020_12_tool", about: "Has a schema with many keywords of 2020-12.", schema: keywords,
			answer: fixed(blocks(textBlock("done")))},
		{name: "test_x_mcp_header", about: "Has an argument that travels in a header too.",
			schema: `{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}`,
			answer: func(_ context.Context, r transport.Request) transport.Response {
				return blocks(textBlock("region " + arg[string](r, "region")))
			}},
	}
}

const keywords = `{
	"$schema":"https://json-schema.org/draft/2020-12/schema",
	"type":"object",
	"$defs":{"address":{"$anchor":"addressDef","type":"object","properties":{"street":{"type":"string"},"city":{"type":"string"}}}},
	"properties":{
		"name":{"type":"string"},
		"address":{"$ref":"#/$defs/address"},
		"contactMethod":{"type":"string","enum":["phone","email"]},
		"phone":{"type":"string"},
		"email":{"type":"string"}},
	"allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],
	"if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},
	"then":{"required":["phone"]},
	"else":{"required":["email"]},
	"additionalProperties":false}`
