// The private side: a network that the app reaches out through, and endpoints for what it reaches. The app itself stays public.

@description('One service behind a private endpoint.')
type target = {
  @description('Name of the endpoint.')
  name: string
  @description('Resource id of the service.')
  resourceId: string
  @description('Which face of the service: blob, queue, table, vault, scheduler or sqlServer.')
  group: string
  @description('Private DNS zone in which the service is found.')
  zone: string
}

@description('Name of the network.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Addresses of the network; a /25 or larger.')
param addressPrefix string

@description('Resource type that the app\'s subnet is handed to. It differs by plan, and a subnet has one at a time.')
@allowed(['Microsoft.App/environments', 'Microsoft.Web/serverFarms'])
param delegation string

@description('Services that get a private endpoint.')
param targets target[]

@description('Has a subnet for machines that deploy from inside.')
param hasRunners bool

@description('Leave the network by one address that does not change.')
param hasNatGateway bool

// Services of one kind share a zone.
var zones = distinct(map(targets, one => one.zone))

resource appRules 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: '${name}-app'
  location: location
  tags: tags
}

resource endpointRules 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: '${name}-endpoints'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'FromThisNetwork'
        properties: {
          description: 'The app, and runners that deploy from inside'
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: addressPrefix
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
      {
        name: 'FromNowhereElse'
        properties: {
          description: 'The default rules would let in every network that is peered with this one later'
          priority: 4000
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource outbound 'Microsoft.Network/publicIPAddresses@2024-05-01' = if (hasNatGateway) {
  name: '${name}-outbound'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource nat 'Microsoft.Network/natGateways@2024-05-01' = if (hasNatGateway) {
  name: '${name}-nat'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: outbound.id }] }
}

var throughNat = hasNatGateway ? { natGateway: { id: nat.id } } : {}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          networkSecurityGroup: { id: appRules.id }
          delegations: [{ name: 'app', properties: { serviceName: delegation } }]
          ...throughNat
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          networkSecurityGroup: { id: endpointRules.id }
          privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled'
          defaultOutboundAccess: false
        }
      }
      ...(hasRunners
        ? [
            {
              name: 'runners'
              properties: {
                addressPrefix: cidrSubnet(addressPrefix, 26, 2)
                networkSecurityGroup: { id: appRules.id }
                ...throughNat
              }
            }
          ]
        : [])
    ]
  }

  resource appSubnet 'subnets' existing = {
    name: 'app'
  }

  resource endpointSubnet 'subnets' existing = {
    name: 'endpoints'
  }
}

resource dnsZones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in zones: {
    name: zone
    location: 'global'
    tags: tags
  }
]

resource dnsLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, i) in zones: {
    parent: dnsZones[i]
    name: name
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: network.id }
    }
  }
]

resource endpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for one in targets: {
    name: one.name
    location: location
    tags: tags
    properties: {
      subnet: { id: network::endpointSubnet.id }
      privateLinkServiceConnections: [
        {
          name: one.name
          properties: { privateLinkServiceId: one.resourceId, groupIds: [one.group] }
        }
      ]
    }
  }
]

resource dnsRecords 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [
  for (one, i) in targets: {
    parent: endpoints[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        { name: one.group, properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', one.zone) } }
      ]
    }
    dependsOn: [dnsZones]
  }
]

@description('Subnet through which the app reaches out.')
output appSubnetId string = network::appSubnet.id

@description('Address by which everything leaves; empty where there is no fixed one.')
output outboundAddress string = hasNatGateway ? outbound!.properties.ipAddress : ''

@description('Subnet for machines that deploy from inside; empty where the network is too small.')
output runnerSubnetId string = hasRunners ? '${network.id}/subnets/runners' : ''
