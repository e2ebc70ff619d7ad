// Alert rules and their recipients. Every rule runs a query from ../queries that returns rows only when something is wrong, so that a rule's
// threshold can be read and tried where the query is; any row raises the alert, and it resolves itself when the rows are gone.

@description('Prefix of the names of the rules.')
param namePrefix string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Addresses of the recipients.')
param emails string[]

@description('Phone that severity 0 calls and texts, as country code and number, such as 49-1701234567; empty for none.')
param onCallPhone string

@description('Address that severity 0 is posted to, such as that of a pager service; empty for none.')
@secure()
param onCallWebhook string

@description('Workspace that the queries run on.')
param workspaceId string

@description('Storage account of production.')
param storageId string

@description('The app, where its plan has metrics for failed requests (EP); empty elsewhere.')
param siteId string

var prelude = loadTextContent('../queries/prelude.kql')

@description('One rule. lookBack: how far the query looks, if further than its window.')
type rule = {
  @description('Name of its query.')
  name: string
  @description('What is wrong, in a few words.')
  title: string
  @description('What it means and what to do.')
  description: string
  @description('0 wakes the operator on call, 1 is for today, 2 for this week, 3 for information.')
  severity: int
  @description('Time that one evaluation looks at.')
  window: string
  @description('How often.')
  every: string
  @description('How far back the query looks; empty for its window.')
  lookBack: string
  @description('The query.')
  query: string
}

