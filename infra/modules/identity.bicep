// One user-assigned identity for the app. It exists before the app, so that its roles do too when the app first starts.

@description('Name of the identity.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id, by which the app carries the identity.')
output id string = identity.id

@description('Name, by which a SQL server knows its administrator.')
output name string = identity.name

@description('Client id, by which SDKs and connections name the identity.')
output clientId string = identity.properties.clientId

@description('Object id, to which roles are given.')
output principalId string = identity.properties.principalId
