package tools

// appConfig are the settings of an SSO connector. Every one is an object: its
// value, and how consoles show it.
type appConfig struct {
	ACSURL                  *appText       `json:"acsUrl,omitempty"`
	ConstantAttributes      *appConstants  `json:"constantAttributes,omitempty"`
	DatabaseAttributes      *appAttributes `json:"databaseAttributes,omitempty"`
	DeclareRedirectEndpoint *appSwitch     `json:"declareRedirectEndpoint,omitempty"`
	DefaultTargetURL        *appText       `json:"defaultTargetUrl,omitempty"`
	GroupsAttributeName     *appDependent  `json:"groupsAttributeName,omitempty"`
	IDPCertificate          *appText       `json:"idpCertificate,omitempty"`
	IDPEntityID             *appText       `json:"idpEntityId,omitempty"`
	IDPInitURL              *appText       `json:"idpInitUrl,omitempty"`
	IDPPrivateKey           *appText       `json:"idpPrivateKey,omitempty"`
	IncludeGroups           *appSwitch     `json:"includeGroups,omitempty"`
	OverrideNameIDFormat    *appChoice     `json:"overrideNameIdFormat,omitempty"`
	SignAssertion           *appPlain      `json:"signAssertion,omitempty"`
	SignatureAlgorithm      *appChoice     `json:"signatureAlgorithm,omitempty"`
	SignResponse            *appPlain      `json:"signResponse,omitempty"`
	SPCertificate           *appText       `json:"spCertificate,omitempty"`
	SPEntityID              *appText       `json:"spEntityId,omitempty"`
	SPErrorFlow             *appSwitch     `json:"spErrorFlow,omitempty"`
	SubjectField            *appChoice     `json:"subjectField,omitempty"`
}

// appField is what all settings have.
type appField struct {
	Type     string  `json:"type,omitempty"`
	Label    *string `json:"label,omitempty"`
	Position *int32  `json:"position,omitempty"`
	ReadOnly *bool   `json:"readOnly,omitempty"`
	Required *bool   `json:"required,omitempty"`
	Visible  *bool   `json:"visible,omitempty"`
}

// appHint is the tooltip that most settings have.
type appHint struct {
	Tooltip *appTooltip `json:"tooltip,omitempty"`
}

type appTooltip struct {
	Template  *string         `json:"template,omitempty"`
	Variables *appTooltipVars `json:"variables,omitempty"`
}

type appTooltipVars struct {
	Icon    *string `json:"icon,omitempty"`
	Message *string `json:"message,omitempty"`
}

type appText struct {
	Value *string `json:"value,omitempty"`
	appField
	appHint
}

type appSwitch struct {
	Value *bool `json:"value,omitempty"`
	appField
	appHint
}

type appPlain struct {
	Value *bool `json:"value,omitempty"`
	appField
}

type appChoice struct {
	Value   *string     `json:"value,omitempty"`
	Options []appOption `json:"options,omitzero"`
	appField
	appHint
}

type appOption struct {
	Text  *string `json:"text,omitempty"`
	Value *int32  `json:"value,omitempty"`
}

type appDependent struct {
	Value     *string `json:"value,omitempty"`
	DependsOn *string `json:"dependsOnProperty,omitempty"`
	appField
	appHint
}

type appAttributes struct {
	Value []appAttribute `json:"value,omitzero"`
	appField
	appHint
}

type appConstants struct {
	Value   []appAttribute `json:"value,omitzero"`
	Mutable *bool          `json:"mutable,omitempty"`
	appField
	appHint
}

type appAttribute struct {
	Name     *string `json:"name,omitempty"`
	Value    *string `json:"value,omitempty"`
	ReadOnly *bool   `json:"readOnly,omitempty"`
	Required *bool   `json:"required,omitempty"`
	Visible  *bool   `json:"visible,omitempty"`
}
