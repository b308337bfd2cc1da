package transport

import (
	"context"

	"github.com/mark3labs/mcp-go/mcp"
)

type resourcesResult struct {
	cacheableHead
	Resources []resourceOut `json:"resources"`
}

type resourceOut struct {
	URI         string `json:"uri"`
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	MIMEType    string `json:"mimeType,omitempty"`
}

type templatesResult struct {
	cacheableHead
	Templates []templateOut `json:"resourceTemplates"`
}

type templateOut struct {
	URITemplate string `json:"uriTemplate"`
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	MIMEType    string `json:"mimeType,omitempty"`
}

type contentsResult struct {
	cacheableHead
	Contents []contentOut `json:"contents"`
}

type contentOut struct {
	URI      string `json:"uri"`
	MIMEType string `json:"mimeType,omitempty"`
	Text     string `json:"text"`
}

// listResources answers resources/list.
func (t *Transport) listResources(ctx context.Context, x *exchange) reply {
	if bad := onePage(x, "resources"); bad != nil {
		return reply{err: bad}
	}
	list := t.server.Resources(ctx)
	key := t.lists.keyOf(kindResources, x.modern, func(write func(...string)) {
		for _, r := range list {
			write(r.URI, r.Name, r.Title, r.Description, r.MIMEType)
		}
	})
	return t.lists.through(key, func() reply {
		out := make([]resourceOut, 0, len(list))
		for _, r := range list {
			out = append(out, resourceOut(r))
		}
		return encoded(resourcesResult{x.cacheable(cacheMillis), out})
	})
}

// listTemplates answers resources/templates/list.
func (t *Transport) listTemplates(ctx context.Context, x *exchange) reply {
	if bad := onePage(x, "resource templates"); bad != nil {
		return reply{err: bad}
	}
	list := t.server.Templates(ctx)
	key := t.lists.keyOf(kindTemplates, x.modern, func(write func(...string)) {
		for _, r := range list {
			write(r.URITemplate, r.Name, r.Title, r.Description, r.MIMEType)
		}
	})
	return t.lists.through(key, func() reply {
		out := make([]templateOut, 0, len(list))
		for _, r := range list {
			out = append(out, templateOut(r))
		}
		return encoded(templatesResult{x.cacheable(cacheMillis), out})
	})
}

// readResource answers resources/read. What is read is live, so a client is
// told to keep it for no time at all.
func (t *Transport) readResource(ctx context.Context, x *exchange) reply {
	uri := text(x.msg.param("uri"))
	if uri == "" {
		return reply{err: invalidParams("uri must be the address of a resource")}
	}
	if bad := t.enter(ctx); bad != nil {
		return reply{err: bad}
	}
	defer t.slots.give()
	if t.wide != nil {
		return x.answerWide(ctx, uri, nil)
	}
	c, err := t.server.Read(ctx, uri)
	if err != nil {
		return explained(err, x.resourceNotFound(), uri)
	}
	return encoded(contentsResult{x.cacheable(0), []contentOut{contentOut(c)}})
}

// resourceNotFound is the code for an address that nothing is at: 2026-07-28
// gave up the one that revisions before it have.
func (x *exchange) resourceNotFound() int {
	if x.modern {
		return mcp.INVALID_PARAMS
	}
	return mcp.RESOURCE_NOT_FOUND
}
