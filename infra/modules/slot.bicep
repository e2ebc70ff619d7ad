// The staging slot (Premium, App Service): the next version, with an identity, a vault, an account, a task hub and provider test keys of its own,
// so that what is tried here touches neither orders nor money, and could not.

import { appSettings, commonSettings, slotSettings } from 'settings.bicep'

@description('Name of the app that the slot belongs to.')
param siteName string

@description('Resource id of the plan.')
param planId string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Version of Python, as major.minor.')
param pythonVersion string

@description('Threads for functions that block.')
param threads int

@description('Settings that production has too.')
param common commonSettings

@description('Settings of the slot alone.')
param staging slotSettings

@description('Package to run, as the name of its blob; empty before the first deployment.')
param packageName string

@description('Keep the slot loaded, for no scale controller wakes it (App Service).')
param alwaysOn bool

@description('Reach out through a private network.')
param private bool

@description('Subnet of that network; empty without one.')
param subnetId string

@description('Whether the task hub is in SQL, which scaling has to know.')
param scalesBySql bool

@description('Workspace for diagnostic logs.')
param workspaceId string

resource site 'Microsoft.Web/sites@2024-11-01' existing = {
  name: siteName
}

resource slot 'Microsoft.Web/sites/slots@2024-11-01' = {
  parent: site
  name: 'staging'
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${staging.identityId}': {} }
  }
  properties: {
    serverFarmId: planId
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: staging.identityId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      linuxFxVersion: 'Python|${pythonVersion}'
      healthCheckPath: '/api/health'
      ...(alwaysOn
        ? { alwaysOn: true }
        : { functionsRuntimeScaleMonitoringEnabled: private || scalesBySql })
    }
    ...(private
      ? {
          virtualNetworkSubnetId: subnetId
          outboundVnetRouting: { allTraffic: true }
        }
      : {})
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: appSettings(common, staging, packageName, threads)
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
  scope: slot
  properties: {
    workspaceId: workspaceId
    // No FunctionAppLogs: they repeat what Application Insights has, and would be paid twice.
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Host name of the slot.')
output hostName string = slot.properties.defaultHostName
