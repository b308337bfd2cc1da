package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type softwareApp struct {
	App jc.Ref[jc.SoftwareApp] `json:"software_app" in:"path" jsonschema:"required"`
}

type softwareAppNew struct {
	DisplayName string            `json:"displayName" jsonschema:"required,minLength=1"`
	Settings    []softwareSetting `json:"settings,omitempty"`
}

type softwareAppEdit struct {
	softwareApp
	DisplayName string            `json:"displayName,omitempty" jsonschema:"minLength=1"`
	Settings    []softwareSetting `json:"settings,omitempty"`
}

// softwareSetting is a package and what is wanted of it. The dates that the API
// sets itself are not part of it.
type softwareSetting struct {
	PackageManager       string          `json:"packageManager,omitempty" jsonschema:"example=CHOCOLATEY,example=APPLE_VPP"`
	PackageID            string          `json:"packageId,omitempty"`
	PackageVersion       string          `json:"packageVersion,omitempty"`
	DesiredState         string          `json:"desiredState,omitempty" jsonschema:"example=INSTALL"`
	AutoUpdate           *bool           `json:"autoUpdate,omitempty"`
	AllowUpdateDelay     *bool           `json:"allowUpdateDelay,omitempty"`
	Location             *string         `json:"location,omitempty"`
	LocationObjectID     string          `json:"locationObjectId,omitempty"`
	EnterpriseObjectID   string          `json:"enterpriseObjectId,omitempty"`
	CatalogInstallableID string          `json:"appCatalogInstallableObjectId,omitempty"`
	Description          *string         `json:"description,omitempty"`
	Scope                *string         `json:"scope,omitempty"`
	Format               *string         `json:"format,omitempty"`
	Architectures        []string        `json:"architectures,omitzero"`
	BundleID             *string         `json:"bundleId,omitempty"`
	TeamID               *string         `json:"teamId,omitempty"`
	ShortVersion         *string         `json:"shortVersion,omitempty"`
	IconURL              *string         `json:"iconUrl,omitempty"`
	DownloadURL          *string         `json:"downloadUrl,omitempty"`
	VersionlessURL       *bool           `json:"versionlessDownloadUrl,omitempty"`
	AppFileName          *string         `json:"appFileName,omitempty"`
	Arguments            *string         `json:"commandLineArguments,omitempty"`
	UpdateTool           *string         `json:"updateTool,omitempty"`
	UpdateToolArguments  *string         `json:"updateToolArguments,omitempty"`
	AssetKind            *string         `json:"assetKind,omitempty"`
	AssetSHA256Size      *int64          `json:"assetSha256Size,omitempty"`
	AssetSHA256          []string        `json:"assetSha256Strings,omitzero"`
	PackageKind          *string         `json:"packageKind,omitempty"`
	PackageSubtitle      *string         `json:"packageSubtitle,omitempty"`
	StoredPackageID      *string         `json:"storedPackageObjectId,omitempty"`
	StoredPackage        *storedPackage  `json:"storedPackage,omitempty"`
	AppleVPP             *appleVPP       `json:"appleVpp,omitempty"`
	GoogleAndroid        *googleAndroid  `json:"googleAndroid,omitempty"`
	MicrosoftStore       *microsoftStore `json:"microsoftStore,omitempty"`
}

type storedPackage struct {
	ObjectID string                 `json:"objectId,omitempty"`
	Versions []storedPackageVersion `json:"versions,omitzero"`
}

type storedPackageVersion struct {
	Name           *string        `json:"name,omitempty"`
	Version        *int64         `json:"version,omitempty"`
	Status         *string        `json:"status,omitempty"`
	Size           *int64         `json:"size,omitempty"`
	SHA256         *string        `json:"sha256sum,omitempty"`
	RejectedReason *string        `json:"rejectedReason,omitempty"`
	Metadata       map[string]any `json:"metadata,omitempty"`
}

