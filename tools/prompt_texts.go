package tools

import (
	"strconv"
	"strings"
)

// The forms that values of prompts can have.
var (
	asDuration = &form{says: "a length of time such as 45m, 2h or 7d", ok: func(s string) bool {
		d, ok := parseDuration(s)
		return ok && d > 0
	}}
	asCount = &form{says: "a whole number from 1 to 3650", bare: true, ok: func(s string) bool {
		n, err := strconv.Atoi(s)
		return err == nil && n >= 1 && n <= 3650 && s == strconv.Itoa(n)
	}}
	asEmail = &form{says: "an e-mail address", ok: func(s string) bool {
		name, host, ok := strings.Cut(s, "@")
		return ok && name != "" && host != "" && !strings.ContainsAny(s, " \t,;<>\"()") && !strings.Contains(host, "@")
	}}
)

// prompts are all there are. Their calls are checked against the tools' schemas by a test.
var prompts = []prompt{
	{
		name: "onboard_user", title: "Onboard a user",
		doc: "Create a user, put them into groups, and read back what came of it.",
		args: []promptArg{
			{name: "username", doc: "Username of the new user.", required: true},
			{name: "email", doc: "E-mail address of the new user.", required: true, form: asEmail},
			{name: "firstname", doc: "First name."},
			{name: "lastname", doc: "Last name."},
			{name: "department", doc: "Department."},
			{name: "manager", doc: "Who the user reports to.", of: "users"},
			{name: "groups", doc: "User groups to join, separated by commas.", of: "user_groups", list: true},
		},
		plan: []string{
			"Onboard the user {username} with the e-mail address {email}.",
			"Look whether the username or the address is taken: `users_list search={username}` and `users_list search={email}`. If it is, stop and tell the person.",
			"Look at the groups there are: `user_groups_list limit=200`. Ask the person when no group was named or when one is missing; make none unasked.",
			"Preview: `users_create username={username} email={email}« firstname={firstname}»« lastname={lastname}»« department={department}»« manager={manager}»« groups={groups}» dry_run=true`.",
			"Show the person the preview and wait for a yes. Then repeat the call without dry_run.",
			"Read back: `users_get user={username}`. Report the state, the groups joined, and what is left: activation, password, device.",
		},
	},
	{
		name: "offboard_user", title: "Offboard a user",
		doc: "Stop a leaver's sign-in, end temporary rights, take access away, and lock devices.",
		args: []promptArg{
			{name: "user", doc: "Who leaves.", required: true, of: "users"},
		},
		plan: []string{
			"Offboard the user {user}: no sign-in, no access, devices safe. Delete nothing.",
			"See who it is: `users_get user={user} include=[\"groups\",\"devices\",\"applications\"]`.",
			"See what happened lately: `insights_query user={user} last=\"7d\" limit=50`.",
			"Ask the person whether devices are kept, locked or erased, and who takes over reports.",
			"Make the plan, which sends nothing: `users_offboard user={user} devices=\"lock\"`, or with keep or erase, and with manager when somebody takes over reports.",
			"Show the person the whole plan and wait for a yes.",
			"Run it by its id: `users_offboard user={user} plan=<plan>`. If some steps failed, repeat the same call: what is done is skipped.",
			"Report what is done, what is queued, what failed, and what is left. A queued order cannot be called back.",
		},
	},
	{
		name: "elevate_user", title: "Make a user administrator of a device for a while",
		doc: "Give temporary administrator rights on one device, with an end.",
		args: []promptArg{
			{name: "user", doc: "Who needs the rights.", required: true, of: "users"},
			{name: "device", doc: "On which device.", required: true, of: "devices"},
			{name: "duration", doc: "For how long, such as 45m, 2h, 1d.", standard: "1h", form: asDuration},
			{name: "reason", doc: "Why, for the record."},
		},
		plan: []string{
			"Make {user} administrator of the device {device} for {duration}.",
			"Look at both: `users_get user={user}` and `devices_get device={device}`. Stop when the user is suspended; say so when the device is offline.",
			"Preview: `access_requests_create user={user} device={device} expiry={duration}« remarks={reason}» dry_run=true`.",
			"Show the person whose rights on which device until when. Wait for a yes. Then repeat the call without dry_run.",
			"Report the id of the request and its end. To end it early: `access_requests_revoke user={user} device={device} dry_run=true`, then without dry_run.",
		},
	},
	{
		name: "review_application_access", title: "Review who can reach an application",
		doc: "List who reaches an application and how, and point at what should be questioned.",
		args: []promptArg{
			{name: "application", doc: "Which application.", required: true, of: "applications"},
			{name: "last", doc: "How far to look back for use.", standard: "30d", form: asDuration},
		},
		plan: []string{
			"Review who can reach the application {application}. Change nothing.",
			"See who reaches it, through which groups, and who of them is suspended: `access_explain application={application} limit=1000`.",
			"See who used it: `insights_query service=[\"sso\"] last={last} fields=\"timestamp,initiated_by,application,success\" limit=200`. Count only this application; say which window was covered.",
			"Report: people in total, by group, direct, suspended, and not seen in the window. Say what could not be read. Propose removals; leave the decision to the person.",
		},
	},
	{
		name: "lost_device", title: "A device is lost or stolen",
		doc: "Find the device, see who used it since, lock it, and erase it only if a person says so.",
		args: []promptArg{
			{name: "device", doc: "Which device: hostname or serial number.", required: true, of: "devices"},
			{name: "last", doc: "How long it may have been gone.", standard: "7d", form: asDuration},
		},
		plan: []string{
			"The device {device} is lost or stolen.",
			"See which it is: `devices_get device={device}`. Ask the person to confirm it by serial number, model and owner. Note whether it is encrypted and when it was last seen.",
			"See what happened on it: `insights_query device={device} last={last} limit=100`. Point at sign-ins after it was gone.",
			"Preview the lock: `devices_lock device={device} dry_run=true`. Wait for a yes. Then repeat the call without dry_run.",
			"See the owner: `users_get user=<owner>`. Ask whether sign-in has to stop as well. If so: `users_update user=<owner> state=\"SUSPENDED\" dry_run=true`, a yes, and the same without dry_run.",
			"Erase only if the person asks for it by name: `devices_erase device={device} dry_run=true`, show it, ask again, then without dry_run. All data is gone for good.",
			"Report what is done and what is only queued. An offline device follows when it next connects.",
		},
	},
	{
		name: "investigate_failed_logins", title: "Investigate failed logins",
		doc: "Find out who fails to sign in, from where and why, and whether somebody got in.",
		args: []promptArg{
			{name: "user", doc: "Only this user.", of: "users"},
			{name: "last", doc: "How far to look back.", standard: "24h", form: asDuration},
			{name: "service", doc: "Only this kind of sign-in.", values: []string{"directory", "ldap", "radius", "sso", "systems"}},
		},
		plan: []string{
			"Investigate failed logins« of {user}»« of the service {service}» in the last {last}. Change nothing.",
			"Read the failures: `insights_query last={last}« user={user}»« service=[{service}]» filter=\"success=false\" fields=\"timestamp,event_type,initiated_by,client_ip,error_message\" limit=200`. Follow the cursor to the end; note the window that was covered.",
			"Count them by user, by address and by reason. Tell names that exist from names that were guessed.",
			"For each user with many: `users_get user=<user>`. Note locked, suspended, password expired, MFA.",
			"Look for a success after the failures: `insights_query user=<user> last={last} filter=\"success=true\"`. The same unknown address is a sign of a break-in.",
			"Report what is likely: typing errors, an old device with an old password, guessing, a break-in. Say what you did not see. Propose the next step and let the person decide.",
		},
	},
	{
		name: "find_stale_devices", title: "Find stale devices",
		doc: "List devices that were not seen for a number of days, and whose they are.",
		args: []promptArg{
			{name: "days", doc: "Not seen for so many days.", standard: "90", form: asCount},
		},
		plan: []string{
			"Find the devices that were not seen for {days} days or more. Change nothing.",
			"List them, the oldest contact first: `devices_list filter=\"last_contact>{days}d\" sort=\"last_contact\" fields=\"hostname,serial,os,last_contact,user,flags\" limit=200`. Follow the cursor to the end.",
			"List those that never had contact apart, for they may be new: `devices_list filter=\"last_contact=\" fields=\"hostname,serial,created\" limit=200`.",
			"See which owners are suspended: `users_list filter=\"state=SUSPENDED\" fields=\"username\" limit=200`. A suspended owner is a hint.",
			"Report hostname, serial number, days since contact, owner, and whether it is encrypted, oldest first, with the total. A ? is not known, not a no.",
			"Propose what to do with each; leave the decision to the person. Removing a device from management cannot be undone.",
		},
	},
	{
		name: "check_mfa_coverage", title: "Check MFA coverage",
		doc: "See which active users have no second factor, who must have one, and who is excused.",
		args: []promptArg{
			{name: "department", doc: "Only this department."},
		},
		plan: []string{
			"Check the MFA coverage of active users« of the department {department}». Change nothing.",
			"Add department=<it, in double quotes> to each filter below for the department {department}.",
			"Count the active users: `users_list filter=\"state=ACTIVATED\" count_by=\"department\"`. Line 1 has the total.",
			"Count those without a second factor: `users_list filter=\"state=ACTIVATED, mfa_enrolled=false\" count_by=\"department\"`.",
			"List those without a second factor: `users_list filter=\"state=ACTIVATED, mfa_enrolled=false\" fields=\"username,department,mfa_required,mfa_excused_until\" limit=200`. Follow the cursor to the end.",
			"Keep three facts apart: enrolled, required at sign-in, excused until a date. Rows that could not be read count as unknown, never as covered.",
			"Report the share enrolled, the gap by department, those not required to have MFA, and excuses that have no end. Propose next steps; leave the decision to the person.",
		},
	},
}
