// Mails to customers and approvers, sent by the app's identity: Communication Services with a sending domain of Azure's own, which
// needs no DNS record and takes few mails. For a shop's own domain see infra/README.md.

@description('Name of the Communication Services resource.')
param name string

@description('Name of the e-mail service.')
param emailServiceName string

@description('Tags of every resource.')
param tags object

@description('Where mails are kept at rest.')
param dataLocation string

@description('Workspace for diagnostic logs.')
param workspaceId string

// The compiler knows these types; the offline checker's copy of the types does not hold this provider.
#disable-next-line BCP081
resource emailService 'Microsoft.Communication/emailServices@2025-05-01' = {
  name: emailServiceName
  location: 'global'
  tags: tags
  properties: { dataLocation: dataLocation }
}

#disable-next-line BCP081
resource domain 'Microsoft.Communication/emailServices/domains@2025-05-01' = {
  parent: emailService
  name: 'AzureManagedDomain'
  location: 'global'
  tags: tags
  properties: {
    domainManagement: 'AzureManaged'
    userEngagementTracking: 'Disabled'
  }
}

#disable-next-line BCP081
resource sending 'Microsoft.Communication/communicationServices@2025-05-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    dataLocation: dataLocation
    linkedDomains: [domain.id]
    disableLocalAuth: true
  }
}

// The app learns that a mail was accepted; only these logs show that it bounced.
// The newest version that is no preview is older, and knows neither groups of categories nor names.
#disable-next-line use-recent-api-versions
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: sending
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'EmailSendMailOperational', enabled: true }
      { category: 'EmailStatusUpdateOperational', enabled: true }
    ]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Name of the Communication Services resource, for the role assignment on it.')
output name string = sending.name

@description('Where mails are handed in.')
output endpoint string = 'https://${sending.properties.hostName}'

@description('Sender address that comes with the domain.')
output sender string = 'DoNotReply@${domain.properties.fromSenderDomain}'
