package tools

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// vaultUpload is an Excel file for the vault; body holds the options of the upload.
type vaultUpload struct {
	File string `json:"file" in:"-" jsonschema:"required,minLength=1,description=Excel file in base64."`
}

// vaultUploadMapped may name a file that was uploaded before, in its body.
type vaultUploadMapped struct {
	File string `json:"file,omitempty" in:"-" jsonschema:"description=Excel file in base64; none for one uploaded before."`
}

func (u vaultUpload) excel() string       { return u.File }
func (u vaultUploadMapped) excel() string { return u.File }

// vaultFile sends a file the way the vault takes it: a line of JSON with the
// options, then the bytes. The plan says how large it is, never what it holds.
func vaultFile(t *Tool) *Tool {
	return amended(t, func(_ context.Context, _ *Reader, in any, p *Plan) error {
		text := in.(interface{ excel() string }).excel()
		if text == "" {
			return nil
		}
		file, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(file) == 0 {
			return invalid("file", "it is not base64")
		}
		s := &p.Steps[0]
		options := bodyOf(s.Request)
		if options == nil {
			options = map[string]any{}
		}
		line, err := json.Marshal(options)
		if err != nil {
			return err
		}
		s.Request.Body = jc.Blob{Media: "application/octet-stream", Data: append(append(line, '\n'), file...)}
		s.After["file bytes"] = len(file)
		s.Verify = vaultAnswered(t)
		return nil
	})
}

// vaultAnswered shows what the vault read in a file: the names of its columns.
func vaultAnswered(t *Tool) func(context.Context, *Reader, *jc.Response) (Seen, error) {
	return func(_ context.Context, _ *Reader, resp *jc.Response) (Seen, error) {
		if resp == nil {
			return Seen{Outcome: Unknown}, nil
		}
		seen := Seen{Outcome: Accepted, Note: t.noBack}
		if told := plainAnswer(resp); told != "" {
			seen.Note += "; " + told
		}
		var row jc.Row
		if resp.Decode(&row) == nil && !isEmpty(row["columns"]) {
			seen.Note += "; columns " + inline(row["columns"])
		}
		return seen, nil
	}
}

// vaultSave makes of a create one that also changes: a body with an id is what
// that object shall be. It is read first, so that a plan shows what it was, and
// sending that twice does no harm.
func vaultSave(t *Tool, noun string) *Tool {
	return amended(t, func(ctx context.Context, r *Reader, _ any, p *Plan) error {
		s := &p.Steps[0]
		given := bodyOf(s.Request)
		id := idOf(given)
		if id == "" {
			return nil
		}
		read := jc.Request{Endpoint: *t.after, Params: map[string]string{noun: id}}
		now, err := r.row(ctx, read, nil)
		if jc.IsCode(err, jc.CodeNotFound) {
			return notFound("body", "there is no "+noun+" with the id "+clip(id))
		}
		if err != nil {
			return err
		}
		s.Before = map[string]any{}
		for name := range given {
			if v, there := now[name]; there && !isSecret(name, v) {
				s.Before[name] = v
			}
		}
		s.Targets = []auth.Target{{Type: noun, ID: id, Name: now.Text("name")}}
		s.Request.Effect = jc.Idempotent
		s.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
			after, err := r.row(ctx, read, nil)
			if err != nil {
				return Seen{Outcome: Accepted}, err
			}
			return t.seen(after, given, ""), nil
		}
		return nil
	})
}
