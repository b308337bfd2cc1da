package sandbox

import (
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// restExceptions are places where the generic operations answer what the
// description does not say, with the reason.
var restExceptions = []exception{
	{"GET", regexp.MustCompile(`^/api/v2/providers/[^/]+/configuredpolicytemplates$`),
		"records is published as one object beside a totalCount; a list is what it counts"},
	{"GET", regexp.MustCompile(`^/api/v2/providers$`), "published by name only; the router takes it for the path of one provider"},
	{"PATCH", regexp.MustCompile(`^/api/v2/integrations/[a-z]+/[^/]+/mappings$`), "a body is published beside 204, which cannot have one"},
}

// TestGenericAnswersFollowThePublishedDescriptions walks the table and checks
// each request and answer whose operation is described.
func TestGenericAnswersFollowThePublishedDescriptions(t *testing.T) {
	published := loadPublished(t)
	for _, media := range []string{"application/pdf", "application/zip", "application/x-pem-file", "application/x-apple-aspen-config", "image/gif"} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.FileBodyDecoder)
		defer openapi3filter.UnregisterBodyDecoder(media)
	}
	k := &checker{newRig(t, Options{}), published, map[string]bool{}}
	unknown := 0
	w := &walker{rig: k.rig, each: func(op *restOp, path string, body any, a answer) {
		for _, e := range restExceptions {
			if e.method == op.method && e.path.MatchString(path) {
				return
			}
		}
		if op.options["takes"] != "" {
			body = nil // the walk sends a form that is a form in name only
		}
		err := k.validate(op.method, path, body, a)
		switch {
		case err == nil:
		case strings.HasPrefix(err.Error(), "route: "):
			unknown++
		default:
			t.Errorf("%s %s: %v", op.method, path, err)
		}
	}}
	w.walk()
	t.Logf("%d published operations were called, %d requests went to operations of unknown shape", len(k.seen), unknown)
	if len(k.seen) < 155 {
		t.Errorf("only %d published operations were called", len(k.seen))
	}
}

// TestSpecialAnswersFollowThePublishedDescriptions calls what has handlers of
// its own beside the table.
func TestSpecialAnswersFollowThePublishedDescriptions(t *testing.T) {
	k := &checker{newRig(t, Options{}), loadPublished(t), map[string]bool{}}
	group := "/api/v2/usergroups/" + k.group("VPN Users")
	k.do(200, "PUT", group, object{"name": "VPN Users", "membershipMethod": "DYNAMIC_REVIEW_REQUIRED"})
	k.strict(group + "/suggestions")
	suggested := want[[]object](k.rig, 200, "GET", group+"/suggestions", nil)[0]["object"].(object)["id"]
	k.do(200, "POST", group+"/suggestions", object{"user_ids": []any{suggested}})
	devices := "/api/v2/systemgroups/" + k.find("device_groups", "name", "Macs", "id")
	k.do(200, "PUT", devices, object{"name": "Macs", "membershipMethod": "DYNAMIC_REVIEW_REQUIRED"})
	k.strict(devices + "/suggestions")
	suggested = want[[]object](k.rig, 200, "GET", devices+"/suggestions", nil)[0]["object"].(object)["id"]
	k.do(200, "POST", devices+"/suggestions", object{"object_ids": []any{suggested}})

	k.strict("/api/v2/organizations/" + k.org.orgID + "/administratorlinks")
	k.strict("/api/v2/providers/" + k.org.Rows("providers")[0]["id"].(string) + "/integrations")
	k.do(200, "GET", "/api/v2/applications/"+k.app("Slack"), nil)
	k.do(200, "POST", "/api/systemusers/"+k.user("ada.king")+"/mfasync", nil)

	workday := "/api/v2/workdays/" + k.org.Rows("workdays")[0]["id"].(string)
	job := k.do(201, "POST", workday+"/import", []any{object{"username": "wd.two", "email": "wd.two@acme.example"}}).made(t, "jobId")
	k.strict(workday + "/import/" + job + "/results")

	k.strict("/insights/directory/v1/reports?sort=CREATED_AT")
	k.do(202, "POST", "/insights/directory/v1/reports/users-to-devices", nil)
	done := k.org.Rows("reports")[0]
	artifact := done["artifacts"].([]any)[1].(object)["id"].(string)
	k.do(200, "GET", "/insights/directory/v1/reports/"+done["id"].(string)+"/artifacts/"+artifact+"/content", nil)

	idp := "/api/v2/identity-provider/policies/" + k.org.Rows("identity-provider/policies")[0]["id"].(string) + "/associations"
	k.strict(idp + "/usergroups")
	k.do(204, "POST", idp, object{"op": "add", "type": "user", "id": k.user("kim.lee")})
	k.strict(idp + "/users")
	k.strict(idp + "?targets=user")
}