var rules rule[] = [
  {
    name: 'needs_attention'
    title: 'An order needs a human'
    description: 'Something of an order is not compensated: money, stock or a parcel is where it should not be. See its dead letters.'
    severity: 0
    window: 'PT5M'
    every: 'PT5M'
    lookBack: 'P2D'
    query: loadTextContent('../queries/needs_attention.kql')
  }
  {
    name: 'host_silent'
    title: 'The host is silent'
    description: 'Not one request in 15 minutes, although a timer runs every minute: the app is down, or its telemetry is.'
    severity: 1
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    query: loadTextContent('../queries/host_silent.kql')
  }
  {
    name: 'dead_letters'
    title: 'Dead letters are open'
    description: 'What could not be done automatically waits for an operator: GET /api/dead-letters.'
    severity: 1
    window: 'PT5M'
    every: 'PT5M'
    lookBack: 'P2D'
    query: loadTextContent('../queries/dead_letters.kql')
  }
  {
    name: 'stuck_orders'
    title: 'Orders are stuck'
    description: 'Orders said nothing for 45 minutes, have not ended and do not wait for a human.'
    severity: 1
    window: 'PT15M'
    every: 'PT15M'
    lookBack: 'P2D'
    query: loadTextContent('../queries/stuck_orders.kql')
  }
  {
    name: 'non_determinism'
    title: 'Code was changed under running orders'
    description: 'An orchestrator decided differently when it was replayed. Go back to the previous version; docs/releasing.md says how to change an orchestrator.'
    severity: 1
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    query: loadTextContent('../queries/non_determinism.kql')
  }
  {
    name: 'worker_died'
    title: 'The Python worker died'
    description: 'Out of memory, a crash, or a call beyond functionTimeout: what it had in hand failed. The app starts dead workflows again; find out why it died.'
    severity: 2
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    query: loadTextContent('../queries/worker_died.kql')
  }
  {
    name: 'newer_version'
    title: 'Workflows wait for a newer version'
    description: 'Instances of a newer version got messages that this version must not take: they wait until the newer version is deployed again.'
    severity: 1
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    query: loadTextContent('../queries/newer_version.kql')
  }
  {
    name: 'poison_messages'
    title: 'Messages could not be processed'
    description: 'The host gave up on a message after its last delivery and moved it to a poison queue. Its function\'s exceptions say why.'
    severity: 1
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    query: loadTextContent('../queries/poison_messages.kql')
  }
  {
    name: 'failed_orchestrations'
    title: 'Orchestrations fail'
    description: 'More than 2 % of at least 20 orchestrations failed within an hour. A business refusal completes, so this is a fault of the code or of Azure.'
    severity: 1
    window: 'PT1H'
    every: 'PT5M'
    lookBack: ''
    query: loadTextContent('../queries/failed_orchestrations.kql')
  }
  {
    name: 'lost_events'
    title: 'Manifests were not delivered'
    description: 'Event Grid gave up delivering the event of a manifest in incoming. Upload it again; the container undelivered-events has the reason.'
    severity: 1
    window: 'PT15M'
    every: 'PT15M'
    lookBack: ''
    query: loadTextContent('../queries/lost_events.kql')
  }
  {
    name: 'inventory_drift'
    title: 'Inventory and orders differ'
    description: 'The hourly comparison found goods that are reserved for no order, or orders without their goods.'
    severity: 1
    window: 'PT2H'
    every: 'PT1H'
    lookBack: ''
    query: loadTextContent('../queries/inventory_drift.kql')
  }
  {
    name: 'payment_drift'
    title: 'A payment and its order differ'
    description: 'The hourly comparison found money that is held, taken, refunded or charged twice against what its order says. GET /api/reconciliation/payments names the payment and the next action.'
    severity: 1
    window: 'PT2H'
    every: 'PT1H'
    lookBack: ''
    query: loadTextContent('../queries/payment_drift.kql')
  }
  {
    name: 'payments_unread'
    title: 'Payments are not compared'
    description: 'A provider could not be read twice in a row: the key may lack the right to read payments and refunds, or the provider is down.'
    severity: 2
    window: 'PT2H'
    every: 'PT1H'
    lookBack: ''
    query: loadTextContent('../queries/payments_unread.kql')
  }
  {
    name: 'activity_failures'
    title: 'A dependency fails'
    description: 'More than a tenth of the runs of an activity fail. Orders wait and are retried.'
    severity: 2
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    query: loadTextContent('../queries/activity_failures.kql')
  }
  {
    name: 'retry_rate'
    title: 'Many steps are repeated'
    description: 'More than a fifth of the runs of a step are repetitions: an early sign that a provider is in trouble.'
    severity: 2
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    query: loadTextContent('../queries/retry_rate.kql')
  }
  {
    name: 'api_availability'
    title: 'The API fails'
    description: 'Less than 99.5 % of at least 50 requests were answered without a fault of ours.'
    severity: 2
    window: 'PT5M'
    every: 'PT5M'
    lookBack: ''
    query: loadTextContent('../queries/api_availability.kql')
  }
  {
    name: 'throttling'
    title: 'Work is throttled'
    description: 'Storage or the scheduler throttles. With Azure Storage, partitionCount caps the throughput of a task hub for its life.'
    severity: 2
    window: 'PT15M'
    every: 'PT15M'
    lookBack: ''
    query: loadTextContent('../queries/throttling.kql')
  }
  {
    name: 'key_use'
    title: 'A key was used'
    description: 'No part of the system has a key of the storage account, and the account refuses keys. Find the caller.'
    severity: 2
    window: 'PT1H'
    every: 'PT1H'
    lookBack: ''
    query: loadTextContent('../queries/key_use.kql')
  }
  {
    name: 'vault_denied'
    title: 'The vault refused access'
    description: 'A missing role breaks the app at its next start; an attempt by a stranger is worth knowing.'
    severity: 2
    window: 'PT1H'
    every: 'PT1H'
    lookBack: ''
    query: loadTextContent('../queries/vault_denied.kql')
  }
  {
    name: 'log_volume'
    title: 'Logs are expensive'
    description: 'More than two gigabytes of paid logs within a day.'
    severity: 3
    window: 'P1D'
    every: 'P1D'
    lookBack: ''
    query: loadTextContent('../queries/log_volume.kql')
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${namePrefix}-people'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'orders'
    emailReceivers: [
      for (email, i) in emails: {
        name: 'person-${i}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

var isAnyoneOnCall = !empty(onCallPhone) || !empty(onCallWebhook)
var phone = split('${onCallPhone}-', '-')

resource onCall 'Microsoft.Insights/actionGroups@2023-01-01' = if (isAnyoneOnCall) {
  name: '${namePrefix}-on-call'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'on call'
    smsReceivers: empty(onCallPhone) ? [] : [{ name: 'text', countryCode: phone[0], phoneNumber: phone[1] }]
    voiceReceivers: empty(onCallPhone) ? [] : [{ name: 'call', countryCode: phone[0], phoneNumber: phone[1] }]
    webhookReceivers: empty(onCallWebhook)
      ? []
      : [{ name: 'pager', serviceUri: onCallWebhook, useCommonAlertSchema: true }]
  }
}

resource queryRules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for one in rules: {
    name: '${namePrefix}-${replace(one.name, '_', '-')}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: one.title
      description: one.description
      severity: one.severity
      enabled: true
      scopes: [workspaceId]
      windowSize: one.window
      evaluationFrequency: one.every
      ...(empty(one.lookBack) ? {} : { overrideQueryTimeRange: one.lookBack })
      autoMitigate: true
      // A table comes into being with its first row, which is later than this rule.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: '${prelude}${one.query}'
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: one.severity == 0 && isAnyoneOnCall ? [people.id, onCall.id] : [people.id] }
    }
  }
]

resource storageFails 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: '${namePrefix}-storage-fails'
  location: 'global'
  tags: tags
  properties: {
    description: 'The storage account answers less than 99 % of its requests: orders wait, none is lost.'
    severity: 1
    enabled: true
    scopes: [storageId]
    windowSize: 'PT5M'
    evaluationFrequency: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'availability'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'Availability'
          operator: 'LessThan'
          threshold: 99
          timeAggregation: 'Average'
        }
      ]
    }
    actions: [{ actionGroupId: people.id }]
  }
}

resource appFails 'Microsoft.Insights/metricAlerts@2026-01-01' = if (!empty(siteId)) {
  name: '${namePrefix}-app-fails'
  location: 'global'
  tags: tags
  properties: {
    description: 'The app answers with server errors. Unlike the query on the API, this does not depend on the app\'s own telemetry.'
    severity: 2
    enabled: true
    scopes: [siteId]
    windowSize: 'PT5M'
    evaluationFrequency: 'PT1M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'server-errors'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'Http5xx'
          operator: 'GreaterThan'
          threshold: 5
          timeAggregation: 'Total'
        }
      ]
    }
    actions: [{ actionGroupId: people.id }]
  }
}

@description('Resource id of the group of people, for the budget.')
output peopleId string = people.id
