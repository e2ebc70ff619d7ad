// Front Door and its firewall, in front of the app. The way to the app is a module of its own (front_door_route.bicep), because the app
// has to know this Front Door before it exists.

@description('Name of the profile.')
param name string

@description('Name of the endpoint; its host name begins with it.')
param endpointName string

@description('Name of the firewall\'s policy: letters and digits.')
param firewallName string

@description('Tags of every resource.')
param tags object

@description('Tier. Premium adds the managed rules.')
@allowed(['Standard', 'Premium'])
param tier string

@description('Workspace for the firewall\'s log.')
param workspaceId string

resource profile 'Microsoft.Cdn/profiles@2025-06-01' = {
  name: name
  location: 'global'
  tags: tags
  sku: { name: '${tier}_AzureFrontDoor' }
  // As long as App Service itself waits for an answer.
  properties: { originResponseTimeoutSeconds: 230 }
}

resource endpoint 'Microsoft.Cdn/profiles/afdEndpoints@2025-06-01' = {
  parent: profile
  name: endpointName
  location: 'global'
  tags: tags
  properties: { enabledState: 'Enabled' }
}

resource firewall 'Microsoft.Network/FrontDoorWebApplicationFirewallPolicies@2025-03-01' = {
  name: firewallName
  location: 'global'
  tags: tags
  sku: { name: '${tier}_AzureFrontDoor' }
  properties: {
    policySettings: { enabledState: 'Enabled', mode: 'Prevention', requestBodyCheck: 'Enabled' }
    customRules: {
      rules: [
        {
          name: 'TooManyRequests'
          priority: 100
          enabledState: 'Enabled'
          ruleType: 'RateLimitRule'
          rateLimitDurationInMinutes: 1
          // Of one address; storefronts and carriers send from few.
          rateLimitThreshold: 6000
          matchConditions: [{ matchVariable: 'SocketAddr', operator: 'IPMatch', matchValue: ['0.0.0.0/0', '::/0'] }]
          action: 'Block'
        }
      ]
    }
    managedRules: {
      managedRuleSets: tier == 'Premium'
        ? [{ ruleSetType: 'Microsoft_DefaultRuleSet', ruleSetVersion: '2.1', ruleSetAction: 'Block' }]
        : []
    }
  }
}

resource guard 'Microsoft.Cdn/profiles/securityPolicies@2025-06-01' = {
  parent: profile
  name: 'firewall'
  properties: {
    parameters: {
      type: 'WebApplicationFirewall'
      wafPolicy: { id: firewall.id }
      associations: [{ domains: [{ id: endpoint.id }], patternsToMatch: ['/*'] }]
    }
  }
}

// The newest version that is no preview is older, and knows neither groups of categories nor names.
#disable-next-line use-recent-api-versions
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: profile
  properties: {
    workspaceId: workspaceId
    // No access log: the app's own telemetry has every request that comes through.
    logs: [{ category: 'FrontDoorWebApplicationFirewallLog', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Name of the profile.')
output name string = profile.name

@description('Name of the endpoint.')
output endpointName string = endpoint.name

@description('Host name by which callers reach the app.')
output hostName string = endpoint.properties.hostName

@description('Id that this Front Door puts into the header X-Azure-FDID of each request.')
output frontDoorId string = profile.properties.frontDoorId
