// The Functions app and its plan. Flex Consumption, Premium, App Service and (legacy) Consumption differ in where runtime, scale and code are
// declared; what they have in common stands outside of the two branches.

import { appSettings, commonSettings, slotSettings, stickyNames } from 'settings.bicep'

@description('Name of the app.')
param name string

@description('Name of the plan.')
param planName string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Plan.')
@allowed(['FC1', 'EP1', 'EP2', 'EP3', 'P0v3', 'P1v3', 'Y1'])
param plan string

@description('Version of Python, as major.minor.')
param pythonVersion string

@description('Most instances the app may grow to; on an App Service plan, how many there are.')
param maxInstances int

@description('Memory of one instance (FC1).')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('Instances that always wait for orchestrations and activities (FC1). Without one, Python orchestrations can stay pending.')
@minValue(1)
param durableAlwaysReady int

@description('Spread over the availability zones of the region.')
param zoneRedundant bool

@description('Replace instances a few at a time when code is deployed (FC1, preview) instead of all at once.')
param rollingUpdates bool

@description('Threads for functions that block; at least as many as may run at once by host.json.')
param threads int

@description('Settings that the staging slot has too.')
param common commonSettings

@description('Settings of production alone.')
param production slotSettings

@description('Package to run, as the name of its blob; empty on FC1 and before the first deployment.')
param packageName string

@description('Take requests from the Front Door of production.frontDoorId alone.')
param behindFrontDoor bool

@description('Reach out through a private network.')
param private bool

@description('Subnet of that network; empty without one.')
param subnetId string

@description('Whether the task hub is in SQL, which scaling has to know.')
param scalesBySql bool

@description('A staging slot exists: mark what does not swap.')
param hasSlot bool

@description('Workspace for diagnostic logs.')
param workspaceId string

var flex = plan == 'FC1'
var premium = startsWith(plan, 'EP')
var dedicated = startsWith(plan, 'P')
var tiers = {
  FC1: 'FlexConsumption'
  EP1: 'ElasticPremium'
  EP2: 'ElasticPremium'
  EP3: 'ElasticPremium'
  P0v3: 'Premium0V3'
  P1v3: 'PremiumV3'
  Y1: 'Dynamic'
}
// With zones, one instance could be on the side that fails.
var atLeast = zoneRedundant ? 2 : 1

var flexScale = {
  alwaysReady: [
    { name: 'durable', instanceCount: max(durableAlwaysReady, atLeast) }
    ...(zoneRedundant ? [{ name: 'http', instanceCount: atLeast }] : [])
  ]
  maximumInstanceCount: maxInstances
  instanceMemoryMB: instanceMemoryMB
  triggers: { http: { perInstanceConcurrency: 16 } }
}

// Documented for this API version and missing from its type: with a type of its own it is not held against that.
var updates object = rollingUpdates ? { siteUpdateStrategy: { type: 'RollingUpdate' } } : {}

// Front Door's addresses belong to the Front Doors of all its customers: the header says that it is this one.
var onlyFromFrontDoor = {
  name: 'FrontDoor'
  priority: 100
  action: 'Allow'
  tag: 'ServiceTag'
  ipAddress: 'AzureFrontDoor.Backend'
  headers: { 'x-azure-fdid': [production.frontDoorId] }
}

var classicConfig = {
  linuxFxVersion: 'Python|${pythonVersion}'
  ...(dedicated
    ? {
        // No scale controller wakes an app on this plan: without it, timers and queues stand still after some idle minutes.
        alwaysOn: true
        healthCheckPath: '/api/health'
      }
    : { functionAppScaleLimit: maxInstances })
  ...(premium
    ? {
        minimumElasticInstanceCount: atLeast
        preWarmedInstanceCount: 1
        healthCheckPath: '/api/health'
        // Scaling by what waits in a queue behind a private endpoint, or in a database, needs the runtime's word.
        functionsRuntimeScaleMonitoringEnabled: private || scalesBySql
      }
    : {})
}

resource hostingPlan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: premium ? 'elastic' : dedicated ? 'linux' : 'functionapp'
  sku: {
    name: plan
    tier: tiers[plan]
    ...(premium && zoneRedundant ? { capacity: atLeast } : {})
    ...(dedicated ? { capacity: maxInstances } : {})
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
    ...(premium ? { maximumElasticWorkerCount: maxInstances } : {})
  }
}

resource site 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: { ...tags, 'azd-service-name': 'api' }
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${production.identityId}': {} }
  }
  properties: {
    serverFarmId: hostingPlan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: production.identityId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      ipSecurityRestrictionsDefaultAction: behindFrontDoor ? 'Deny' : 'Allow'
      ipSecurityRestrictions: behindFrontDoor ? [onlyFromFrontDoor] : []
      ...(flex ? {} : classicConfig)
    }
    ...(flex
      ? {
          functionAppConfig: {
            runtime: { name: 'python', version: pythonVersion }
            deployment: {
              storage: {
                type: 'blobContainer'
                value: common.packages
                authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: production.identityId }
              }
            }
            scaleAndConcurrency: flexScale
            ...updates
          }
        }
      : {})
    ...(private
      ? {
          virtualNetworkSubnetId: subnetId
          outboundVnetRouting: { allTraffic: true }
        }
      : {})
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: appSettings(common, production, packageName, threads)
  }

  resource sticky 'config' = if (hasSlot) {
    name: 'slotConfigNames'
    properties: { appSettingNames: stickyNames(production.backend) }
  }

  resource noFtpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource noDeployPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

// The newest version that is no preview is older, and knows neither groups of categories nor names.
#disable-next-line use-recent-api-versions
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: site
  properties: {
    workspaceId: workspaceId
    // No FunctionAppLogs: they repeat what Application Insights has, and would be paid twice.
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Name of the app.')
output name string = site.name

@description('Resource id of the app.')
output id string = site.id

@description('Host name of the app.')
output hostName string = site.properties.defaultHostName

@description('Resource id of the plan.')
output planId string = hostingPlan.id
