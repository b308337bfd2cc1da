package tools

// The lexicon: how administrators say what the declarations call otherwise. It
// is about the domain (directories, device management, access, other vendors'
// consoles), not about particular questions.

// lexiconStop are words that say nothing about what is wanted. Some of them
// decide what kind of thing is asked for ("who"), which is read before they go.
const lexiconStop = `
a an the of to for in on at by with within from into onto via per as than then so and or but nor not no yes if else
is are was were be been being am do does did done doing has have had having can could may might must shall should will would
i me my mine we us our ours you your it its they them their this that these those there here
what which who whom whose where when why how all any some every each both either other another same such own only just also too very
much many more most few lot lots several please pls want wants wanted need needs needed like help hi hello thanks tell let lets make makes
us im id ill we're ok out up off down over under about across during before after since until while now today currently still yet already again
jumpcloud jc thing things stuff way ways using use used uses someones kind kinds type types sort name names named called
right really actually maybe get gets got getting give gives given put puts take takes taken go goes going come comes s t re ve ll d m
details detail info information particulars everything
one ones two first last next little bit one's anyone anybody whether
`

// lexiconVerbs say which kind of tool is wanted: read, create, update, remove,
// link (who belongs to or reaches what), act. A verb of several kinds is any of
// them. Words marked ! carry no more meaning than that, and are not looked for.
const lexiconVerbs = `
read: !list !show !display !see !view !look !look_up !lookup !find !fetch !retrieve !get !check !browse !read !tell !give_me !return !print !query !search !enumerate !dump !inspect !describe !know !locate !pull !pull_up !what's review verify monitor track watch count compare explain examine investigate export download audit report
create: !create !make !new !add !set_up !setup define register build generate onboard hire provision enroll enrol invite upload request issue introduce !start_using open_a whitelist allowlist blocklist insert save publish submit raise deny forbid prohibit store publish integrate introduce implement prepare produce record file start_a start_using put_up roll_out bring_in set_off bundle combine comment annotate note alert_me notify_me warn_me tell_me_when
update: !change !edit !update !modify !set !adjust !alter !amend !configure !customize !customise !tweak rename replace correct fix extend prolong turn_on turn_off switch_on switch_off enable disable toggle rotate renew regenerate patch overwrite reorder prioritize prioritise reconfigure mark acknowledge ack resolve close upgrade switch turn put convert increase decrease lower shorten lengthen limit restrict tighten relax allow deny forbid prohibit stop reassign move reword translate brand pause
remove: !delete !remove !drop !destroy !get_rid_of !clean_up !purge !trash !erase_the_record decommission retire unenroll unenrol unregister deregister disconnect uninstall cancel dismiss unlink detach revoke deprovision forget clear_out take_away tear_down discard deauthorize deauthorise stop_tracking no_longer cut offboard wipe_out take_off stop end recycle clear unassign unbind disassociate turn_off switch_off
link: !add !remove assign unassign attach detach bind unbind link unlink connect associate disassociate grant revoke give give_access share join put move_into map take_away take_out kick_out_of allow let deploy target scope permit entitle make roll_out push apply share_with
act: run execute launch trigger fire invoke start stop cancel abort pause resume reset unlock lock wipe erase reboot restart shutdown shut_down power_off power_down power_on suspend unsuspend activate deactivate reactivate expire force enforce clear bypass retry redo try_again install upgrade schedule push send resend email notify kick kick_out block unblock ban sync synchronize synchronise refresh import test validate verify approve deny reject transfer move migrate lose revoke end terminate offboard deprovision fire_off sign_out log_out put enable disable turn_on turn_off let upload archive unarchive restore duplicate clone copy apply accept reclaim free_up get_back authorize authorise elevate withdraw ping locate release enroll enrol preview post invite reinvite set export download request queue hand_over rotate generate make ring roll_out roll_back check confirm finish complete log_off throw_out shut cut_off unpair track locate repair fix recover restore_from hand_out
`

// lexiconAsk are words at the start of a question: what follows is to be read.
const lexiconAsk = `who whom whose what which where when why how is are was were does did do has have any`

// lexiconFill may stand before what is asked, and is skipped to find the verb.
const lexiconFill = `
please pls can could would should will you i we to how do want need like id help me us my let's lets just quickly now also then and
remotely temporarily permanently manually automatically immediately forcibly bulk mass really possible is_there_a_way_to way possible_to trying try able
somehow the a an hey hi hello jumpcloud
`

