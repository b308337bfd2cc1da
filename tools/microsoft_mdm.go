package tools

import "maps"

type microsoftPackage struct {
	Request map[string]any `json:"request,omitempty" in:"-"`
}

// Body sends what was given as the whole body; which fields it has is not published.
func (p *microsoftPackage) Body(body map[string]any) error {
	maps.Copy(body, p.Request)
	return nil
}

var microsoftMDM = Set{"microsoft_mdm", "Windows device management by MDM."}.Of(
	withBody(fileOf(Secret[microsoftPackage]("microsoft_mdm_configuration_create", "POST /api/v2/microsoft-mdm/configuration-files",
		"Make the provisioning package files for bulk enrolment of Windows devices in MDM (PPKG)."), "application/zip")),
)
