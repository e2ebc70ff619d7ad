// The Durable Task Scheduler: a managed task hub. One hub per slot, because every app that listens to a hub works on its instances.

@description('Name of the scheduler.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Names of the task hubs: the production one first, then that of the staging slot if there is one.')
param taskHubNames string[]

@description('Consumption is paid per action and limited to 500 actions a second; Dedicated is paid per unit.')
@allowed(['Consumption', 'Dedicated'])
param skuName string

@description('Units of the Dedicated kind: 1, or 3 for high availability.')
@allowed([1, 3])
param capacity int

@description('Addresses that may connect (IPv4, IPv6 or CIDR). An empty list allows none.')
param ipAllowlist string[]

@description('Refuse everything that does not come through a private endpoint.')
param privateOnly bool

@description('Days for which completed orchestrations are kept; failed and terminated ones stay for the longest time the kind allows.')
@minValue(1)
@maxValue(90)
param completedRetentionDays int

@description('Workspace for metrics.')
param workspaceId string

var longestRetentionDays = skuName == 'Consumption' ? 30 : 90

resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: skuName == 'Dedicated' ? { name: skuName, capacity: capacity } : { name: skuName }
    ipAllowlist: ipAllowlist
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
  }

  resource hub 'taskHubs' = [
    for hub in taskHubNames: {
      name: hub
    }
  ]

  resource retention 'retentionPolicies' = {
    name: 'default'
    properties: {
      retentionPolicies: [
        { orchestrationState: 'Completed', retentionPeriodInDays: min(completedRetentionDays, longestRetentionDays) }
        { retentionPeriodInDays: longestRetentionDays }
      ]
    }
  }
}

// The newest version that is no preview is older, and knows neither groups of categories nor names.
#disable-next-line use-recent-api-versions
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: scheduler
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'running-orders'
  scope: scheduler
  properties: {
    level: 'CanNotDelete'
    notes: 'Its task hubs are the running orders. Remove this lock only to tear the environment down.'
  }
}

@description('Name of the scheduler, for role assignments on its task hubs.')
output name string = scheduler.name

@description('Resource id of the scheduler.')
output id string = scheduler.id

@description('Where workers connect. The host carries a hash, so it cannot be built from the name.')
output endpoint string = scheduler.properties.endpoint
