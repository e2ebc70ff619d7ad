// The task hub in Azure SQL. The server holds nothing else, so the app's identity may be its administrator: the provider creates
// its own schema, there is no password, and no second step that a person has to run.

@description('Name of the server.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the database, which is the task hub.')
param databaseName string

@description('Name of the identity that administers the server.')
param administratorName string

@description('Client id of that identity. SQL compares it, not the object id, with the token of a managed identity.')
param administratorClientId string

@description('Replicate over the availability zones of the region.')
param zoneRedundant bool

@description('Refuse everything that does not come through a private endpoint.')
param privateOnly bool

@description('Workspace for diagnostic logs.')
param workspaceId string

@description('Keep the server from being deleted: it holds running orders.')
param locked bool

resource server 'Microsoft.Sql/servers@2025-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    version: '12.0'
    minimalTlsVersion: '1.2'
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    administrators: {
      administratorType: 'ActiveDirectory'
      azureADOnlyAuthentication: true
      principalType: 'Application'
      login: administratorName
      sid: administratorClientId
      tenantId: tenant().tenantId
    }
  }

  // Premium plans have no fixed addresses of their own; this rule lets Azure's in, and a token still has to open the door.
  resource fromAzure 'firewallRules' = if (!privateOnly) {
    name: 'AllowAllWindowsAzureIps'
    properties: { startIpAddress: '0.0.0.0', endIpAddress: '0.0.0.0' }
  }
}

resource database 'Microsoft.Sql/servers/databases@2025-01-01' = {
  parent: server
  name: databaseName
  location: location
  tags: tags
  sku: { name: 'GP_S_Gen5', tier: 'GeneralPurpose', family: 'Gen5', capacity: 2 }
  properties: {
    // The provider compares instance ids byte by byte.
    collation: 'Latin1_General_100_BIN2_UTF8'
    minCapacity: json('0.5')
    // The workers poll, so it would never pause; and a paused hub would look dead.
    autoPauseDelay: -1
    zoneRedundant: zoneRedundant
    requestedBackupStorageRedundancy: zoneRedundant ? 'Zone' : 'Local'
  }
}

// The newest version that is no preview is older, and knows neither groups of categories nor names.
#disable-next-line use-recent-api-versions
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: database
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'Errors', enabled: true }
      { category: 'Deadlocks', enabled: true }
      { category: 'Timeouts', enabled: true }
    ]
    metrics: [{ category: 'Basic', enabled: true }]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (locked) {
  name: 'running-orders'
  scope: server
  properties: {
    level: 'CanNotDelete'
    notes: 'Its database is the task hub with the running orders. Remove this lock only to tear the environment down.'
  }
}

@description('Resource id of the server.')
output id string = server.id

@description('Host name of the server.')
output host string = server.properties.fullyQualifiedDomainName
