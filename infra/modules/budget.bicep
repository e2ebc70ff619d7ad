// A budget on the resource group: recipients are notified before the month is over, nothing is switched off.

@description('Name of the budget.')
param name string

@description('Amount per month, in the currency of the bill.')
@minValue(1)
param amount int

@description('First month, as its first day. Azure refuses a change of it, so a later deployment must hand in the same.')
param startDate string

@description('Addresses of the recipients.')
param emails string[]

@description('Action group that is notified too.')
param actionGroupId string

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: name
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: { startDate: startDate }
    notifications: {
      spent80Percent: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: emails
        contactGroups: [actionGroupId]
      }
      will100Percent: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: emails
        contactGroups: [actionGroupId]
      }
    }
  }
}
