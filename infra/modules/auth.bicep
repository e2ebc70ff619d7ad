// Microsoft Entra ID in front of the app: every request needs a token or a session, except what is excluded below. It stands before all paths, the
// Durable extension's own included.

@description('Name of the app.')
param siteName string

@description('The staging slot exists and gets the same.')
param hasSlot bool

@description('The app is reached through Front Door.')
param behindFrontDoor bool

@description('Application (client) id of the app registration, which is made outside of this template.')
param clientId string

@description('Client ids of the applications that may call; empty for any of the tenant that gets a token.')
param allowedApplications string[]

@description('For which the tokens of callers may be made.')
param allowedAudiences string[]

var settings = {
  platform: { enabled: true }
  globalValidation: {
    requireAuthentication: true
    unauthenticatedClientAction: 'Return401'
    // What carries a proof of its own: a signed link in a mail, and the carrier's signature. And what leads people to their sign-in.
    excludedPaths: ['/api/health', '/api/decisions', '/api/webhooks/carriers/easypost', '/console/sign-in']
  }
  // Else people would be sent to the app's own name after they have signed in, and be refused there.
  httpSettings: { requireHttps: true, ...(behindFrontDoor ? { forwardProxy: { convention: 'Standard' } } : {}) }
  identityProviders: {
    azureActiveDirectory: {
      enabled: true
      registration: {
        clientId: clientId
        openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
      }
      validation: {
        allowedAudiences: allowedAudiences
        ...(empty(allowedApplications)
          ? {}
          : { defaultAuthorizationPolicy: { allowedApplications: allowedApplications } })
      }
    }
  }
  login: { tokenStore: { enabled: false } }
}

resource site 'Microsoft.Web/sites@2024-11-01' existing = {
  name: siteName
}

resource slot 'Microsoft.Web/sites/slots@2024-11-01' existing = {
  parent: site
  name: 'staging'
}

resource auth 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: site
  name: 'authsettingsV2'
  properties: settings
}

resource slotAuth 'Microsoft.Web/sites/slots/config@2024-11-01' = if (hasSlot) {
  parent: slot
  name: 'authsettingsV2'
  properties: settings
}
