// Alert rules and their recipients. Every rule runs a query from ../queries that returns rows only when something is wrong, so that a rule's
// threshold can be read and tried where the query is; any row raises the alert, and it resolves itself when the rows are gone.
//
// Severity decides who is called: 0 the phone, the webhook and the mails, 1 the webhook and the mails, 2 and 3 the mails.

import { appRules, backupRules, frontDoorRules, orderRules, rule, surroundingsRules } from 'alert_rules.bicep'

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

@description('Address that severity 0 and 1 are posted to, such as that of a pager service; empty for none.')
@secure()
param onCallWebhook string

@description('Workspace that the queries run on.')
param workspaceId string

@description('Gigabytes of logs a day after which the workspace takes no more; -1 for no limit.')
param dailyCapGb int

@description('Application Insights component, which tests the app from outside.')
param insightsId string

@description('Address of the app, as callers reach it.')
param appUrl string

@description('Storage account of production.')
param storageId string

@description('The app, where its plan has metrics for failed requests (EP, App Service); empty elsewhere.')
param siteId string

@description('Whether Front Door and its firewall are in front of the app.')
param behindFrontDoor bool

@description('Whether the shop\'s storage is copied into another region.')
param backsUp bool

var prelude = loadTextContent('../queries/prelude.kql')

var rules rule[] = concat(orderRules, appRules, surroundingsRules, behindFrontDoor ? frontDoorRules : [], backsUp ? backupRules : [])

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

var hasPhone = !empty(onCallPhone)
var hasWebhook = !empty(onCallWebhook)
var phone = split('${onCallPhone}-', '-')

resource onCall 'Microsoft.Insights/actionGroups@2023-01-01' = if (hasPhone) {
  name: '${namePrefix}-on-call'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'on call'
    smsReceivers: [{ name: 'text', countryCode: phone[0], phoneNumber: phone[1] }]
    voiceReceivers: [{ name: 'call', countryCode: phone[0], phoneNumber: phone[1] }]
  }
}

resource pager 'Microsoft.Insights/actionGroups@2023-01-01' = if (hasWebhook) {
  name: '${namePrefix}-pager'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'pager'
    webhookReceivers: [{ name: 'pager', serviceUri: onCallWebhook, useCommonAlertSchema: true }]
  }
}

// By severity, from 0 to 3.
var called = [
  concat([people.id], hasPhone ? [onCall.id] : [], hasWebhook ? [pager.id] : [])
  concat([people.id], hasWebhook ? [pager.id] : [])
  [people.id]
  [people.id]
]

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
            query: '${prelude}${replace(one.query, 'let capGb = 50.0;', 'let capGb = ${dailyCapGb}.0;')}'
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            ...(empty(one.splitBy)
              ? {}
              : { dimensions: map(one.splitBy, column => { name: column, operator: 'Include', values: ['*'] }) })
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: called[one.severity] }
    }
  }
]

// Availability as callers see it, on every plan: Flex Consumption has no metric for failed requests.
resource outsideTest 'Microsoft.Insights/webtests@2022-06-15' = {
  name: '${namePrefix}-outside'
  location: location
  // Without this tag the portal does not show the test beside its component.
  tags: { ...tags, 'hidden-link:${insightsId}': 'Resource' }
  kind: 'standard'
  properties: {
    Name: '${namePrefix}-outside'
    SyntheticMonitorId: '${namePrefix}-outside'
    Description: 'Whether the app can work, as a caller from outside sees it.'
    Enabled: true
    Frequency: 300
    Timeout: 60
    Kind: 'standard'
    RetryEnabled: true
    Locations: map(
      ['emea-nl-ams-azr', 'emea-ru-msa-edge', 'us-va-ash-azr', 'us-ca-sjc-azr', 'apac-sg-sin-azr'],
      place => { Id: place }
    )
    Request: { RequestUrl: '${appUrl}/api/health', HttpVerb: 'GET', ParseDependentRequests: false }
    ValidationRules: { ExpectedHttpStatusCode: 200, SSLCheck: true, SSLCertRemainingLifetimeCheck: 7 }
  }
}

resource outside 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: '${namePrefix}-outside'
  location: 'global'
  tags: tags
  properties: {
    description: 'From three places of five or more, /api/health is not reached or not ok: the app is down for callers.'
    severity: 0
    enabled: true
    scopes: [outsideTest.id, insightsId]
    windowSize: 'PT5M'
    evaluationFrequency: 'PT1M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: outsideTest.id
      componentId: insightsId
      failedLocationCount: 3
    }
    actions: map(called[0], group => { actionGroupId: group })
  }
}

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
    actions: map(called[1], group => { actionGroupId: group })
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
    actions: map(called[2], group => { actionGroupId: group })
  }
}

@description('Resource id of the group of people, for the budget.')
output peopleId string = people.id
