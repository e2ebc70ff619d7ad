// The storage account's events about new manifests: new blobs `incoming/*.batch.json` become messages on the queue that
// the app watches, on every plan the same (Flex Consumption cannot look for blobs itself). Event Grid has an identity of its own,
// which may put messages on this one queue and keep in one container what it could not deliver; the account takes no key.

import { roles } from 'roles.bicep'

@description('Name of the topic.')
param name string

@description('Region of the storage account.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the storage account.')
param storageName string

@description('Workspace for diagnostic logs.')
param workspaceId string

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName

  resource queueService 'queueServices' existing = {
    name: 'default'

    resource manifests 'queues' existing = {
      name: 'file-manifests'
    }
  }

  resource blobService 'blobServices' existing = {
    name: 'default'

    resource undelivered 'containers' existing = {
      name: 'undelivered-events'
    }
  }
}

// Its own identity, not the app's: the firewall of the account lets trusted services in by that, and it needs none of the app's roles.
resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    source: account.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

resource topicSendsMessages 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::queueService::manifests.id, name, roles.storageQueueDataMessageSender)
  scope: account::queueService::manifests
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageQueueDataMessageSender
    )
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
    description: 'Announces new manifests to the app, on this queue only'
  }
}

resource topicKeepsUndelivered 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobService::undelivered.id, name, roles.storageBlobDataContributor)
  scope: account::blobService::undelivered
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
    description: 'Keeps events that could not be delivered, in this container only'
  }
}

resource newManifests 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'new-manifests'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      subjectBeginsWith: '/blobServices/default/containers/incoming/blobs/'
      subjectEndsWith: '.batch.json'
      isSubjectCaseSensitive: true
    }
    deliveryWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      destination: {
        endpointType: 'StorageQueue'
        properties: {
          resourceId: account.id
          queueName: account::queueService::manifests.name
          // A message waits for an app that is down for longer than a week, too.
          queueMessageTimeToLiveInSeconds: -1
        }
      }
    }
    // The longest that Event Grid offers: a day. A new role takes minutes to work, and an outage of storage hours to end.
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: account.id
          blobContainerName: account::blobService::undelivered.name
        }
      }
    }
  }
  dependsOn: [topicSendsMessages, topicKeepsUndelivered]
}

// The newest version that is no preview is older, and knows neither groups of categories nor names.
#disable-next-line use-recent-api-versions
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: topic
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'DeliveryFailures', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}
