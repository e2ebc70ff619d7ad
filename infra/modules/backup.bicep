// The account in another region that the app copies the shop's tables and blobs into every day (docs/backup.md).

import { roles } from 'roles.bicep'

@description('Globally unique name of the storage account.')
param name string

@description('Another region than that of the shop.')
param location string

@description('Tags of every resource.')
param tags object

@description('Object id of the app\'s identity, which writes the copies.')
param principalId string

@description('Workspace for diagnostic logs.')
param workspaceId string

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Cool'
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    }
  }
}

// Copies are written by one program; a deletion by another is what is worth a line.
// The newest version that is no preview is older, and knows neither groups of categories nor names.
#disable-next-line use-recent-api-versions
resource blobDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account::blobs
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageDelete', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

var writing = [
  { role: roles.storageBlobDataContributor, why: 'Writes the copies of blobs, and deletes them after their time' }
  { role: roles.storageTableDataContributor, why: 'Writes the copies of tables, and deletes them after their time' }
]

resource appWritesCopies 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for each in writing: {
    name: guid(account.id, principalId, each.role)
    scope: account
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', each.role)
      principalId: principalId
      principalType: 'ServicePrincipal'
      description: each.why
    }
  }
]

resource lock 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'copies-of-orders'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the copies that a lost region is restored from. Remove this lock only to tear the environment down.'
  }
}

@description('Name of the account.')
output name string = account.name

@description('Address of the blob service.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('Address of the queue service.')
output queueEndpoint string = account.properties.primaryEndpoints.queue

@description('Address of the table service.')
output tableEndpoint string = account.properties.primaryEndpoints.table
