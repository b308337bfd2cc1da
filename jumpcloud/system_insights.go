package jumpcloud

import (
	"slices"
	"strings"
)

// InsightTable is one table of System Insights: what the agent saw on devices,
// in the columns of osquery. Rows have no id; system_id is the device.
type InsightTable struct {
	Name string
	// Columns are what people ask of it, separated by spaces.
	Columns string
	// Fields are all its fields beside system_id.
	Fields string
	// Filter are the fields that the API filters by beside system_id.
	Filter string
}

// At is where the table is read.
func (t *InsightTable) At() Endpoint { return At("GET /api/v2/systeminsights/" + t.Name) }

// Insight is a row of any table.
type Insight struct {
	SystemID       string `json:"system_id,omitempty"`
	CollectionTime any    `json:"collection_time,omitempty"`
}

// InsightTables are all tables by name, sorted.
func InsightTables() []InsightTable { return insightTables }

// InsightTableOf gives the table of that name, or nil.
func InsightTableOf(name string) *InsightTable {
	i, ok := slices.BinarySearchFunc(insightTables, name, func(t InsightTable, n string) int { return strings.Compare(t.Name, n) })
	if !ok {
		return nil
	}
	return &insightTables[i]
}

var insightTables = []InsightTable{
	{"alf", "global_state stealth_enabled allow_signed_enabled logging_enabled",
		"allow_signed_enabled collection_time firewall_unload global_state logging_enabled logging_option stealth_enabled version", "global_state"},
	{"alf_exceptions", "path state",
		"collection_time path state", "state"},
	{"alf_explicit_auths", "process",
		"collection_time process", "process"},
	{"appcompat_shims", "executable description path",
		"collection_time description executable install_time path sdb_id type", ""},
	{"apps", "name version path",
		"applescript_enabled bundle_executable bundle_identifier bundle_name bundle_package_type bundle_short_version bundle_version category collection_time compiler copyright development_region display_name element environment info_string last_opened_time minimum_system_version name path", "bundle_name"},
	{"authorized_keys", "uid algorithm key_file",
		"algorithm collection_time key key_file uid", "uid"},
	{"azure_instance_metadata", "name location vm_size os_type",
		"collection_time location name offer os_type placement_group_id platform_fault_domain platform_update_domain publisher resource_group_name sku subscription_id version vm_id vm_scale_set_name vm_size zone", ""},
	{"azure_instance_tags", "tag value",
		"collection_time key value vm_id", ""},
	{"battery", "health condition cycle_count percent_remaining max_capacity designed_capacity",
		"amperage charged charging collection_time condition current_capacity cycle_count designed_capacity health manufacture_date manufacturer max_capacity minutes_to_full_charge minutes_until_empty model percent_remaining serial_number state voltage", "health"},
	{"bitlocker_info", "drive_letter protection_status encryption_method conversion_status",
		"collection_time conversion_status device_id drive_letter encryption_method percentage_encrypted persistent_volume_id protection_status", "protection_status"},
	{"browser_plugins", "name version uid disabled",
		"collection_time description development_region disabled identifier name native path sdk uid version", "name"},
	{"certificates", "common_name issuer not_valid_after self_signed",
		"authority_key_id ca common_name issuer key_algorithm key_strength key_usage not_valid_after not_valid_before path self_signed serial sha1 sid signing_algorithm store store_id store_location subject subject_key_id username", "common_name"},
	{"chassis_info", "manufacturer model serial chassis_types",
		"audible_alarm breach_description chassis_types collection_time description lock manufacturer model security_breach serial sku smbios_tag status visible_alarm", ""},
	{"chrome_extensions", "name version uid identifier",
		"author collection_time description identifier locale name path permissions persistent uid update_url version", "name"},
	{"connectivity", "disconnected ipv4_internet ipv6_internet",
		"collection_time disconnected ipv4_internet ipv4_local_network ipv4_no_traffic ipv4_subnet ipv6_internet ipv6_local_network ipv6_no_traffic ipv6_subnet", ""},
	{"crashes", "identifier version datetime exception_type",
		"collection_time crash_path crashed_thread datetime exception_codes exception_notes exception_type identifier parent path pid registers responsible stack_trace type uid version", "identifier"},
	{"cups_destinations", "name option_name option_value",
		"name option_name option_value", "name"},
	{"disk_encryption", "name encrypted encryption_status type",
		"collection_time encrypted encryption_status name type uid user_uuid uuid", "encryption_status"},
	{"disk_info", "name disk_size hardware_model serial",
		"collection_time description disk_index disk_size hardware_model id manufacturer name partitions pnp_device_id serial type", "disk_index"},
	{"dns_resolvers", "address type",
		"address collection_time id netmask options type", "type"},
	{"etc_hosts", "address hostnames",
		"address collection_time hostnames", "address"},
	{"firefox_addons", "name version uid active",
		"active autoupdate collection_time creator description disabled identifier location name path source_url type uid version visible", "name"},
	{"groups", "groupname gid",
		"collection_time comment gid gid_signed group_sid groupname", "groupname"},
	{"ie_extensions", "name version path",
		"collection_time name path registry_path version", "name"},
	{"interface_addresses", "interface address mask type",
		"address broadcast collection_time friendly_name interface mask point_to_point type", "address"},
	{"interface_details", "interface mac mtu connection_status",
		"collisions connection_id connection_status description dhcp_enabled dhcp_lease_expires dhcp_lease_obtained dhcp_server dns_domain dns_domain_suffix_search_order dns_host_name dns_server_search_order enabled flags friendly_name ibytes idrops ierrors interface ipackets last_change link_speed mac manufacturer metric mtu obytes odrops oerrors opackets pci_slot physical_adapter service speed type", "interface"},
	{"kernel_info", "version path",
		"arguments collection_time device path version", "version"},
	{"launchd", "name path run_at_load username",
		"collection_time disabled groupname inetd_compatibility keep_alive label name on_demand path process_type program program_arguments queue_directories root_directory run_at_load start_interval start_on_mount stderr_path stdout_path username watch_paths working_directory", "name"},
	{"linux_packages", "name version package_format arch",
		"arch install_time maintainer_or_vendor mount_namespace_id name package_format package_group_or_section pid_with_namespace release_or_revision size version", "name package_format"},
	{"logged_in_users", "user type tty host",
		"collection_time host pid time tty type user", "user"},
	{"logical_drives", "device_id file_system size free_space",
		"boot_partition collection_time device_id file_system free_space size type", "device_id"},
	{"managed_policies", "domain name value username",
		"collection_time domain manual name username uuid value", "domain"},
	{"mounts", "path device type",
		"blocks blocks_available blocks_free blocks_size collection_time device device_alias flags inodes inodes_free path type", "path"},
	{"os_version", "name version build platform",
		"build codename collection_time install_date major minor name patch platform platform_like version", "version"},
	{"patches", "hotfix_id description installed_on installed_by",
		"caption collection_time csname description fix_comments hotfix_id install_date installed_by installed_on", "hotfix_id"},
	{"programs", "name version publisher install_date",
		"collection_time identifying_number install_date install_location install_source language name publisher uninstall_string version", "name"},
	{"python_packages", "name version license",
		"auther directory license name path summary version", "name"}, //nolint:misspell // so the API spells it
	{"safari_extensions", "name version uid developer_id",
		"author collection_time description developer_id identifier name path sdk uid update_url version", "name"},
	{"scheduled_tasks", "name enabled state last_run_time",
		"action enabled hidden last_run_code last_run_message last_run_time name next_run_time path state", "enabled"},
	{"secureboot", "secure_boot setup_mode",
		"collection_time secure_boot setup_mode", ""},
	{"services", "name display_name status start_type user_account",
		"description display_name module_path name path pid service_exit_code service_type start_type status user_account win32_exit_code", "name"},
	{"shadow", "username password_status last_change expire",
		"collection_time expire flag hash_alg inactive last_change max min password_status username warning", "username"},
	{"shared_folders", "name path",
		"collection_time name path", "name"},
	{"shared_resources", "name path type",
		"allow_maximum collection_time description install_date maximum_allowed name path status type", "type"},
	{"sharing_preferences", "remote_login remote_management screen_sharing file_sharing",
		"bluetooth_sharing collection_time content_caching disc_sharing file_sharing internet_sharing printer_sharing remote_apple_events remote_login remote_management screen_sharing", ""},
	{"sip_config", "config_flag enabled",
		"collection_time config_flag enabled enabled_nvram", "enabled"},
	{"startup_items", "name path status username",
		"args name path source status type username", "name"},
	{"system_controls", "name current_value config_value",
		"collection_time config_value current_value field_name name oid subsystem type", "name"},
	{"system_info", "hardware_vendor hardware_model hardware_serial cpu_brand physical_memory",
		"collection_time computer_name cpu_brand cpu_logical_cores cpu_microcode cpu_physical_cores cpu_subtype cpu_type hardware_model hardware_serial hardware_vendor hardware_version hostname local_hostname physical_memory uuid", "cpu_subtype"},
	{"tpm_info", "activated enabled owned spec_version manufacturer_name",
		"activated collection_time enabled manufacturer_id manufacturer_name manufacturer_version owned physical_presence_version product_name spec_version", ""},
	{"uptime", "days hours minutes",
		"collection_time days hours minutes seconds total_seconds", "days"},
	{"usb_devices", "vendor model serial removable",
		"class collection_time model model_id protocol removable serial subclass usb_address usb_port vendor vendor_id version", "model"},
	{"user_groups", "uid gid",
		"collection_time gid uid", ""},
	{"user_ssh_keys", "uid path encrypted",
		"collection_time encrypted path uid", "uid"},
	{"userassist", "path count last_execution_time",
		"collection_time count last_execution_time path sid", ""},
	{"users", "username admin managed suspended last_login",
		"ad_managed admin collection_time description directory gid gid_signed last_login managed real_user shell suspended type uid uid_signed username uuid", "username"},
	{"wifi_networks", "network_name security_type last_connected",
		"auto_login captive_portal collection_time disabled last_connected network_name passpoint possibly_hidden roaming roaming_profile security_type ssid temporarily_disabled", "security_type"},
	{"wifi_status", "network_name security_type rssi channel",
		"bssid channel channel_band channel_width collection_time country_code interface mode network_name noise rssi security_type ssid transmit_rate", "security_type"},
	{"windows_security_center", "firewall antivirus autoupdate antispyware user_account_control",
		"antispyware antivirus autoupdate collection_time firewall internet_settings user_account_control windows_security_center_service", ""},
	{"windows_security_products", "name type state signatures_up_to_date",
		"collection_time name remediation_path signatures_up_to_date state state_timestamp type", "state"},
}
