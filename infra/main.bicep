// Everything the order back end needs in one resource group. This file only composes; each concern is a module.
//
// Order matters in one place: the app's identity gets its roles, and its private network if it has one, before the app exists.

targetScope = 'subscription'

import {
  hasRoomForRunners
  isAddressRange
  isCollectionRule
  isDomain
  isEmailAddress
  isEnvironmentName
  isFirstOfMonth
  isGuid
  isLargeEnough
  isNetwork
  isPhone
  isRegionName
  isReserved
  isTaskHubName
  listed
  monthOf
} from 'modules/checks.bicep'
import { hasFlexConsumption } from 'modules/regions.bicep'
import { backendSettings, callerSettings, commonSettings, shopSettings, slotSettings } from 'modules/settings.bicep'

@description('What host.overlays.json changes of host.json for each plan.')
type planOverlays = {
  *: {
    durableTask: {
      maxConcurrentActivityFunctions: int
      maxConcurrentOrchestratorFunctions: int
      maxConcurrentEntityFunctions: int
    }
    queues: object
    azureStorage: object
  }
}

@description('Name of this environment, such as dev or production: letters, digits, hyphens and underscores. It names the resource group, the alerts and the budget.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of every resource. azd offers these; Flex Consumption is in fewer of them (modules/regions.bicep).')
@allowed([
  'australiacentral'
  'australiaeast'
  'australiasoutheast'
  'brazilsouth'
  'canadacentral'
  'centralindia'
  'centralus'
  'eastasia'
  'eastus'
  'eastus2'
  'francecentral'
  'germanywestcentral'
  'italynorth'
  'japaneast'
  'japanwest'
  'jioindiawest'
  'koreacentral'
  'koreasouth'
  'northcentralus'
  'northeurope'
  'norwayeast'
  'southafricanorth'
  'southafricawest'
  'southcentralus'
  'southeastasia'
  'southindia'
  'spaincentral'
  'swedencentral'
  'switzerlandnorth'
  'switzerlandwest'
  'uaenorth'
  'uksouth'
  'ukwest'
  'westcentralus'
  'westeurope'
  'westindia'
  'westus'
  'westus2'
  'westus3'
])
@metadata({ azd: { type: 'location' } })
param location string

@description('Plan. FC1: Flex Consumption. EP1 to EP3: Premium, for a staging slot and no cold start. P0v3 and P1v3: App Service, with as many instances as maxInstances says, all the time. Y1: Linux Consumption, which Azure retires on 2028-09-30.')
@allowed(['FC1', 'EP1', 'EP2', 'EP3', 'P0v3', 'P1v3', 'Y1'])
param plan string = 'FC1'

@description('Where the task hub lives. Another one later is a new, empty hub: nothing is moved.')
@allowed(['AzureStorage', 'DurableTaskScheduler', 'MSSQL'])
param backend string = 'AzureStorage'

@description('Name of the task hub: letters and digits, 3 to 37, so that the staging slot can put its suffix behind it. Chosen before the first deployment: another name later is a new, empty hub.')
@minLength(3)
@maxLength(37)
param taskHubName string = 'DurableOrders'

@description('Reach storage, vault, scheduler and database through private endpoints only.')
param usePrivateNetworking bool = false

@description('Addresses of the private network; a /25 or larger, a /24 if machines deploy from inside of it. Chosen before the first deployment: a network in use cannot shrink.')
param addressPrefix string = '10.20.0.0/24'

@description('Leave the private network by one address that does not change, so that a provider can list it. A NAT gateway is paid by the hour.')
param useNatGateway bool = false

@description('Front Door with a web application firewall in front of the app, which then takes requests from nowhere else. Premium has the managed rules. Empty: none.')
@allowed(['', 'Standard', 'Premium'])
param frontDoor string = ''

@description('Private DNS zone of the Durable Task Scheduler. Not verified: check it against the portal before relying on it.')
param schedulerDnsZone string = 'privatelink.durabletask.io'

@description('Spread app and storage over the availability zones of the region.')
param zoneRedundant bool = false

@description('A staging slot with an identity, a vault, an account, a task hub and provider test keys of its own (Premium, App Service).')
param enableStagingSlot bool = false

@description('Replace instances a few at a time on deployment (FC1, preview).')
param rollingUpdates bool = false

@description('Version of Python. Y1 stops at 3.12.')
@allowed(['3.11', '3.12', '3.13'])
param pythonVersion string = '3.12'

