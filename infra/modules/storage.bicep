// One storage account: the Functions host's state, the task hub (with the Azure Storage back end), the shop's own tables, queues
// and blobs, and the deployed packages. No keys: every access is by identity.

@description('Name of the account.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Task hub whose large messages are cleaned up; empty where the hub is not in this account.')
param taskHubName string

@description('Days for which ended orchestrations are kept; their large messages must outlive them.')
param orchestrationRetentionDays int

@description('Replicate over the availability zones of the region.')
param zoneRedundant bool

@description('Refuse everything that does not come through a private endpoint.')
param privateOnly bool

@description('How long the archive is kept, in days.')
@minValue(30)
param archiveRetentionDays int

@description('Workspace for diagnostic logs.')
param workspaceId string

@description('Keep the account from being deleted: it holds running orders.')
param locked bool

// The names the application uses; a test holds them against its code.
var tables = ['orders', 'products', 'approvals', 'workflows', 'expensepayments', 'parcels', 'users', 'sentmessages', 'invoices', 'paymentreconciliation', 'audit', 'erasures', 'linkattempts']
var queues = ['notifications', 'notifications-poison', 'dead-letters', 'orders-in', 'file-manifests']
var containers = [
  'deploymentpackage'
  'dead-letters'
  'open-dead-letters'
  'incoming'
  'file-batches'
  'reports'
  'order-batches'
  'customer-exports'
  'undelivered-events'
  'archive'
]

// The longest that an order may wait for its approval (settings.bicep), with what it began with in such a blob.
var longestWaitDays = 60

var largeMessagesOfPurged = {
  name: 'large-messages-of-purged-orchestrations'
  type: 'Lifecycle'
  enabled: true
  definition: {
    filters: { blobTypes: ['blockBlob'], prefixMatch: ['${toLower(taskHubName)}-largemessages/'] }
    // Twice the retention: what comes before and after the wait takes its time too.
    actions: {
      baseBlob: { delete: { daysAfterModificationGreaterThan: longestWaitDays + 2 * orchestrationRetentionDays } }
    }
  }
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      // Event Grid cannot come through a private endpoint; its role on one queue is the lock on this door.
      bypass: 'AzureServices'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    }

    resource container 'containers' = [
      for container in containers: {
        name: container
        properties: { publicAccess: 'None' }
      }
    ]
  }

  resource queueService 'queueServices' = {
    name: 'default'

    resource queue 'queues' = [
      for queue in queues: {
        name: queue
      }
    ]
  }

  resource tableService 'tableServices' = {
    name: 'default'

    resource table 'tables' = [
      for table in tables: {
        name: table
      }
    ]
  }

  resource lifecycle 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: [
          ...(empty(taskHubName) ? [] : [largeMessagesOfPurged])
          {
            name: 'files-of-ended-workflows'
            type: 'Lifecycle'
            enabled: true
            definition: {
              filters: {
                blobTypes: ['blockBlob']
                prefixMatch: ['file-batches/', 'reports/', 'order-batches/', 'undelivered-events/']
              }
              // No history is kept for longer, and customers' data should not be.
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 90 } } }
            }
          }
          {
            // An export is fetched within days, and lies there with all of a customer's data.
            name: 'exports-of-customers'
            type: 'Lifecycle'
            enabled: true
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['customer-exports/'] }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 7 } } }
            }
          }
          {
            // The app writes it into the cool tier at once.
            name: 'archive-past-its-retention'
            type: 'Lifecycle'
            enabled: true
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['archive/'] }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: archiveRetentionDays } } }
            }
          }
        ]
      }
    }
    // The service must exist before its policy.
    dependsOn: [blobs]
  }
}

// Reads are left out: the task hub polls, and each poll would be a paid line.
var writes = [
  { category: 'StorageWrite', enabled: true }
  { category: 'StorageDelete', enabled: true }
]

// The newest version that is no preview is older, and knows neither groups of categories nor names.
#disable-next-line use-recent-api-versions
resource queueDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account::queueService
  properties: {
    workspaceId: workspaceId
    logs: writes
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

// Metrics only: table and blob lines would name every row of the task hub's history, several per episode.
// The newest version that is no preview is older, and knows neither groups of categories nor names.
#disable-next-line use-recent-api-versions
resource tableDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account::tableService
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

// The newest version that is no preview is older, and knows neither groups of categories nor names.
#disable-next-line use-recent-api-versions
resource blobDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account::blobs
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (locked) {
  name: 'running-orders'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds running orders, the order repository and dead letters. Remove this lock only to tear the environment down.'
  }
}

@description('Name of the account.')
output name string = account.name

@description('Resource id of the account.')
output id string = account.id

@description('Address of the blob service.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('Address of the queue service.')
output queueEndpoint string = account.properties.primaryEndpoints.queue

@description('Address of the table service.')
output tableEndpoint string = account.properties.primaryEndpoints.table

@description('Container of the deployed packages.')
output packageContainer string = containers[0]
