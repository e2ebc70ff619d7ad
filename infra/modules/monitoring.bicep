// Where logs, traces and metrics go: one workspace, and Application Insights on top of it. Writing with a key is disabled.

@description('Name of the Log Analytics workspace.')
param workspaceName string

@description('Name of the Application Insights component.')
param insightsName string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('How many days logs are kept. Longer than the longest wait for an approval, or stuck orders go unseen.')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('Gigabytes a day after which the workspace stops taking logs, and alerts go blind; -1 for no limit.')
param dailyCapGb int

@description('Resource id of the rule that says which telemetry of which orders is stored (scripts/ingestion_filter.py); empty: all.')
param ingestionRuleId string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
    workspaceCapping: { dailyQuotaGb: dailyCapGb }
    ...(empty(ingestionRuleId) ? {} : { defaultDataCollectionRuleResourceId: ingestionRuleId })
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
    DisableIpMasking: false
  }
}

// Who read which logs: the audit trail of the audit trail.
// The newest version that is no preview is older, and knows neither groups of categories nor names.
#disable-next-line use-recent-api-versions
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: workspace
  properties: {
    workspaceId: workspace.id
    logs: [{ category: 'Audit', enabled: true }]
  }
}

@description('Resource id of the workspace.')
output workspaceId string = workspace.id

@description('Name of the component, for role assignments on it.')
output insightsName string = insights.name

@description('Resource id of the component.')
output insightsId string = insights.id

@description('Where telemetry is sent. It names an address; writing takes the role Monitoring Metrics Publisher.')
output connectionString string = insights.properties.ConnectionString