@description('Most instances: up to 1000 on FC1, up to 100 elsewhere. On an App Service plan as many run all the time, up to 30. 0: 40 on FC1, one on an App Service plan (two with zones), and 20 elsewhere, which leaves room in the default quota.')
@minValue(0)
@maxValue(1000)
param maxInstances int = 0

@description('Memory of one instance in MB (FC1).')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Instances that always wait for orchestrations and activities (FC1). Without one, Python orchestrations can stay pending.')
@minValue(1)
@maxValue(20)
param durableAlwaysReady int = 1

@description('Kind of the Durable Task Scheduler.')
@allowed(['Consumption', 'Dedicated'])
param dtsSku string = 'Consumption'

@description('Units of a Dedicated scheduler: 1, or 3 for high availability.')
@allowed([1, 3])
param dtsCapacity int = 1

@description('Addresses that may connect to the scheduler, also several in one text with commas. None: without private networking the app has no fixed address, so all of them may try, and a token still has to open the door; with it, no public one.')
param dtsIpAllowlist string[] = []

@description('Days for which completed orchestrations are kept: by the scheduler\'s policy, or until the app purges them.')
@minValue(1)
@maxValue(90)
param orchestrationRetentionDays int = 7

@description('Days for which an order that has ended and is settled is kept before it is archived. Its id stays for good.')
@minValue(1)
@maxValue(3650)
param orderRetentionDays int = 730

@description('Days for which the audit log keeps a record of what a person did.')
@minValue(1)
@maxValue(3650)
param auditRetentionDays int = 730

@description('Days for which the archive is kept: as long as the law wants accounts to be. 3650 are ten years.')
@minValue(30)
@maxValue(36500)
param archiveRetentionDays int = 3650

@description('Region of a second storage account, into which the app copies the shop\'s tables and blobs every day. Empty: none.')
param backupLocation string = ''

@description('Application (client) id of an app registration: requests then need a token of Microsoft Entra ID. Empty: the app\'s own function keys.')
param entraClientId string = ''

@description('Client ids of the applications that may call, also several in one text with commas; none for any of the tenant that gets a token.')
param entraAllowedApplications string[] = []

@description('Further audiences for which the tokens of callers may be made, also several in one text with commas; the registration\'s own are allowed.')
param entraAllowedAudiences string[] = []

@description('E-mail addresses of the recipients of alerts, also several in one text with commas.')
@maxLength(50)
param alertEmails string[]

@description('Phone that alerts of severity 0 call and text, as country code and number, such as 49-1701234567; empty for none.')
param onCallPhone string = ''

@description('Address that alerts of severity 0 and 1 are posted to in the common alert schema, such as that of a pager service; empty for none.')
@secure()
param onCallWebhook string = ''

@description('Geography in which mails are kept, and with it a mail service with a domain of Azure\'s own. Empty for none: shop.mailEndpoint and shop.mailFrom then name another one.')
@allowed([
  ''
  'Africa'
  'Asia Pacific'
  'Australia'
  'Brazil'
  'Canada'
  'Europe'
  'France'
  'Germany'
  'India'
  'Japan'
  'Korea'
  'Norway'
  'Switzerland'
  'UAE'
  'UK'
  'United States'
])
param mailDataLocation string = ''

@description('How many days logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Gigabytes a day after which no more logs are taken, and alerts go blind; -1 for no limit.')
@minValue(-1)
param dailyCapGb int = 50

@description('Resource id of the rule that says which telemetry of which orders is stored; empty: all of every order.')
param ingestionRuleId string = ''

@description('Budget per month in the currency of the bill; 0 for none.')
@minValue(0)
param budgetAmount int = 0

@description('First day of the budget\'s first month, such as 2026-12-01; needed with a budget, and the same ever after: Azure refuses to change it.')
param budgetStart string = ''

@description('Day of the deployment; leave it to its default.')
param today string = utcNow('yyyy-MM-dd')

@description('Object id of the principal that provisions: may store secrets in the vault, upload packages and view the scheduler. Empty for none.')
param deployerPrincipalId string = ''

