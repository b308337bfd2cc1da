package sandbox

import (
	"encoding/base64"
	"net/http"
)

// Small files of the types that are not JSON. Those that hold keys hold none
// that would open anything.
var mediaBodies = map[string]string{
	"application/pdf": "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n" +
		"trailer<</Root 1 0 R>>\n%%EOF\n",
	"application/zip":        "PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	"application/x-pem-file": "-----BEGIN PUBLIC KEY-----\nc2J4LXNlY3JldC1ub3QtYS1rZXk=\n-----END PUBLIC KEY-----\n",
	"application/x-apple-aspen-config": plist("<key>PayloadType</key><string>Configuration</string>" +
		"<key>PayloadIdentifier</key><string>example.acme.enrol</string><key>PayloadVersion</key><integer>1</integer>" +
		"<key>Challenge</key><string>sbx-secret-enrolment-challenge</string>"),
	"application/octet-stream": plist("<key>PushCertRequestCSR</key><string>c2J4LXNlY3JldC1jc3I=</string>"),
}

func plist(inside string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<plist version="1.0"><dict>` + inside + "</dict></plist>\n"
}

// medium answers a file.
func (c *call) medium(kind, name string) *reply {
	body := []byte(mediaBodies[kind])
	if len(body) == 0 { // a picture of one dot
		body, _ = base64.StdEncoding.DecodeString("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
		kind = "image/gif"
	}
	rep := &reply{status: http.StatusOK, body: body}
	return rep.with("Content-Type", kind).with("Content-Disposition", `attachment; filename="`+notWord.ReplaceAllString(name, "-")+`"`)
}
