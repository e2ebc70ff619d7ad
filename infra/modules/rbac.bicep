// What one identity, production's or the staging slot's, may do, and where. Everything here is complete before the app starts: the
// Functions host gives up on storage it may not read, and a reference to a secret that could not be resolved stays unresolved for hours.

import { roles } from 'roles.bicep'

@description('A principal that deploys.')
type uploader = {
  @description('Object id.')
  id: string
  @description('What it is.')
  type: 'User' | 'Group' | 'ServicePrincipal'
}

@description('Object id of the app\'s identity.')
param principalId string

@description('Storage account of the app.')
param storageAccountName string

@description('Name of the vault with the providers\' secrets.')
param vaultName string

@description('Name of the Application Insights component.')
param insightsName string

@description('Name of the Durable Task Scheduler; empty with another back end.')
param schedulerName string

@description('Name of its task hub in the scheduler; empty with another back end.')
param taskHubName string

@description('Name of the Communication Services resource that sends mails; empty without one.')
param mailServiceName string

@description('Object id of the principal that deploys; empty for none.')
param deployerPrincipalId string

@description('What the deployer is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param deployerPrincipalType string

@description('Who puts packages into the storage account.')
param packageUploaders uploader[]

@description('Storage account that has the packages.')
param packageAccountName string

@description('Container of the packages.')
param packageContainer string

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = {
  name: '${packageAccountName}/default/${packageContainer}'
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource taskHub 'Microsoft.DurableTask/schedulers/taskHubs@2026-02-01' existing = if (!empty(taskHubName)) {
  name: '${schedulerName}/${taskHubName}'
}

// The offline checker's copy of the types does not hold this provider.
#disable-next-line BCP081
resource mailService 'Microsoft.Communication/communicationServices@2025-05-01' existing = if (!empty(mailServiceName)) {
  name: mailServiceName
}

// Owner, not Contributor: the host sets leases and access on its blobs (keys, locks, packages, large messages).
resource appOwnsBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, roles.storageBlobDataOwner)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: 'Host keys, leases, packages, large messages and dead letters'
  }
}

resource appUsesQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, roles.storageQueueDataContributor)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageQueueDataContributor
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: 'Control and work-item queues of the task hub, notifications and dead letters'
  }
}

resource appUsesTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, roles.storageTableDataContributor)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageTableDataContributor
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: 'History of the task hub, order repository, catalogue and diagnostic events of the host'
  }
}

resource appReadsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, roles.keyVaultSecretsUser)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: 'Keys of the payment provider and the carrier, read by reference'
  }
}

resource appSendsTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, principalId, roles.monitoringMetricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.monitoringMetricsPublisher
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: 'Telemetry, which takes no key'
  }
}

// Contributor, not Worker: the app also starts, signals and queries orchestrations.
resource appUsesTaskHub 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(taskHubName)) {
  name: guid(taskHub.id, principalId, roles.durableTaskDataContributor)
  scope: taskHub
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.durableTaskDataContributor
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: 'Starts, runs and queries orchestrations'
  }
}

// There is no built-in role that may only send; it ends at this one resource.
resource appSendsMails 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(mailServiceName)) {
  name: guid(mailService.id, principalId, roles.communicationAndEmailServiceOwner)
  scope: mailService
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.communicationAndEmailServiceOwner
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: 'Mails to customers and approvers'
  }
}

resource deployerSetsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerPrincipalId)) {
  name: guid(vault.id, deployerPrincipalId, roles.keyVaultSecretsOfficer)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsOfficer)
    principalId: deployerPrincipalId
    principalType: deployerPrincipalType
    description: 'Puts in the providers\' keys after provisioning'
  }
}

// An account of its own is owned already.
resource appReadsPackages 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (packageAccountName != storageAccountName) {
  name: guid(packages.id, principalId, roles.storageBlobDataReader)
  scope: packages
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: 'The package that the slot runs, from production\'s account'
  }
}

resource uploads 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for uploader in packageUploaders: {
    name: guid(packages.id, uploader.id, roles.storageBlobDataContributor)
    scope: packages
    properties: {
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        roles.storageBlobDataContributor
      )
      principalId: uploader.id
      principalType: uploader.type
      description: 'Uploads packages, to this container only'
    }
  }
]

resource deployerReadsTaskHub 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(taskHubName) && !empty(deployerPrincipalId)) {
  name: guid(taskHub.id, deployerPrincipalId, roles.durableTaskDataReader)
  scope: taskHub
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.durableTaskDataReader)
    principalId: deployerPrincipalId
    principalType: deployerPrincipalType
    description: 'Looks at orchestrations in the scheduler\'s dashboard'
  }
}