@description('What the deployer is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param deployerPrincipalType string = 'User'

@description('Object id of the pipeline\'s identity that deploys code and nothing else; empty for none.')
param codeDeployerPrincipalId string = ''

@description('Vaults of this environment that are soft-deleted, with commas between them. A hook looks them up, because recovering a vault that is not deleted fails.')
param deletedVaults string = ''

@description('Package that production runs, as the name of its blob; empty before the first deployment and on FC1.')
param packageName string = ''

@description('Addresses of those who decide on large orders and expenses of the staging slot, also several in one text with commas.')
param stagingApproverEmails string[] = []

@description('Package that the staging slot runs.')
param stagingPackageName string = ''

@description('What the shop decides for itself.')
param shop shopSettings

// azd fills in texts alone.
var callers = listed(entraAllowedApplications)
var audiences = empty(entraClientId)
  ? []
  : union(['api://${entraClientId}', entraClientId], listed(entraAllowedAudiences))
var recipients = flatten(map(alertEmails, one => split(one, ',')))
var stagingApprovers = listed(stagingApproverEmails)
var schedulerAddresses = listed(dtsIpAllowlist)

var dedicated = startsWith(plan, 'P')
// Instances that are the app's own all the time.
var ownsInstances = startsWith(plan, 'EP') || dedicated
var flex = plan == 'FC1'
var behindFrontDoor = !empty(frontDoor)
// With zones, two of each kind that always waits, lest one be on the side that fails.
var alwaysThere = zoneRedundant ? 2 : 1
var leastInstances = flex ? max(durableAlwaysReady, alwaysThere) + (zoneRedundant ? 2 : 0) : ownsInstances ? alwaysThere : 1
var mostInstances = flex ? 1000 : dedicated ? 30 : 100
var instances = maxInstances == 0 ? (flex ? 40 : dedicated ? alwaysThere : 20) : maxInstances

// A sentence for each input that Azure would refuse after half of the resources were made, or that would never work.
var refusals = filter(
  [
    isEnvironmentName(environmentName)
      ? ''
      : 'environmentName takes letters, digits, hyphens and underscores, and begins and ends with a letter or a digit'
    isTaskHubName(taskHubName) ? '' : 'taskHubName takes letters and digits, and begins with a letter'
    backend == 'MSSQL' && contains(['master', 'model', 'msdb', 'tempdb'], toLower(taskHubName))
      ? 'taskHubName must not be the name of a system database of SQL'
      : ''
    flex && !hasFlexConsumption(location)
      ? 'plan FC1 is not in ${location}: take another region, or a plan that is there'
      : ''
    enableStagingSlot && !ownsInstances
      ? 'enableStagingSlot needs a Premium plan, EP1 to EP3, or an App Service plan, P0v3 or P1v3'
      : ''
    backend == 'MSSQL' && !ownsInstances
      ? 'backend MSSQL needs a Premium plan or an App Service plan: identity-based access to SQL does not work on consumption plans'
      : ''
    usePrivateNetworking && plan == 'Y1'
      ? 'usePrivateNetworking needs FC1, a Premium or an App Service plan: Linux Consumption has no network integration'
      : ''
    useNatGateway && !usePrivateNetworking ? 'useNatGateway needs usePrivateNetworking' : ''
    usePrivateNetworking && !isNetwork(addressPrefix)
      ? 'addressPrefix takes an IPv4 network such as 10.20.0.0/24, with no bits set behind its prefix'
      : ''
    usePrivateNetworking && isNetwork(addressPrefix)
      ? isLargeEnough(addressPrefix)
          ? isReserved(addressPrefix) ? 'addressPrefix must not lie in a network that Azure keeps for itself' : ''
          : 'addressPrefix takes a network of /8 to /25: it is split into two subnets of /26'
      : ''
    zoneRedundant && plan == 'Y1' ? 'zoneRedundant needs FC1, a Premium or an App Service plan' : ''
    rollingUpdates && !flex ? 'rollingUpdates needs FC1; Premium and App Service plans have a staging slot' : ''
    pythonVersion == '3.13' && plan == 'Y1' ? 'pythonVersion 3.13 needs FC1, a Premium or an App Service plan' : ''
    instances < leastInstances || instances > mostInstances
      ? 'maxInstances takes ${leastInstances} to ${mostInstances} with this plan${zoneRedundant ? ' and zones' : ''}'
      : ''
    empty(backupLocation) || isRegionName(backupLocation)
      ? ''
      : 'backupLocation takes the name of a region, such as northeurope'
    toLower(backupLocation) == toLower(location)
      ? 'backupLocation takes another region than ${location}: a copy in the same one is lost with it'
      : ''
    backend == 'DurableTaskScheduler' && usePrivateNetworking && !isDomain(schedulerDnsZone)
      ? 'schedulerDnsZone takes a DNS zone, such as privatelink.durabletask.io'
      : ''
    empty(filter(schedulerAddresses, address => !isAddressRange(address)))
      ? ''
      : 'dtsIpAllowlist takes addresses and ranges, such as 203.0.113.7 or 203.0.113.0/24'
    empty(ingestionRuleId) || isCollectionRule(ingestionRuleId)
      ? ''
      : 'ingestionRuleId takes the resource id of a data collection rule'
    dailyCapGb == 0 ? 'dailyCapGb takes 1 or more, or -1 for no limit' : ''
    empty(recipients) || length(recipients) > 50 || !empty(filter(recipients, address => !isEmailAddress(address)))
      ? 'alertEmails takes e-mail addresses, 1 to 50'
      : ''
    length(distinct(map(recipients, address => toLower(address)))) < length(recipients)
      ? 'alertEmails must not hold an address twice'
      : ''
    empty(onCallPhone) || isPhone(onCallPhone)
      ? ''
      : 'onCallPhone takes a country code and a number with a hyphen between them, such as 49-1701234567'
    empty(onCallWebhook) || startsWith(onCallWebhook, 'https://') ? '' : 'onCallWebhook takes an address of https'
    budgetAmount > 0 && empty(budgetStart)
      ? 'budgetAmount needs budgetStart: the first day of a month, and the same in every deployment'
      : ''
    budgetAmount > 0 && !empty(budgetStart) && !isFirstOfMonth(budgetStart)
      ? 'budgetStart takes the first day of a month, such as 2026-12-01'
      : ''
    budgetAmount > 0 && isFirstOfMonth(budgetStart)
      ? monthOf(budgetStart) > monthOf(today) + 100 ? 'budgetStart must not be more than twelve months ahead' : ''
      : ''
    empty(filter([entraClientId, deployerPrincipalId, codeDeployerPrincipalId], id => !empty(id) && !isGuid(id)))
      ? ''
      : 'entraClientId, deployerPrincipalId and codeDeployerPrincipalId take an id such as 11111111-2222-3333-4444-555555555555'
    empty(filter(callers, id => !isGuid(id))) ? '' : 'entraAllowedApplications takes ids of applications'
    empty(filter(stagingApprovers, address => !isEmailAddress(address)))
      ? ''
      : 'stagingApproverEmails takes e-mail addresses'
    empty(entraClientId) && !empty(listed(entraAllowedAudiences)) ? 'entraAllowedAudiences needs entraClientId' : ''
    empty(entraClientId) && !empty(callers) ? 'entraAllowedApplications needs entraClientId' : ''
  ],
  sentence => !empty(sentence)
)
var options = empty(refusals) ? 'legal' : fail(join(refusals, '. '))

// Used in every resource, so that a combination that cannot work fails before anything is made.
var tags = { 'azd-env-name': environmentName, app: 'durable-orders', options: options }
var token = toLower(uniqueString(subscription().id, environmentName, location))
var suffixes = enableStagingSlot ? ['', 'Staging'] : ['']
var taskHubs = [for suffix in suffixes: '${taskHubName}${suffix}']
var plans planOverlays = loadJsonContent('host.overlays.json').plans
var limits = plans[plan].durableTask
// In Azure Storage, entities run as orchestrators and count as such; the other back ends count them apart.
var entities = backend == 'AzureStorage' ? 0 : limits.maxConcurrentEntityFunctions
var threads = limits.maxConcurrentActivityFunctions + limits.maxConcurrentOrchestratorFunctions + entities

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: 'log-${token}'
    insightsName: 'appi-${token}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyCapGb: dailyCapGb
    ingestionRuleId: ingestionRuleId
  }
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: { name: 'id-${token}', location: location, tags: tags }
}

