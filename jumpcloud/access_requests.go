package jumpcloud

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
)

// AccessRequest makes a user administrator of a device until it expires. The
// API can read one by its id and cannot list them.
type AccessRequest struct {
	AccessID             string `json:"accessId,omitempty"`
	AccessState          string `json:"accessState,omitempty"` // granted; what it is called after its end is not published
	RequestorID          string `json:"requestorId,omitempty"` // the user
	OnBehalfOfUserID     string `json:"onBehalfOfUserId,omitempty"`
	ResourceID           string `json:"resourceId,omitempty"` // the device
	ResourceType         string `json:"resourceType,omitempty"`
	Expiry               any    `json:"expiry,omitempty"`
	Duration             any    `json:"duration,omitempty"`
	Remarks              any    `json:"remarks,omitempty"`
	AdditionalAttributes any    `json:"additionalAttributes,omitempty"` // base64 of JSON, see Attributes
	OperationID          string `json:"operationId,omitempty"`
	ApplicationIntID     any    `json:"applicationIntId,omitempty"`
	Version              any    `json:"version,omitempty"`
	ID                   any    `json:"id,omitempty"` // a number, not the id to use
	JobID                any    `json:"jobId,omitempty"`
	TempGroupID          any    `json:"tempGroupId,omitempty"`
	CreatedBy            string `json:"createdBy,omitempty"`
	UpdatedBy            string `json:"updatedBy,omitempty"`
	CompanyID            any    `json:"companyId,omitempty"`
	Metadata             any    `json:"metadata,omitempty"`
}

// Kind is the kind of access requests; they are named by id alone.
func (AccessRequest) Kind() *Kind { return accessRequestKind }

// The form of the ids is not published: UUIDs and 24 hex digits were seen.
var accessRequestKind = &Kind{
	Type: "access_request", Noun: "access request", ID: "accessId",
	Get:    At("GET /api/v2/accessrequests/{id}"),
	IDForm: regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`),
}

// AccessGranted is the state of a request that gives rights now.
const AccessGranted = "granted"

// ElevateOperation is the one operation that access requests are made for.
const ElevateOperation = "ff487bda-e18f-42ed-9d6c-5c7cafd6adf9"

// Attributes decodes additionalAttributes: the API takes an object and gives it
// back as base64 of its JSON. ok is false when it cannot be read.
func (AccessRequest) Attributes(r Row) (attributes map[string]any, ok bool) {
	switch v := r["additionalAttributes"].(type) {
	case map[string]any:
		return v, true
	case string:
		b, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			b, err = base64.RawURLEncoding.DecodeString(v)
		}
		return attributes, err == nil && json.Unmarshal(b, &attributes) == nil && attributes != nil
	}
	return nil, false
}
