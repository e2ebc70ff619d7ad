// Where a plan is to be had. Read in 2026-11; `az functionapp list-flexconsumption-locations` has what is true today.

// Those of Azure's own azd samples for the plan, without previews of regions.
func flexConsumption() string[] => [
  'australiaeast'
  'australiasoutheast'
  'brazilsouth'
  'canadacentral'
  'centralindia'
  'centralus'
  'eastasia'
  'eastus'
  'eastus2'
  'francecentral'
  'germanywestcentral'
  'italynorth'
  'japaneast'
  'koreacentral'
  'northcentralus'
  'northeurope'
  'norwayeast'
  'southafricanorth'
  'southcentralus'
  'southeastasia'
  'southindia'
  'spaincentral'
  'swedencentral'
  'uaenorth'
  'uksouth'
  'ukwest'
  'westcentralus'
  'westeurope'
  'westus'
  'westus2'
  'westus3'
]

@export()
@description('Whether Flex Consumption is in a region.')
func hasFlexConsumption(region string) bool => contains(flexConsumption(), region)