module stagingIdentity 'modules/identity.bicep' = if (enableStagingSlot) {
  scope: group
  params: { name: 'id-${token}-staging', location: location, tags: tags }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: 'st${token}'
    location: location
    tags: tags
    taskHubName: backend == 'AzureStorage' ? taskHubName : ''
    orchestrationRetentionDays: orchestrationRetentionDays
    archiveRetentionDays: archiveRetentionDays
    zoneRedundant: zoneRedundant
    privateOnly: usePrivateNetworking
    workspaceId: monitoring.outputs.workspaceId
    locked: true
  }
}

module backup 'modules/backup.bicep' = if (!empty(backupLocation)) {
  scope: group
  params: {
    name: 'stb${token}'
    location: backupLocation
    tags: tags
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module stagingStorage 'modules/storage.bicep' = if (enableStagingSlot) {
  scope: group
  params: {
    name: 'stg${token}'
    location: location
    tags: tags
    taskHubName: backend == 'AzureStorage' ? '${taskHubName}Staging' : ''
    orchestrationRetentionDays: orchestrationRetentionDays
    archiveRetentionDays: archiveRetentionDays
    zoneRedundant: false
    privateOnly: usePrivateNetworking
    workspaceId: monitoring.outputs.workspaceId
    locked: false
  }
}

module events 'modules/events.bicep' = {
  scope: group
  params: {
    name: 'evgt-${token}'
    location: location
    tags: tags
    storageName: storage.outputs.name
    workspaceId: monitoring.outputs.workspaceId
  }
}

module stagingEvents 'modules/events.bicep' = if (enableStagingSlot) {
  scope: group
  params: {
    name: 'evgt-${token}-staging'
    location: location
    tags: tags
    storageName: stagingStorage!.outputs.name
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/keyvault.bicep' = {
  scope: group
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    privateOnly: usePrivateNetworking
    recover: contains(split(deletedVaults, ','), 'kv-${token}')
    workspaceId: monitoring.outputs.workspaceId
  }
}

module stagingVault 'modules/keyvault.bicep' = if (enableStagingSlot) {
  scope: group
  params: {
    name: 'kvs-${token}'
    location: location
    tags: tags
    privateOnly: usePrivateNetworking
    recover: contains(split(deletedVaults, ','), 'kvs-${token}')
    workspaceId: monitoring.outputs.workspaceId
  }
}

module mail 'modules/mail.bicep' = if (!empty(mailDataLocation)) {
  scope: group
  params: {
    name: 'acs-${token}'
    emailServiceName: 'email-${token}'
    tags: tags
    dataLocation: mailDataLocation
    workspaceId: monitoring.outputs.workspaceId
  }
}

module scheduler 'modules/scheduler.bicep' = if (backend == 'DurableTaskScheduler') {
  scope: group
  params: {
    name: 'dts-${token}'
    location: location
    tags: tags
    taskHubNames: taskHubs
    skuName: dtsSku
    capacity: dtsCapacity
    ipAllowlist: empty(schedulerAddresses) && !usePrivateNetworking ? ['0.0.0.0/0'] : schedulerAddresses
    privateOnly: usePrivateNetworking
    completedRetentionDays: orchestrationRetentionDays
    workspaceId: monitoring.outputs.workspaceId
  }
}

module sql 'modules/sql.bicep' = if (backend == 'MSSQL') {
  scope: group
  params: {
    name: 'sql-${token}'
    location: location
    tags: tags
    databaseName: taskHubName
    administratorName: identity.outputs.name
    administratorClientId: identity.outputs.clientId
    zoneRedundant: zoneRedundant
    privateOnly: usePrivateNetworking
    workspaceId: monitoring.outputs.workspaceId
    locked: true
  }
}

// A server has one administrator, and administrators reach every database of theirs.
module stagingSql 'modules/sql.bicep' = if (backend == 'MSSQL' && enableStagingSlot) {
  scope: group
  params: {
    name: 'sql-${token}-staging'
    location: location
    tags: tags
    databaseName: '${taskHubName}Staging'
    administratorName: stagingIdentity!.outputs.name
    administratorClientId: stagingIdentity!.outputs.clientId
    zoneRedundant: false
    privateOnly: usePrivateNetworking
    workspaceId: monitoring.outputs.workspaceId
    locked: false
  }
}

module rbac 'modules/rbac.bicep' = {
  scope: group
  params: {
    principalId: identity.outputs.principalId
    storageAccountName: storage.outputs.name
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
    schedulerName: backend == 'DurableTaskScheduler' ? scheduler!.outputs.name : ''
    taskHubName: backend == 'DurableTaskScheduler' ? taskHubName : ''
    mailServiceName: empty(mailDataLocation) ? '' : mail!.outputs.name
    deployerPrincipalId: deployerPrincipalId
    deployerPrincipalType: deployerPrincipalType
    // Flex Consumption takes a push; elsewhere the deployer puts the package into storage. One principal may be both
    // deployers, and Azure refuses a second assignment of the same role.
    packageUploaders: flex
      ? []
      : concat(
          empty(deployerPrincipalId) ? [] : [{ id: deployerPrincipalId, type: deployerPrincipalType }],
          empty(codeDeployerPrincipalId) || codeDeployerPrincipalId =~ deployerPrincipalId
            ? []
            : [{ id: codeDeployerPrincipalId, type: 'ServicePrincipal' }]
        )
    packageAccountName: storage.outputs.name
    packageContainer: storage.outputs.packageContainer
  }
}

module stagingRbac 'modules/rbac.bicep' = if (enableStagingSlot) {
  scope: group
  params: {
    principalId: stagingIdentity!.outputs.principalId
    storageAccountName: stagingStorage!.outputs.name
    vaultName: stagingVault!.outputs.name
    insightsName: monitoring.outputs.insightsName
    schedulerName: backend == 'DurableTaskScheduler' ? scheduler!.outputs.name : ''
    taskHubName: backend == 'DurableTaskScheduler' ? '${taskHubName}Staging' : ''
    mailServiceName: ''
    deployerPrincipalId: deployerPrincipalId
    deployerPrincipalType: deployerPrincipalType
    packageUploaders: []
    packageAccountName: storage.outputs.name
    packageContainer: storage.outputs.packageContainer
  }
}

module network 'modules/network.bicep' = if (usePrivateNetworking) {
  scope: group
  params: {
    name: 'vnet-${token}'
    location: location
    tags: tags
    addressPrefix: addressPrefix
    hasRunners: hasRoomForRunners(addressPrefix)
    hasNatGateway: useNatGateway
    delegation: flex ? 'Microsoft.App/environments' : 'Microsoft.Web/serverFarms'
    targets: concat(
      map(['blob', 'queue', 'table'], service => {
        name: 'pe-${token}-${service}'
        resourceId: storage.outputs.id
        group: service
        zone: 'privatelink.${service}.${environment().suffixes.storage}'
      }),
      enableStagingSlot
        ? map(['blob', 'queue', 'table'], service => {
            name: 'pe-${token}-staging-${service}'
            resourceId: stagingStorage!.outputs.id
            group: service
            zone: 'privatelink.${service}.${environment().suffixes.storage}'
          })
        : [],
      [
        {
          name: 'pe-${token}-vault'
          resourceId: vault.outputs.id
          group: 'vault'
          zone: replace(
            'privatelink${environment().suffixes.keyvaultDns}',
            'privatelink.vault.',
            'privatelink.vaultcore.'
          )
        }
      ],
      enableStagingSlot
        ? [
            {
              name: 'pe-${token}-staging-vault'
              resourceId: stagingVault!.outputs.id
              group: 'vault'
              zone: replace(
                'privatelink${environment().suffixes.keyvaultDns}',
                'privatelink.vault.',
                'privatelink.vaultcore.'
              )
            }
          ]
        : [],
      backend == 'DurableTaskScheduler'
        ? [
            {
              name: 'pe-${token}-scheduler'
              resourceId: scheduler!.outputs.id
              group: 'scheduler'
              zone: schedulerDnsZone
            }
          ]
        : [],
      backend == 'MSSQL'
        ? [
            {
              name: 'pe-${token}-sql'
              resourceId: sql!.outputs.id
              group: 'sqlServer'
              zone: 'privatelink${environment().suffixes.sqlServerHostname}'
            }
          ]
        : [],
      backend == 'MSSQL' && enableStagingSlot
        ? [
            {
              name: 'pe-${token}-staging-sql'
              resourceId: stagingSql!.outputs.id
              group: 'sqlServer'
              zone: 'privatelink${environment().suffixes.sqlServerHostname}'
            }
          ]
        : []
    )
  }
}

module door 'modules/front_door.bicep' = if (behindFrontDoor) {
  scope: group
  params: {
    name: 'afd-${token}'
    endpointName: 'orders-${token}'
    firewallName: 'waf${token}'
    tags: tags
    tier: frontDoor == 'Premium' ? 'Premium' : 'Standard'
    workspaceId: monitoring.outputs.workspaceId
  }
}

var common commonSettings = {
  plan: plan
  telemetry: monitoring.outputs.connectionString
  packages: '${storage.outputs.blobEndpoint}${storage.outputs.packageContainer}'
  historyRetentionDays: orchestrationRetentionDays
  orderRetentionDays: orderRetentionDays
  auditRetentionDays: auditRetentionDays
  callers: callerSettings(entraClientId, tenant().tenantId, environment().authentication.loginEndpoint, audiences, callers)
  shop: empty(mailDataLocation) ? shop : { ...shop, mailFrom: mail!.outputs.sender }
}

// Where the task hub is, for the back ends that take a connection of their own.
var hubHost = backend == 'DurableTaskScheduler'
  ? scheduler!.outputs.endpoint
  : backend == 'MSSQL' ? sql!.outputs.host : ''
var stagingHubHost = backend == 'MSSQL' && enableStagingSlot ? stagingSql!.outputs.host : hubHost

var noStorage = { blob: '', queue: '', table: '' }

var production slotSettings = {
  roleName: 'func-${token}'
  hostId: 'func-${token}'
  taskHub: taskHubName
  clientId: identity.outputs.clientId
  identityId: identity.outputs.id
  vaultUri: vault.outputs.uri
  storage: {
    blob: storage.outputs.blobEndpoint
    queue: storage.outputs.queueEndpoint
    table: storage.outputs.tableEndpoint
  }
  backsUp: !empty(backupLocation)
  backup: empty(backupLocation)
    ? noStorage
    : {
        blob: backup!.outputs.blobEndpoint
        queue: backup!.outputs.queueEndpoint
        table: backup!.outputs.tableEndpoint
      }
  backend: backendSettings(backend, hubHost, taskHubName, identity.outputs.clientId)
  publicUrl: empty(shop.publicUrl) && behindFrontDoor ? 'https://${door!.outputs.hostName}' : shop.publicUrl
  frontDoorId: behindFrontDoor ? door!.outputs.frontDoorId : ''
  mailEndpoint: empty(mailDataLocation) ? shop.mailEndpoint : mail!.outputs.endpoint
  approverEmails: shop.approverEmails
  stripeSecret: 'stripe-api-key'
  easypostSecret: 'easypost-api-key'
  linkSecret: 'link-secret'
  webhookSecret: 'webhook-secret'
  easypostWebhookSecret: 'easypost-webhook-secret'
}

module app 'modules/app.bicep' = {
  scope: group
  params: {
    name: 'func-${token}'
    planName: 'plan-${token}'
    location: location
    tags: tags
    plan: plan
    pythonVersion: pythonVersion
    maxInstances: instances
    instanceMemoryMB: instanceMemoryMB
    durableAlwaysReady: durableAlwaysReady
    zoneRedundant: zoneRedundant
    rollingUpdates: rollingUpdates
    threads: threads
    common: common
    production: production
    packageName: packageName
    behindFrontDoor: behindFrontDoor
    private: usePrivateNetworking
    subnetId: usePrivateNetworking ? network!.outputs.appSubnetId : ''
    scalesBySql: backend == 'MSSQL'
    hasSlot: enableStagingSlot
    workspaceId: monitoring.outputs.workspaceId
  }
  // No property of the app, or of its slot, mentions its roles.
  dependsOn: [rbac, stagingRbac]
}

module doorRoute 'modules/front_door_route.bicep' = if (behindFrontDoor) {
  scope: group
  params: {
    profileName: door!.outputs.name
    endpointName: door!.outputs.endpointName
    appHostName: app.outputs.hostName
  }
}

var appUrl = 'https://${behindFrontDoor ? door!.outputs.hostName : app.outputs.hostName}'

module slot 'modules/slot.bicep' = if (enableStagingSlot) {
  scope: group
  params: {
    siteName: app.outputs.name
    planId: app.outputs.planId
    location: location
    tags: tags
    pythonVersion: pythonVersion
    threads: threads
    common: common
    staging: {
      roleName: 'func-${token}-staging'
      hostId: 'func-${token}-staging'
      taskHub: '${taskHubName}Staging'
      clientId: stagingIdentity!.outputs.clientId
      identityId: stagingIdentity!.outputs.id
      vaultUri: stagingVault!.outputs.uri
      storage: {
        blob: stagingStorage!.outputs.blobEndpoint
        queue: stagingStorage!.outputs.queueEndpoint
        table: stagingStorage!.outputs.tableEndpoint
      }
      backsUp: false
      backup: noStorage
      backend: backendSettings(backend, stagingHubHost, '${taskHubName}Staging', stagingIdentity!.outputs.clientId)
      publicUrl: ''
      frontDoorId: ''
      mailEndpoint: ''
      approverEmails: stagingApprovers
      stripeSecret: 'stripe-test-api-key'
      easypostSecret: 'easypost-test-api-key'
      linkSecret: 'link-test-secret'
      webhookSecret: 'webhook-test-secret'
      easypostWebhookSecret: 'easypost-webhook-test-secret'
    }
    packageName: stagingPackageName
    alwaysOn: dedicated
    private: usePrivateNetworking
    subnetId: usePrivateNetworking ? network!.outputs.appSubnetId : ''
    scalesBySql: backend == 'MSSQL'
    workspaceId: monitoring.outputs.workspaceId
  }
}

module auth 'modules/auth.bicep' = if (!empty(entraClientId)) {
  scope: group
  params: {
    siteName: app.outputs.name
    hasSlot: enableStagingSlot
    behindFrontDoor: behindFrontDoor
    clientId: entraClientId
    allowedApplications: callers
    allowedAudiences: audiences
  }
  dependsOn: [slot]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    namePrefix: 'orders-${environmentName}'
    location: location
    tags: tags
    emails: recipients
    onCallPhone: onCallPhone
    onCallWebhook: onCallWebhook
    workspaceId: monitoring.outputs.workspaceId
    dailyCapGb: dailyCapGb
    insightsId: monitoring.outputs.insightsId
    appUrl: appUrl
    storageId: storage.outputs.id
    siteId: ownsInstances ? app.outputs.id : ''
    behindFrontDoor: behindFrontDoor
    backsUp: !empty(backupLocation)
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    displayName: 'Durable Orders (${environmentName})'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    insightsId: monitoring.outputs.insightsId
  }
}

module budget 'modules/budget.bicep' = if (budgetAmount > 0) {
  scope: group
  params: {
    name: 'orders-${environmentName}'
    // The module is not deployed for none, and takes none either.
    amount: max(budgetAmount, 1)
    startDate: budgetStart
    emails: recipients
    actionGroupId: alerts.outputs.peopleId
  }
}

@description('Resource group of everything.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Account that the app copies into every day; empty without one.')
output APP_BACKUP_STORAGE string = empty(backupLocation) ? '' : backup!.outputs.name

@description('Name of the app.')
output APP_NAME string = app.outputs.name

@description('Resource id of the app.')
output APP_ID string = app.outputs.id

@description('Resource id of the identity by which the app reads its package.')
output APP_IDENTITY_ID string = identity.outputs.id

@description('Address of the app, as callers reach it.')
output APP_URL string = appUrl

@description('Address of the staging slot; empty without one.')
output APP_STAGING_URL string = enableStagingSlot ? 'https://${slot!.outputs.hostName}' : ''

@description('Whether `azd deploy` pushes the package itself. On the other plans that would take a key, and a hook uploads it by identity.')
output DEPLOY_BY_ZIP bool = flex

@description('Address from which the app calls out; empty where it has no fixed one.')
output APP_OUTBOUND_ADDRESS string = usePrivateNetworking ? network!.outputs.outboundAddress : ''

@description('Subnet for a machine that deploys from inside of the private network; empty without one.')
output APP_RUNNER_SUBNET_ID string = usePrivateNetworking ? network!.outputs.runnerSubnetId : ''

@description('Resource id of the identity by which the staging slot reads its package; empty without one.')
output APP_STAGING_IDENTITY_ID string = enableStagingSlot ? stagingIdentity!.outputs.id : ''

@description('Vault that waits for the app\'s secrets.')
output APP_VAULT string = vault.outputs.name

@description('Secrets that the app refers to.')
output APP_SECRETS string = join(
  [
    production.stripeSecret
    production.easypostSecret
    production.linkSecret
    production.webhookSecret
    production.easypostWebhookSecret
  ],
  ','
)

@description('Vault that waits for the staging slot\'s secrets; empty without one.')
output APP_STAGING_VAULT string = enableStagingSlot ? stagingVault!.outputs.name : ''

@description('Secrets that the staging slot refers to; empty without one.')
output APP_STAGING_SECRETS string = enableStagingSlot
  ? join(
      [
        'stripe-test-api-key'
        'easypost-test-api-key'
        'link-test-secret'
        'webhook-test-secret'
        'easypost-webhook-test-secret'
      ],
      ','
    )
  : ''

@description('Storage account of production.')
output APP_STORAGE string = storage.outputs.name

@description('Container of the packages, as an address.')
output APP_PACKAGES_URL string = common.packages