// lexiconCanon is applied to both sides, declarations and queries: several words
// that name one thing become one. The words of the API and ours meet here.
const lexiconCanon = `
system user, systemuser, user account, directory user, jumpcloud user = user
system, systems = device
operating system = os
user group, usergroup, group of users, groups of users, people group, group of people = usergroup group
system group, systemgroup, device group, devicegroup, computer group, group of devices, groups of devices, machine group, endpoint group, laptop group, server group, group of computers, group of machines, groups of computers = devicegroup group
policy group, policygroup, group of policies, groups of policies = policygroup group
policy template, policytemplate = policytemplate template
policy group template, policygrouptemplate = policygroup template
configured policy template, configuredpolicytemplate = configured policytemplate template
policy result, policyresult, policy status, policystatus, policystatuses = policyresult result
command result, commandresult = commandresult result
command queue, commandqueue, queued command, queuedcommand = queue command
software app, softwareapp, software application, software package = softwareapp software
software app status, softwareappstatus, softwareappstatuses = softwareapp software status
ssh key, ssh public key, public ssh key, sshkey, ssh keys = sshkey ssh
push endpoint, pushendpoint = pushendpoint push
password policy, passwordpolicy, password policies, password rule, password rules, rules for passwords, password requirement, password complexity = passwordpolicy password
authentication policy, authn policy, conditional access policy, conditional access rule, conditional access, conditional policy, sign in policy = authpolicy policy
policy evaluation = evaluation
ip list, iplist, list of ip addresses, lists of ip addresses, ip address list, ip allow list, ip block list, ip allowlist = iplist ip
service account, service principal, serviceaccount, machine account, api client, oauth client, app registration = serviceaccount
custom email, customemail, email template, mail template = customemail email
identity provider, idp, identityprovider = idp
identity risk, identityrisk, risk detection = identityrisk risk
active directory, active directories, activedirectory, activedirectories, ad = activedirectory
ldap server, ldapserver, cloud ldap = ldap
samba domain, sambadomain = samba domain
radius server, radiusserver = radius
apple mdm, applemdm, apple device management = applemdm apple mdm
microsoft mdm, windows mdm, windows device management = windowsmdm windows mdm
google emm, android enterprise, android device management, android emm, google enterprise, enterprise mobility = androidemm android
google workspace, g suite, gsuite, google apps, g suites, gsuites, google admin, googleworkspace, gws = googleworkspace
google cloud = gcloud
office 365, office365, office365s, microsoft 365, m365, o365, ms365, ms 365 = office365
enrollment profile, enrollmentprofile, enrolment profile = enrollment profile
enrolment = enrollment
enrol = enroll
translation rule, translationrule, attribute mapping, attribute map, field mapping, attribute translation = translationrule
password manager, passwordmanager, jumpcloud password manager = pwmanager
password manager item, passwordmanageritem = pwmanager item
password vault, vault, vaultone, pam vault = vault
shared folder, sharedfolder = sharedfolder folder
access request, accessrequest = accessrequest request
approval flow, approvalflow, approval workflow, access workflow, approval process = approvalflow
approval flow request, approvalflowrequest = approvalflow accessrequest request
approval flow settings, approvalflowsettings = approvalflow settings
approvers progress, approversprogress, approval progress, approver progress = approvalflow progress
user approval request, userapprovalrequest = approvalflow request user
saas management, saasmanagement, saas app management, shadow it = saas
software as a service = saas
system insights, systeminsights, system insight = inventory
directory insights, directoryinsights, audit log, audit trail, audit event, activity log, event log, audit record, record of what happened, audit history = event audit
health monitoring, healthmonitoring = monitoring
rule template, ruletemplate = rule template
object storage, objectstorage = objectstorage storage
saved view, savedview = savedview view
scope group, scopegroup = scopegroup
feature setting, feature settings, featuresettings = feature setting
feature trial, featuretrial = feature trial
app catalog, application catalog, app catalogue, catalogue of applications, software catalog, catalogue of installable applications = appcatalog catalog
application template, applicationtemplate, app template, sso template, sso connector, app connector = applicationtemplate template
two factor, 2fa, two step, multi factor, multifactor, mfa, second factor, two factor authentication, multi factor authentication, two step verification, strong authentication = mfa
totp, otp, authenticator app, authenticator, one time code, verification code app = totp
full disk encryption, fde, disk encryption = fde encryption
fdekey, fde key, recovery key, disk recovery key, encryption key, bitlocker key, filevault key, personal recovery key, bitlocker recovery key, filevault recovery key, escrowed key, disk encryption key = fdekey fde key
os update, osupdate, os upgrade, system update, software update, macos update, ios update = osupdate os update
lost mode, lostmode = lostmode lost
activation lock, activationlock = activationlock
recovery lock, recoverylock = recoverylock
lock pin, lockpin, unlock pin = lockpin pin
log in, login, logon, log on, sign in, signin, sign on, signon, logins, logging in, signing in = login
logged in, logged on, signed in = loggedin
log out, logout, sign out, signout = logout
single sign on, sso = sso
set up = setup
shut down, power off, power down, turn off the device, switch off the device, shutdown, turn off device = shutdown
organisation, organization, organizations, org, orgs = organization
organization link, organizationlink, administrator link, administratorlink = administrator organization link
licence, licensing, license = license
administrator, admin = administrator
application, app = application
memberof, member of = memberof
user state, userstate, state of user = userstate state
import job = import job
billing mapping = billing mapping
connect wise, connectwise = connectwise
auto task, autotask = autotask
service provider, managed service provider, msp, mtp, multi tenant portal, provider = provider
privileged access management, privileged access, privilegedaccess, pam = pam
push verification, push message = push verification
apple business manager, abm, dep, device enrollment program, automated device enrollment, ade, apple school manager = dep
service discovery, servicediscovery, account driven enrollment, adue, account driven user enrollment = servicediscovery
client secret, clientsecret = secret
catalogue = catalog
behaviour = behavior
programme = program
authorise = authorize
customise = customize
synchronise, synchronize, synchronization, synchronisation, syncing = sync
wi fi, wlan = wifi
e mail, mail, emails, mails = email
public key = key
web hook = webhook
`

