package tools

import (
	"context"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// synced is a type of directory that users are synced to. Active Directory, Google
// Workspace and Microsoft 365 have the same operations under paths of their own.
type synced struct{ set, at, brand, also string }

var (
	activeDirectories = synced{"active_directory", "/api/v2/activedirectories/{directory}", "an Active Directory", "AD"}
	googleWorkspaces  = synced{"google_workspace", "/api/v2/gsuites/{directory}", "Google Workspace", "G Suite"}
	office365s        = synced{"office365", "/api/v2/office365s/{directory}", "Microsoft 365", "Office 365, Entra ID"}
)

func (s synced) name(rest string) string { return s.set + "_" + rest }

func (s synced) op(method, rest string) string { return method + " " + s.at + rest }

// directory is the input that names one.
type directory[K jc.Named] struct {
	Directory jc.Ref[K] `json:"directory" in:"path" jsonschema:"required"`
}

type directoryBonds[K jc.Named] struct {
	directory[K]
	userTargets
}

type directoryBondChange[K jc.Named] struct {
	directory[K]
	association
}

// syncedGraph are the tools that say who is in a directory.
func syncedGraph[K jc.Named](s synced) []*Tool {
	return []*Tool{
		reach[directory[K]](s.name("users_list"), s.op("GET", "/users"),
			"List the users who are synced to "+s.brand+", directly or through groups.", userEnd, Takes("limit", "skip", "filter")),
		reach[directory[K]](s.name("user_groups_list"), s.op("GET", "/usergroups"),
			"List the user groups that are synced to "+s.brand+".", userGroupEnd, Takes("limit", "skip", "filter")),
		bonds[directoryBonds[K]](s.name("associations_list"), s.op("GET", "/associations"),
			"List the users or user groups that are bound directly to "+s.brand+".", userEnd, userGroupEnd),
		bondChange[directoryBondChange[K]](s.name("associations_change"), s.op("POST", "/associations"),
			"Sync a user or user group to "+s.brand+" (provision), or stop it.", auth.Change),
	}
}

// syncedBasics are the tools of the directory as such; Edit is what an update takes.
func syncedBasics[K jc.Named, Edit any](s synced) []*Tool {
	return []*Tool{
		Get[directory[K], K](s.name("get"), s.op("GET", ""),
			"Show one "+s.brand+" ("+s.also+") integration and its settings."),
		Change[Edit, K](s.name("update"), s.op("PATCH", ""),
			"Change the settings of a "+s.brand+" integration: name, groups, default domain."),
	}
}

type translationRule[K, Rule jc.Named] struct {
	Rule jc.Ref[Rule] `json:"rule" in:"path" jsonschema:"required"`
	directory[K]
}

// translationRules are the tools of rules that map attributes; New is what a create takes.
func translationRules[K, Rule jc.Named, New any](s synced) []*Tool {
	return []*Tool{
		List[directory[K], Rule](s.name("translation_rules_list"), s.op("GET", "/translationrules"),
			"List the rules that map user attributes to "+s.brand+" (attribute mapping).", Columns("builtIn", "direction", "id")),
		Get[translationRule[K, Rule], Rule](s.name("translation_rules_get"), s.op("GET", "/translationrules/{rule}"),
			"Show one rule that maps a user attribute to "+s.brand+"."),
		Create[New, Rule](s.name("translation_rules_create"), s.op("POST", "/translationrules"),
			"Map a user attribute to "+s.brand+" (translation rule)."),
		Delete[translationRule[K, Rule]](s.name("translation_rules_delete"), s.op("DELETE", "/translationrules/{rule}"),
			"Delete a rule that maps a user attribute to "+s.brand+". The attribute is no longer synced."),
	}
}

type directoryDomain[K, Domain jc.Named] struct {
	Domain jc.Ref[Domain] `json:"domain" in:"path" jsonschema:"required"` // what is meant comes first, then where it is
	directory[K]
}

// directoryDomains are the tools of a directory's mail domains; New is what adding
// one takes.
func directoryDomains[K, Domain jc.Named, New adding](s synced) []*Tool {
	list := s.op("GET", "/domains")
	return []*Tool{
		List[directory[K], Domain](s.name("domains_list"), list,
			"List the domains of a "+s.brand+" integration.", Takes("limit", "skip"), Columns("domain", "default", "objectId")),
		addsDomain[New](Create[New, None](s.name("domains_create"), s.op("POST", "/domains"),
			"Add a domain, verified there already, to a "+s.brand+" integration."), jc.At(list)),
		Delete[directoryDomain[K, Domain]](s.name("domains_delete"), s.op("DELETE", "/domains/{domain}"),
			"Remove a domain from a "+s.brand+" integration. Its users are no longer synced.", ReadIn(list, "objectId")),
	}
}

// adding is an input that tells the domain to be added.
type adding interface{ adds() string }

// addsDomain has a domain read in the list, before and after it is added: the
// answer wraps it, and nothing reads it alone.
func addsDomain[New adding](t *Tool, list jc.Endpoint) *Tool {
	t.reads = append(t.reads, list)
	return amended(t, func(ctx context.Context, r *Reader, in any, p *Plan) error {
		s := &p.Steps[0]
		domain := (*in.(*New)).adds()
		s.After = map[string]any{"domain": domain}
		there := func(ctx context.Context, r *Reader) (bool, error) {
			rows, _, err := r.walk(ctx, jc.Request{Endpoint: list, Params: s.Request.Params}, jc.Query{Takes: []string{"limit", "skip"}}, 0)
			for _, row := range rows.Rows {
				if strings.EqualFold(row.Text("domain"), domain) {
					return true, nil
				}
			}
			return false, err
		}
		if have, err := there(ctx, r); err != nil {
			return err
		} else if have {
			s.Skip = "there already"
		}
		s.Verify = func(ctx context.Context, r *Reader, resp *jc.Response) (Seen, error) {
			switch have, err := there(ctx, r); {
			case err == nil && have:
				return Seen{Outcome: Done}, nil
			case resp == nil:
				return Seen{Outcome: Unknown}, err
			default:
				return Seen{Outcome: Accepted}, err
			}
		}
		return nil
	})
}

// defaultDomain gives the id of a domain the form in which a directory takes it.
func defaultDomain(body map[string]any) {
	if id, given := body["defaultDomain"].(string); given {
		body["defaultDomain"] = map[string]any{"id": id}
	}
}
