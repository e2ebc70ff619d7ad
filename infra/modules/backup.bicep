// The account in another region that the job of docs/backup.md copies the shop's tables and blobs into.

@description('Globally unique name of the storage account.')
param name string

@description('Another region than that of the shop.')
param location string

@description('Tags of every resource.')
param tags object

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