// lexiconConcepts is applied to queries only: what people say > what tools say.
// The best fitting word counts, once. "a + b" looks for both; *0.5 counts less.
const lexiconConcepts = `
person, people, employee, staff, colleague, coworker, human, somebody, someone, everybody, everyone, identity, member of staff, individual, worker, contractor, he, she, him, her, his, hers, developer, engineer, intern, student, teacher, account, accounts, principal, upn, alice, bob, jane, john, joe, mary > user identity*0.6
anybody, whoever, personnel, workforce, headcount, roster > user
has access, have access, with access, can access, may access, may use, allowed to use, allowed to access, can open, can reach, can use, is able to use > reach*0.9 access*0.9 association*0.6 bound*0.7
what can, reach, reaches > reach access*0.7 association*0.5 bound*0.5
login to, can login to, login on, get into, can get into, may login to > reach*0.9 access*0.8 bound*0.9 association*0.6 login*0.5
loggedin > loggedin login event*0.6
laptop, computer, machine, pc, endpoint, desktop, workstation, server, host, notebook, box, node, fleet, managed device, client machine, hardware, thinkpad, vm, surface, station, kiosk, asset tag > device
macbook, mac, imac, mac mini > device mac*0.9 apple*0.7 macos*0.9
macos, osx, mac os, os x > macos mac apple*0.7 device*0.4
windows, win10, win11, windows 10, windows 11 > windows device*0.3
linux, ubuntu, debian, redhat, rhel, centos, fedora, suse > linux device*0.3
iphone, ipad, ios, ipados, ipod, apple tv, tablet > apple applemdm*0.9 device*0.5
apple > apple applemdm
handset, phone, smartphone, mobile, mobile phone, cell phone, cellphone, mobile device > device*0.8 android*0.6 applemdm*0.6 pushendpoint*0.5
android, samsung, pixel, chromebook > android androidemm
intune, endpoint manager, sccm, autopilot, provisioning package, ppkg, workspace one, airwatch, mobileiron > windowsmdm*0.8 device*0.5 mdm*0.7
jamf, kandji, mosyle, mdm profile > applemdm*0.9 mdm*0.7
mdm > mdm applemdm androidemm windowsmdm
team, department, squad, division, crew, distribution list, security group, role group, ou, organizational unit > usergroup group*0.7
group, groups > group usergroup*0.9 devicegroup*0.6
gpo, group policy, group policy object, configuration profile, mobileconfig, compliance policy, device configuration, baseline, hardening, restriction, mdm policy, custom policy, device restriction > policy policytemplate*0.6
setting that can be enforced, available settings, settings can be enforced, kinds of policy, policy types, available policies, policy definitions, admx > policytemplate policy*0.7
screen lock, lock screen, screensaver, screen saver, wallpaper, password on wake, usb storage, removable storage, disable usb, block usb, enforce firewall, disable camera, airdrop, disk encryption policy, auto update policy, screen timeout, idle timeout, lock timeout > policy policytemplate*0.8
enforce, enforced, mandate, require, impose > policy*0.7 enforce
compliant, compliance, comply, non compliant, pass or fail, failing, posture, fulfil > policyresult*0.9 result*0.8 policy*0.6 status*0.6 fail*0.8
fail, failed, failing, failure, failures, unsuccessful, error, errors > fail*0.9 error*0.9 result*0.6 status*0.5 event*0.6 retry*0.4
outcome, output, stdout, exit code, log output, return code > result*0.9 commandresult output exit*0.8
bundle, bundle of policies, policy set, policy collection, policy bundle, several policies, policies together, collection of policies, initiative, blueprint > policygroup policy*0.5
script, powershell, bash, shell script, shell, zsh, cmd, batch file, python script, one liner, remote command, job > command script*0.9
scripts > command
app, apps, application, applications > application softwareapp*0.6 saas*0.5 software*0.4
program, programs, software, package, installed software > software*0.9 softwareapp*0.85 program package*0.9 application*0.5
saml, oidc, openid, oauth, connector, sso, single sign on, relying party, enterprise application, app integration, service provider app, sp, bookmark app, tile, federation, scim app, acs url, entity id, metadata url > application sso*0.9 applicationtemplate*0.7
salesforce, jira, github, gitlab, zendesk, confluence, dropbox, notion, asana, trello, figma, hubspot, servicenow, box com, aws, snowflake, datadog, atlassian, workplace, miro, docusign, netsuite, tableau > application
slack, zoom, chrome, firefox, teams client, office, photoshop, 1password, vs code, docker, node, acrobat, java, edge > software*0.7 application*0.7 softwareapp*0.7 program*0.6
available connectors, connector catalog, prebuilt apps, integration catalog, supported apps, app gallery, is there a connector, catalog of connectors, oin > applicationtemplate template*0.9 catalog*0.4
deploy, rollout, roll out, push software, push out, distribute, install, installs, installation, installed by > softwareapp*0.9 software*0.8 install*0.95
winget, chocolatey, choco, msi, pkg, vpp, apps and books, homebrew, app store, self service, exe, dmg > softwareapp software*0.9 appcatalog*0.6
app store catalog, installable apps, installable software, what can be installed, catalog of software, store apps > appcatalog catalog softwareapp*0.4
shadow, unsanctioned, unapproved apps, discovered apps, discovered, casb, saas, cloud apps, sign up for, sanctioned > saas
seat, seats, license, licenses, licences, subscription, entitlement, entitlements > license subscription*0.8
plan, pricing, tier, package plan, billing plan, what we pay, subscription plan > subscription*0.95 billing*0.6
invoice, bill, bills > invoice billing*0.8
fire, fired, terminate, terminated, kick, kick out, offboard, leaver, leavers, leaving, quit, resign, resigned, left the company, exit, disable, deactivate, block, ban, deprovision, freeze, shut out, stop login, lock out > suspend offboard*0.95 deactivate*0.8
departing employee, exit process, termination, off board, last day > offboard suspend*0.8
suspension, suspensions, suspended > suspend userstate*0.9 state*0.6
scheduled suspension, scheduled suspensions, suspend later, future suspension, end of the month, scheduled activation, scheduled state, suspend at, on a date, on friday, next week, effective date > userstate state*0.9 suspend*0.6 scheduled*0.5
reinstate, restore user, unsuspend, reenable, re enable, unblock, let back in, bring back, allow back, rehire, return from leave > activate
reactivate, resend activation, activation email, activation mail, welcome mail, welcome email, invite again, resend invite, resend invitation, send invite > reactivate*0.95 activation*0.7 invite*0.7 reinvite*0.7
locked out, let them in, too many attempts, wrong password too often, failed attempts, account locked, unblock login, lockout > unlock
onboard, hire, new hire, new starter, joiner, newcomer, provision, new employee, starter > create*0.6 user
onboarding > user*0.7 create*0.5
wipe, nuke, factory reset, remote wipe, erase everything, erase all data, zap, secure erase, reimage, reset to factory > erase
stolen, lost > lostmode*0.5 erase*0.4 lock*0.4 lost*0.6
stolen laptop, lost laptop, lost device, stolen device, lost phone, stolen phone > device*0.5 erase*0.6 lock*0.6 lostmode*0.7
reboot, restart, bounce, power cycle, reset machine > restart reboot
shutdown, halt, poweroff > shutdown
decommission, retire, retired, scrap, dispose > delete*0.5 device*0.2
unenroll, unenrol, unmanage, unenrolled, remove management, remove from mdm > unenrol*0.95 enrollment*0.7 unenroll remove*0.3 mdm*0.4
enroll, enrolled, enrol, registering a device, join device > enrollment enroll enrol*0.95 device*0.2
not checked in, last seen, last contact, stale, inactive, offline for, not seen, has not reported, dormant, checked in, heartbeat > device*0.7 contact*0.6 active*0.5
serial, serial number, hostname, host name, asset number, mac address lookup > device*0.6 serial hostname
lost their phone, lost his phone, lost her phone, new phone, broken phone, got a new phone, lost phone, replaced phone, changed phone > mfa*0.9 reset*0.6 totp*0.9
mfa, totp > mfa totp pushendpoint*0.5
reset mfa, reset two factor, reset 2fa, reset authenticator, clear mfa, reset totp, mfa reset, re register mfa > reset + mfa totp
push mfa, push notification, push phone, protect app, protect, jumpcloud protect, push device > pushendpoint push endpoint*0.7
security key, yubikey, fido, webauthn, passkey, hardware token > mfa*0.7 totp*0.4
verify a caller, verify identity, caller verification, help desk verification, prove who, is who they say > push*0.8 verification verify
temporary password, initial password, new password, set password, forgot password, forgot his password, forgot her password, reset password, password reset, change password, lost password > password + user*0.4
next login, next sign in, at next login, force password change, forced password change, change their password, must change password, password change at next > expire password*0.7
expire, expired, expiry, expiration > expire expiry*0.8
password expired > expire + password
ssh, public key, authorized key, rsa key, ssh keys > sshkey ssh
job title, title, cost center, manager, line manager, phone number, attribute, attributes, profile, department of a user, employee id, display name, last name, surname, married, address > user*0.5 attribute*0.8 update*0.3
many, mass, batch, at once, in one go, multiple, several users, in bulk, list of users, spreadsheet, csv, csv file, from a file, excel list, all at the same time, together, simultaneously, dozens, hundreds, multiple users, many users, several at once > bulk batch*0.9
excel, xlsx, spreadsheet file, excel sheet > excel bulk*0.6
belongs to, belong to, is in, member, members, membership, part of, who is in, in the group, inside a group, inside, contains, consist of > member membership memberof group*0.3
which groups, what groups, groups a, groups does > group*0.8 memberof
assign, attach, grant, bind, link, associate, connect, allow, permit, entitle, give access, provide access, grant access, take access, map, target, scope, let use, unassign, detach, unbind > association*0.9 access*0.9 member*0.5 bound*0.6 reach*0.5
assigned, attached, bound, linked, associated, applied, targets, targeted, connected, exported, synced, provisioned to > association*0.7 bound*0.8 connected*0.7 
access, permission, permissions, rights, privilege, privileges > access reach*0.8 association*0.6 role*0.4
local admin, admin rights, sudo, administrator rights, root, elevate, elevated, elevation, elevated rights, elevated permissions, elevated privileges, temporary admin, jit, just in time, make admin, make me admin, run as admin, standard user, local administrator, privilege elevation, make an administrator, admin on > accessrequest*0.9 administrator*0.7 sudo*0.9 temporary*0.7 privilege*0.7 elevated*0.8
temporary, temporarily, time limited, for a day, for an hour, until tomorrow, for one hour, ephemeral > temporary accessrequest*0.7 time*0.3
admin session, elevated session, active session, temporary session, sudo session > accessrequest*0.7 session sudo*0.8
approve, approval, approvals, approver, sign off > approvalflow approval*0.95 
access review, request access, access requests, requests of users, requested access, self service access > accessrequest approvalflow*0.9 request*0.7
block logins, block country, country, countries, geofence, geo block, geolocation, trusted device, device trust, risk based, location based, untrusted network, step up, require mfa, mfa rule, sign in rule, login rule, zero trust, block sign in, block logins from, adaptive > authpolicy iplist*0.5 geolocation*0.6
rule, rules > rule policy*0.5 authpolicy*0.4 translationrule*0.4
named location, trusted location, ip range, cidr, subnet, ip addresses, ip address, office ip, whitelist, allowlist, allow list, block list, blacklist, denylist, trusted ip, office network, vpn ip > iplist ip*0.7
precedence, priority, order of, ranking > precedence
lockout threshold, complexity, password length, password history, password age, minimum length > passwordpolicy password*0.5
event, events > event insight*0.7
activity, activities, what happened, history of, who did, who changed, who deleted, who created, who added, who removed, who changed what, audit, audited, audit logs, siem, splunk, sentinel, log, logs, forensic, trail, timeline, event viewer > event audit*0.9 activity*0.8 history*0.7 insight*0.7
login, logins, authentication, authentications, sign ins, attempts > login event*0.75
login failure, failed login, failed logins, login failures, failed sign in, sign in attempts, login attempts, login history, last login, sign in logs, signin logs, who logged in, bad passwords, brute force, password spray, recent logins > event login*0.6 insight*0.7
who used, who viewed, who opened, who accessed, who saw, last used, used by whom, usage history > activity*0.95 history event*0.7 audit*0.8
denied, rejected, refused, why was, blocked by > evaluation*0.8 fail*0.6 event*0.4
how often, frequency, occurrences, times did > occurrence count*0.7
reports to, report to, direct reports, subordinates, managed by > manager user
nested, subgroup, subgroups, groups inside > membership member
check, verify, validate, test, make sure > validate*0.9 test*0.8 verify*0.8 status*0.4
login of, login by, login from, login yesterday, login today, login in the last, login last, recent login, user login, all login, show login, list login, latest login, past login, login attempts of > event*0.95 insight*0.95 login*0.7 audit*0.8
how far, which stage, which step, what stage > progress
in stock, in storage, on the shelf, stock, bought, purchased, delivered > asset
memberof > memberof member*0.9 membership*0.9
missing, find my, disappeared, misplaced > lost*0.8 lostmode*0.8 missing
previous owner, past owner, owned before, had this, previously, earlier owner > history
deny access, block access, forbid access, restrict access, access from, allow access from, prevent login, tor, anonymizer > authpolicy iplist*0.7
bot, robot, ci, cicd, pipeline, terraform, ansible, integration user > serviceaccount
exempt, exemption, exclude, exception, excused, grace period, bypass mfa > exclusion*0.95 except*0.8 bypass*0.7
mdm server > applemdm
failed policy, policy failure, policy failed, why a policy > policyresult result*0.7
distinct, unique, different values > distinct
how many, number of, count, counts, total > count*0.9 total*0.5 stats*0.6 summary*0.4
per day, per hour, hourly, daily, over time, trend, histogram, chart, graph of, by day, timeline of events, buckets, time series > interval trend*0.8 timeline*0.7
statistics, stats, overview, dashboard, metrics, kpi > stats overview summary*0.9 dashboard*0.9
suspicious, risky, risk, riskiest, compromised, anomalous, anomaly, impossible travel, leaked credential, unusual, threat, risk score > identityrisk risk
alert, alerts, incident, incidents, alarm, warning, warnings > alert
alert me, alert when, notify me when, warn me, goes offline, is offline, send an alert, raise an alert > rule monitoring alert*0.7
comment, note, remark, annotate, comments, notes > note
acknowledge, ack, dismiss, close, resolve, handled, snooze, mark as resolved > status*0.8 resolve acknowledge alert*0.3
channel, pagerduty, microsoft teams, post to slack, slack message, slack notification, notify slack, notifications, notify, notification > notification channel
slack webhook, incoming webhook, webhook > webhook notification*0.5 trigger*0.5
webhook triggered, triggered by, trigger url, via webhook, by webhook, trigger name > trigger command*0.6
monitoring rule, health check, health rule, watchdog > rule monitoring
peripheral, peripherals, monitor, monitors, keyboard, keyboards, mouse, mice, headset, dock, docking station, cable, charger, webcam, projector, printer asset, accessories > accessory
asset, assets, cmdb, spare, stockroom, inventory of hardware, procurement, warranty, asset register, inventory assets > asset
hardware inventory, hardware asset, computer asset, device asset, asset record > asset + device*0.5
site, sites, building, office location, offices, floor, room, location, locations > location
inventory > inventory asset*0.8
local account, local accounts, local user, local users, accounts on the machine, accounts on the device, sam database > localaccount inventory*0.3
installed > installed*0.9 inventory*0.5 
extension, extensions, addon, addons, add on, add ons, plugin, plugins, browser extension > extension addon plugin
hotfix, kb, kbs, windows update, patch, patches, patched, missing updates, security update, patch level, installed updates > patch update*0.5 osupdate*0.4
os version, os versions, operating system version, os build, which os, windows version, macos version > os version device*0.3
antivirus, anti virus, defender, malware, edr, av, virus scanner, security products > antivirus securityproduct security*0.6
drive, disk, hard drive, ssd, storage space, free space, disk space, volume, partition, disk usage > disk drive mount*0.7 storage*0.4
cpu, processor, ram, memory, cores, hardware specs, specs, model > cpu memory hardware*0.6
nic, network card, network interface, network adapter, ethernet, interface, interfaces > interface
mac address, mac addresses > interface address mac*0.2
dns, name server, nameserver, resolver > dns
hosts file > hosts
ssid, known networks, wireless network, wireless > wifi
printer, printers, print queue > printer
kext, kernel > kernel
cron, cron job, cron jobs, scheduled task, task scheduler, autostart, autorun, startup program > task scheduled*0.8 startup launch*0.6
daemon, launch agent, background service, service running, windows service > service launch*0.8
uptime, last boot, boot time, since last boot, last reboot, running since > uptime
pip, pypi, python module > python package*0.6
apt, deb, rpm, dpkg, yum, deb package, deb packages > linux package*0.9
usb stick, usb drive, thumb drive, usb sticks, usb > usb
system integrity protection, sip, gatekeeper > sip
firewall, application firewall, pf > firewall
filevault, luks > filevault encryption fde encrypted*0.9
bitlocker > bitlocker encryption*0.9 fde
encrypted, encryption, unencrypted, encrypt > fde encryption encrypted bitlocker*0.7
recovery password, recovery code, unlock key > fdekey recovery*0.8
apns, push certificate, apple push certificate, apple certificate, mdm certificate, push cert, signing request, certificate signing request, csr > csr applemdm*0.7 certificate*0.7
apns certificate, mdm push certificate, apple mdm certificate > csr + applemdm
certificate, certificates, cert, certs, pki, tls, ssl > certificate
zero touch, abm token, dep token, dep key > dep enrollment*0.6
passcode, pin code, unlock code, device password, screen passcode > passcode pin*0.7 password*0.5
bypass > clear bypass
enrollment token, enrolment token, qr code, enrollment qr, enroll token, registration code > token enrollment
work profile, fully managed, managed google play, google play, play store > androidemm android*0.9
upgrade, update macos, os updates, upgrade macos, upgrade os, update os, upgrade ios, patch macs > osupdate*0.95 update*0.6
import, imports, pull users, bring in users, ingest > import
import from csv > bulk import*0.5
entra, entra id, azure ad, azure, aad, azure active directory, microsoft entra, exchange online > office365*0.95 activedirectory*0.4 directory*0.4 idp*0.5
okta, ping, auth0, onelogin, federated login, external idp, federated identity, route sign ins, routing, home realm discovery, federated sign in > idp routing*0.8
microsoft > office365 windowsmdm*0.6
google > googleworkspace androidemm*0.8
domain, domains > domain
domain controller, on prem ad, on premises ad, on premises directory, ad sync, ad bridge, adi > activedirectory
ad connector, sync agent, import agent > agent activedirectory*0.7
ldap bind, ldap directory, bind dn, bind to ldap, openldap, ldap > ldap
smb, file share, nas > samba*0.7
vpn, wifi login, wifi authentication, 802 1x, nps, wireless access, eap, office wifi, corporate wifi > radius wifi*0.4
shared secret > secret radius*0.4
hr, hris, bamboohr, human resources, hr system, hr import > workday import*0.5
workday, workers > workday worker
connected directories, identity sources, identity source, directory integrations, directory integration, cloud directory, all directories, connected to, integrations > directory*0.9 integration*0.7
directory, the directory > directory*0.8 user*0.7
role, roles, admin role, administrator role, rbac, custom role, admin permissions, delegated admin > role
admins, global admin, super admin, console admin, administrators, helpdesk > administrator
tenant, tenants, client organization, customer, customers, child org, sub org, client tenant > organization provider*0.6
company settings, org settings, organization settings, tenant settings, settings of the organization, our company, our org, contact details > organization setting*0.6
company, companies > company organization*0.6
turn on, turn off, switch on, switch off, enable, activate a feature, feature flag, toggle, beta > setting*0.5 feature*0.5 activate*0.85 enable*0.9 status*0.4 start*0.3 update*0.2
trial > trial
support, support case, support ticket, support tickets, feature request, tickets with jumpcloud > case
ticketing, psa, ticket, tickets > ticketing case*0.7
report, reports, reporting, export to pdf, monthly report, weekly report > report
recurring, weekly, monthly, every monday, each week, every week, scheduled, schedule, regularly, periodic, automatically every > scheduled schedule
run now, right away, immediately > trigger*0.7 run*0.6
artifact, report file, finished report, download the file > artifact report*0.6 content*0.7
api key, api keys, api token, api credential, client credential, client credentials, bot account, robot account > serviceaccount
secret, credential, credentials, secrets > credential secret
stored password, stored credential, saved password, saved credential, password of a site, passwords > credential vault*0.8 password*0.7 pwmanager*0.5
keepass, lastpass, bitwarden, 1 password, dashlane > pwmanager vault*0.8
folder, folders, directory of files > folder
share, shared, sharing > share shared*0.9 access*0.5
website, web site, url entry > website
take over, takeover, hijack > takeover
duplicate, clone, copy > clone
logo, picture, icon, image, branding, avatar > logo
file, files, attachment, upload, blob > file item*0.5
mail, emails, message sent, activation mail, email wording, mail text, email branding > email customemail*0.9
automation, automations, automate, playbook, orchestration, workflow > workflow
workflow run, run history, executions, runs > run
transfer, move device, move to another org, migrate device > transfer move*0.8
suggestion, suggested, recommended, proposal, suggestions, smart group, automatic membership, dynamic group, automated group > suggestion*0.95 recommendation*0.8
pending, waiting, in the queue, queued, backlog, in progress, stuck > queue*0.9 pending scheduled*0.4
extend, prolong, longer > update*0.3 expiry*0.7
end, stop, cut short > end*0.8 revoke*0.8 stop
withdraw, take back > cancel revoke*0.8
trigger, kick off, by hand, manually run > trigger run*0.7
sign up, signup > signup
usage, used, utilization, utilisation, adoption > usage
mapping, mappings > mapping translationrule*0.6
unused, reclaim, free up, get back, take back licenses, recover licenses > reclaim*0.9 unused*0.8 usage*0.6
country of login, where people log in, log in from, sign in from, login locations, sign in locations > geolocation location*0.3 event*0.5
battery, charge cycles > battery
vulnerability, cve, vulnerabilities > patch*0.6 software*0.4 risk*0.4
`

