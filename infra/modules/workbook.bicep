// One page about the shop: business first, then how it runs, then what it costs. Charts run the queries of ../queries, the very
// files that the alerts run too.

@description('Shown name.')
param displayName string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Workspace that the queries run on.')
param workspaceId string

@description('Application Insights component beside which the workbook is found.')
param insightsId string

var prelude = loadTextContent('../queries/prelude.kql')

var tabs = [
  { key: 'business', label: 'Business' }
  { key: 'orchestrations', label: 'Orchestrations' }
  { key: 'steps', label: 'Steps' }
  { key: 'platform', label: 'Platform' }
  { key: 'cost', label: 'Security and cost' }
]

var charts = [
  {
    tab: 'business'
    title: 'Orders by status'
    shape: 'timechart'
    query: loadTextContent('../queries/orders_by_status.kql')
  }
  { tab: 'business', title: 'How orders ended', shape: 'table', query: loadTextContent('../queries/order_endings.kql') }
  {
    tab: 'business'
    title: 'Money captured and refunded'
    shape: 'table'
    query: loadTextContent('../queries/money.kql')
  }
  {
    tab: 'business'
    title: 'Orders that need a human'
    shape: 'table'
    query: loadTextContent('../queries/needs_attention.kql')
  }
  { tab: 'business', title: 'Open dead letters', shape: 'table', query: loadTextContent('../queries/dead_letters.kql') }
  {
    tab: 'business'
    title: 'Money held before it is captured, in seconds'
    shape: 'table'
    query: loadTextContent('../queries/capture_times.kql')
  }
  { tab: 'business', title: 'Slowest orders', shape: 'table', query: loadTextContent('../queries/slowest_orders.kql') }
  {
    tab: 'orchestrations'
    title: 'Outcomes'
    shape: 'timechart'
    query: loadTextContent('../queries/orchestration_outcomes.kql')
  }
  {
    tab: 'orchestrations'
    title: 'Seconds from start to end'
    shape: 'table'
    query: loadTextContent('../queries/orchestration_latency.kql')
  }
  {
    tab: 'orchestrations'
    title: 'Waiting in the task hub, in seconds'
    shape: 'timechart'
    query: loadTextContent('../queries/queue_age.kql')
  }
  {
    tab: 'orchestrations'
    title: 'Stuck orders'
    shape: 'table'
    query: loadTextContent('../queries/stuck_orders.kql')
  }
  {
    tab: 'orchestrations'
    title: 'Failures'
    shape: 'table'
    query: loadTextContent('../queries/orchestration_failed.kql')
  }
  {
    tab: 'orchestrations'
    title: 'Inventory and orders differ'
    shape: 'table'
    query: loadTextContent('../queries/inventory_drift.kql')
  }
  {
    tab: 'orchestrations'
    title: 'Payments and orders differ'
    shape: 'table'
    query: loadTextContent('../queries/payment_drift.kql')
  }
  {
    tab: 'steps'
    title: 'Time and outcome, in milliseconds'
    shape: 'table'
    query: loadTextContent('../queries/step_times.kql')
  }
  {
    tab: 'steps'
    title: 'Runs that did not get done'
    shape: 'timechart'
    query: loadTextContent('../queries/step_failures.kql')
  }
  {
    tab: 'steps'
    title: 'Share of repetitions, in percent'
    shape: 'timechart'
    query: loadTextContent('../queries/retries.kql')
  }
  {
    tab: 'steps'
    title: 'By distributed tracing'
    shape: 'table'
    query: loadTextContent('../queries/trace_steps.kql')
  }
  {
    tab: 'platform'
    title: 'API answered, in percent'
    shape: 'timechart'
    query: loadTextContent('../queries/availability.kql')
  }
  {
    tab: 'platform'
    title: 'Instances at work'
    shape: 'timechart'
    query: loadTextContent('../queries/instances.kql')
  }
  {
    tab: 'platform'
    title: 'Trouble of the Durable extension'
    shape: 'table'
    query: loadTextContent('../queries/framework_trouble.kql')
  }
  {
    tab: 'platform'
    title: 'Non-determinism'
    shape: 'table'
    query: loadTextContent('../queries/non_determinism.kql')
  }
  {
    tab: 'platform'
    title: 'Deaths of the worker'
    shape: 'table'
    query: loadTextContent('../queries/worker_died.kql')
  }
  {
    tab: 'platform'
    title: 'Waiting for a newer version'
    shape: 'table'
    query: loadTextContent('../queries/newer_version.kql')
  }
  {
    tab: 'platform'
    title: 'Poison messages'
    shape: 'table'
    query: loadTextContent('../queries/poison_messages.kql')
  }
  { tab: 'cost', title: 'Use of keys', shape: 'table', query: loadTextContent('../queries/key_use.kql') }
  { tab: 'cost', title: 'Refused by the vault', shape: 'table', query: loadTextContent('../queries/vault_denied.kql') }
  {
    tab: 'cost'
    title: 'Paid logs, in gigabytes'
    shape: 'barchart'
    query: loadTextContent('../queries/log_bill.kql')
  }
  {
    tab: 'cost'
    title: 'Storage transactions'
    shape: 'timechart'
    query: loadTextContent('../queries/storage_transactions.kql')
  }
  { tab: 'cost', title: 'Compute', shape: 'timechart', query: loadTextContent('../queries/compute.kql') }
  {
    tab: 'cost'
    title: 'Actions of the scheduler'
    shape: 'timechart'
    query: loadTextContent('../queries/scheduler_actions.kql')
  }
]

var header = [
  {
    type: 9
    name: 'time'
    content: {
      version: 'KqlParameterItem/1.0'
      style: 'pills'
      parameters: [
        {
          id: guid('time')
          version: 'KqlParameterItem/1.0'
          name: 'TimeRange'
          label: 'Time'
          type: 4
          isRequired: true
          value: { durationMs: 86400000 }
          typeSettings: {
            selectableValues: [
              { durationMs: 3600000 }
              { durationMs: 86400000 }
              { durationMs: 604800000 }
              { durationMs: 2592000000 }
            ]
            allowCustom: true
          }
        }
      ]
    }
  }
  {
    type: 11
    name: 'tabs'
    content: {
      version: 'LinkItem/1.0'
      style: 'tabs'
      links: map(tabs, tab => {
        id: guid(tab.key)
        cellValue: 'tab'
        linkTarget: 'parameter'
        linkLabel: tab.label
        subTarget: tab.key
        style: 'link'
      })
    }
  }
]

var items = map(charts, chart => {
  type: 3
  name: chart.title
  content: {
    version: 'KqlItem/1.0'
    title: chart.title
    query: '${prelude}${chart.query}'
    size: 0
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
    timeContextFromParameter: 'TimeRange'
    visualization: chart.shape
    noDataMessage: 'Nothing in this time.'
  }
  conditionalVisibility: { parameterName: 'tab', comparison: 'isEqualTo', value: chart.tab }
})

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insightsId, 'orders')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    sourceId: insightsId
    version: 'Notebook/1.0'
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat(header, items)
      fallbackResourceIds: [workspaceId]
    })
  }
}
