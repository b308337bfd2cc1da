package tools

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// maxInline is the largest text file, in tokens, that is shown in an answer.
const maxInline = 4_000

// Download declares a tool that reads a file of a media type. A short text is
// shown; anything else is written to the folder for exports, where there is one.
func Download[In any](name, at, media, doc string, opts ...Option) *Tool {
	t := declare[In, None](name, doc, auth.Read, jc.Safe, opts, at)
	t.plan = func(_ context.Context, r *Reader, in any) (*Plan, error) { return planDownload(t, r, in, media) }
	return t.done()
}

func planDownload(t *Tool, r *Reader, in any, media string) (*Plan, error) {
	req, err := r.bind(t, t.Operations[0], in)
	if err != nil {
		return nil, err
	}
	req.Header = http.Header{"Accept": {media}}
	step := Step{Tool: t, Request: req, Targets: targetsOf(in)}
	step.read = func(ctx context.Context, r *Reader) (any, error) {
		resp, err := r.d.o.Client.Do(ctx, req)
		if err != nil {
			return nil, err
		}
		return resp, nil
	}
	return &Plan{Steps: []Step{step}, Finish: func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
		resp := done[0].Value.(*jc.Response)
		return r.file(ctx, t, mediaOf(resp, media), resp.Body)
	}}, nil
}

// anyMedia is asked for where the type of a file is not known beforehand.
const anyMedia = "text/csv, */*"

// mediaOf is the media type of what came, as far as it is told; else what was asked for.
func mediaOf(resp *jc.Response, asked string) string {
	if m, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err == nil && asked == anyMedia {
		return m
	}
	return asked
}

// file answers with a file: its text, or where it was written.
func (r *Reader) file(ctx context.Context, t *Tool, media string, data []byte) (Answer, error) {
	head := fmt.Sprintf("# %s, %d bytes; %s", media, len(data), r.orgName(ctx))
	if text := string(data); utf8.ValidString(text) && !strings.ContainsRune(text, 0) && tokens(text) <= maxInline {
		lines := strings.Split(strings.TrimRight(text, "\r\n"), "\n")
		for i, line := range lines {
			lines[i] = clean(line)
		}
		return Answer{Text: []string{head, strings.Join(lines, "\n")}}, nil
	}
	if r.d.o.ExportDir == "" {
		return Answer{}, &Refusal{jc.CodeTooLarge, fmt.Sprintf("it is a file (%s, %d bytes) that cannot be shown here; the operator can start the server with --export-dir, and it is written there", media, len(data))}
	}
	name := fmt.Sprintf("%s-%s-%s%s", t.Name, time.Now().UTC().Format("20060102T150405Z"), newID("")[:4], extension(media))
	path := filepath.Join(r.d.o.ExportDir, name)
	if err := writeWhole(path, data); err != nil {
		return Answer{}, cannotWrite
	}
	link := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	return Answer{Text: []string{head + "; written to " + link.String()}}, nil
}

// writeWhole writes a new file, or none.
func writeWhole(path string, data []byte) error {
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if serr := f.Sync(); err == nil {
		err = serr
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// extension is that of files of a media type; "" where none is usual.
func extension(media string) string {
	return map[string]string{"application/pdf": ".pdf", "application/zip": ".zip", "image/png": ".png", "image/gif": ".gif", "image/jpeg": ".jpg", "application/x-pem-file": ".pem",
		"application/x-apple-aspen-config": ".mobileconfig", "text/csv": ".csv", "application/json": ".json"}[media]
}