// lexiconPlain are everyday words that are no slips of the words that tools say,
// though some are only a letter away.
const lexiconPlain = `
able above act add adds age ago agree air also always among amount angry area arrive article aside ask asked asking asks attempt autumn aunt
back bad bag ball band bar base bath beach bear beat bed began begin behind believe below best better bill bird birth black blame blank bless blind blood blue board body book born both bottom bought bowl brain bread break bridge bright bring brings broad broke broken brother brown build building burn bus business busy buy buys
call calls calm came camp candle cap car card care careful carry case cash cat catch caught cause center central chair chance chapter charge chart cheap child choose circle city clean clear clever clock cloth cloud coach coast coat code coffee cold collect color comfort common complete consider contract cook cool copy corner correct cost costs count couple courage course court cover cows cross crowd cry cup cut cycle
daily damage dance danger dark date dates daughter dead deal dear death decide deep defend degree delay depend desert design desk develop die differ dinner dirty distance doctor dollar door doubt draw dream dress drink drive driver drop dry dust
ear early earn earth east easy eat edge effect egg eight electric elevator else emergency empty enemy energy engine enjoy enough enter equal even evening ever every exact example excellent except excite exercise expect expense expert explain extra eye
face fact fail fair fall false family famous far farm fast father favor fear feel feet fell felt few field fifth fight figure fill final finance fine finger finish firm fish fit five flat flight float floor flow fly foot force foreign forest fork form fort forward found four frame free fresh friend front fruit full fun future
gain game garden gas gate gather general gentle gift girl glad glass goal gold gone good gray great green ground grow guard guess guest guide
habit hair half hand hang happen happy hard harm hat hate head hear heart heat heavy height held hide high hill history hit hold hole holiday home honest hope horse hospital hot hotel huge hungry hurry hurt husband
ice idea image imagine important improve inch include income indeed industry inform inside instead interest iron island
join joke joy judge juice jump june july
keep kept kick kid kill kind king kitchen knee knew knife knock
lack lady lake land language large late later laugh law lawyer lay lazy lead leaf learn least leave left leg legal lend length less lesson letter level library lie life lift light line lip listen live lives living long longer look lose loss loud love low lower luck lunch
machine mad magic main male map mark market marry mass master match matter maybe meal mean meant measure meat media meet meeting mention message met metal middle might mild mile milk mind mine minor minus minute miss mistake mix model modern moment money moon morning mother motion mountain mouth music
narrow nation nature near neat necessary neck needle neither nephew nerve nest never news nice niece night nine noise none noon north nose nothing notice novel nurse
obey object ocean offer office officer often oil once only onto operate opinion orange order orders ought outer outside oven owner
pack page paid pain paint pair pale paper parent park part party pass past pattern pause pay peace pen pencil perfect period pick picture piece pink place plain plane plant plate play please plenty poem poet point poison polite poor popular position possible post pot pound power practice praise pray prefer prepare press pretty price prince print prison private prize problem process promise proper proud prove public pull pupil pure purpose push
quality quarter queen quick quiet quite
race rain raise range rare rate rather ray reach ready reason receipt recent red refund region regret relate religion remain remember rent repair repeat reply rest result return rich ride right ring rise risk river road rock roof root rope rough round row rubber ruin rush
sad safe sail sale sales salt same sand save saw say scale scene school science score sea search season second seem sell send sense sentence serious serve seven several sew shade shadow shake shall shape sharp sheep sheet shelf shine ship shirt shoe shoot shop shops short shout side sight signal silence silver similar simple since sing sister sit situation six size skill skin skirt sky sleep slide slip slow smart smell smile smoke smooth snake snow soap social sock soft soil sold soldier solid solve song soon sorry sound soup south space spare speak special speed spell spend spent spoke spoon sport spread spring square staff stage stair stamp stand star start state stay steady steal steam steel step stick still stock stole stone stood storm story straight strange stream street strength strike string strong structure study stupid subject success sudden suffer sugar suit summer sun supply suppose sure surface surprise sweet swim sword
tail talk tall taste tax taxi tea teach tear ten tent term terrible than thank theater then thick thin third thirty thought thousand thread threw throat thumb thunder tie tight till tiny tip tired title toe together tomorrow tone tongue tonight took tool tooth top total touch toward tower town toy trade traffic train travel treat tree triangle trip trouble true trust truth try tube turn twelve twenty twice
ugly uncle understand union unit unless unlike upon upper urgent useful usual
valley value various verb very victory village violent visit voice vote vowel
wait walk wall war warm wash waste water wave weak wealth wear weather week weigh weight welcome well went west wet wheel white whole wide wife wild win wind wine wing winter wire wise wish within woman women won wonder wood wool word wore work world worry worse worst worth wound write wrong wrote
yard year yellow yesterday young zero zone
`