type appleVPP struct {
	AppConfiguration  *string        `json:"appConfiguration,omitempty" jsonschema:"description=A property list."`
	IsConfigEnabled   *bool          `json:"isConfigEnabled,omitempty"`
	DeviceFamilies    []string       `json:"supportedDeviceFamilies,omitzero" jsonschema:"enum=IPAD,enum=IPHONE,enum=IPOD,enum=MAC"`
	AssignedLicenses  *int64         `json:"assignedLicenses,omitempty"`
	AvailableLicenses *int64         `json:"availableLicenses,omitempty"`
	TotalLicenses     *int64         `json:"totalLicenses,omitempty"`
	Details           map[string]any `json:"details,omitempty"`
}

type microsoftStore struct {
	PackageFamilyName *string `json:"packageFamilyName,omitempty"`
	DoNotUpdate       *bool   `json:"doNotUpdate,omitempty"`
	NonRemovable      *bool   `json:"nonRemovable,omitempty"`
}

type googleAndroid struct {
	Name                string              `json:"name,omitempty"`
	Type                string              `json:"type,omitempty" jsonschema:"enum=APP_TYPE_UNSPECIFIED,enum=PUBLIC,enum=PRIVATE,enum=WEBAPP"`
	InstallType         string              `json:"installType,omitempty" jsonschema:"enum=AVAILABLE,enum=FORCE_INSTALLED,enum=BLOCKED"`
	AutoUpdateMode      string              `json:"autoUpdateMode,omitempty" jsonschema:"enum=AUTO_UPDATE_DEFAULT,enum=AUTO_UPDATE_POSTPONED,enum=AUTO_UPDATE_HIGH_PRIORITY"`
	RuntimePermission   string              `json:"runtimePermission,omitempty" jsonschema:"enum=PROMPT,enum=GRANT,enum=DENY"`
	PermissionGrants    []androidPermission `json:"permissionGrants,omitzero"`
	ManagedProperties   *bool               `json:"managedProperties,omitempty"`
	ManagedConfigID     *string             `json:"managedConfigurationTemplateId,omitempty"`
	AndroidFeatures     []string            `json:"androidFeatures,omitzero"`
	AppPricing          *string             `json:"appPricing,omitempty"`
	AppVersion          *string             `json:"appVersion,omitempty"`
	Author              *string             `json:"author,omitempty"`
	Category            *string             `json:"category,omitempty"`
	ContentRating       *string             `json:"contentRating,omitempty"`
	DisplayMode         *string             `json:"displayMode,omitempty"`
	DistributionChannel *string             `json:"distributionChannel,omitempty"`
	FullDescription     *string             `json:"fullDescription,omitempty"`
	IconURL             *string             `json:"iconUrl,omitempty"`
	MinSDKVersion       *int64              `json:"minSdkVersion,omitempty"`
	StartURL            *string             `json:"startUrl,omitempty"`
	UpdateTime          *string             `json:"updateTime,omitempty"`
	VersionCode         *int64              `json:"versionCode,omitempty"`
}

type androidPermission struct {
	ID     string `json:"id,omitempty"`
	Policy string `json:"policy,omitempty" jsonschema:"enum=PROMPT,enum=GRANT,enum=DENY"`
}

var softwareApps = Set{"software_apps", "Software that JumpCloud installs on devices."}.Of(
	List[None, jc.SoftwareApp]("software_apps_list", "GET /api/v2/softwareapps",
		"Find software that is installed on devices by JumpCloud.", Columns("displayName", "package_manager", "version", "desired_state")),
	Get[softwareApp, jc.SoftwareApp]("software_apps_get", "GET /api/v2/softwareapps/{software_app}",
		"Show one software app."),
	Create[softwareAppNew, jc.SoftwareApp]("software_apps_create", "POST /api/v2/softwareapps",
		"Add software that can be installed on devices; settings has one element, the package."),
	nested(Change[softwareAppEdit, jc.SoftwareApp]("software_apps_update", "PUT /api/v2/softwareapps/{software_app}",
		"Change a software app; settings has one element with what changes.", Merge),
		"settings.createdAt", "settings.updatedAt", "settings.packageVersionUpdatedAt"),
	Delete[softwareApp]("software_apps_delete", "DELETE /api/v2/softwareapps/{software_app}",
		"Delete a software app; it is no longer installed or updated."),
)
