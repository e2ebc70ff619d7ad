// The alert rules as data: what each means, how grave it is, and its query. Severity decides who is called (alerts.bicep). A query
// gives rows only when something is wrong; a rule with `splitBy` raises one alert for each value of these columns, so that an alert
// that is raised for one order does not hide the next one.

@export()
@description('One rule. lookBack: how far the query looks, if further than its window; such a query gives no column TimeGenerated, by which Azure would count each window for itself.')
type rule = {
  @description('Name of its query.')
  name: string
  @description('What is wrong, in a few words.')
  title: string
  @description('What it means and what to do.')
  description: string
  @description('0 calls the operator on call at once, 1 is for today, 2 for this week, 3 for information.')
  severity: int
  @description('Time that one evaluation looks at.')
  window: string
  @description('How often.')
  every: string
  @description('How far back the query looks; empty for its window.')
  lookBack: string
  @description('Columns of the query; each combination of their values is an alert of its own.')
  splitBy: string[]
  @description('The query.')
  query: string
}

@export()
@description('What may be wrong with an order, its money or its goods.')
var orderRules rule[] = [
  {
    name: 'needs_attention'
    title: 'An order needs a human'
    description: 'Something of an order is not compensated: money, stock or a parcel is where it should not be. See its dead letters.'
    severity: 0
    window: 'PT5M'
    every: 'PT5M'
    lookBack: 'P2D'
    splitBy: ['orderId']
    query: loadTextContent('../queries/needs_attention.kql')
  }
  {
    name: 'money_taken'
    title: 'A customer\'s money belongs back'
    description: 'A customer was charged twice, or for an order that sends no goods. GET /api/reconciliation/payments names the payment and the next action.'
    severity: 0
    window: 'PT2H'
    every: 'PT15M'
    lookBack: ''
    splitBy: ['paymentId']
    query: loadTextContent('../queries/money_taken.kql')
  }
  {
    name: 'payment_drift'
    title: 'A payment and its order differ'
    description: 'The hourly comparison found money that is held, taken, refunded or charged twice against what its order says. GET /api/reconciliation/payments names the payment and the next action.'
    severity: 1
    window: 'PT2H'
    every: 'PT1H'
    lookBack: ''
    splitBy: ['driftId']
    query: loadTextContent('../queries/payment_drift.kql')
  }
  {
    name: 'payments_unread'
    title: 'Payments are not compared'
    description: 'A provider could not be read twice in a row: the key may lack the right to read payments and refunds, or the provider is down.'
    severity: 2
    window: 'PT2H'
    every: 'PT1H'
    lookBack: ''
    splitBy: ['provider']
    query: loadTextContent('../queries/payments_unread.kql')
  }
  {
    name: 'label_drift'
    title: 'A label is paid and not used'
    description: 'The shop pays for a label that no order uses, and that is not given back automatically: the carrier has its parcel, or no such order is known.'
    severity: 2
    window: 'PT2H'
    every: 'PT1H'
    lookBack: ''
    splitBy: ['shipmentId']
    query: loadTextContent('../queries/label_drift.kql')
  }
  {
    name: 'inventory_drift'
    title: 'Inventory and orders differ'
    description: 'The hourly comparison found goods that are reserved for no order, or orders without their goods.'
    severity: 1
    window: 'PT2H'
    every: 'PT1H'
    lookBack: ''
    splitBy: ['drift']
    query: loadTextContent('../queries/inventory_drift.kql')
  }
  {
    name: 'index_faults'
    title: 'The index of orders was wrong'
    description: 'The nightly comparison found index rows that were not those of their orders, and mended them. Until then lists and customers missed these orders.'
    severity: 2
    window: 'PT2H'
    every: 'PT1H'
    lookBack: ''
    splitBy: []
    query: loadTextContent('../queries/index_faults.kql')
  }
  {
    name: 'capture_latency'
    title: 'Money is held and goods do not move'
    description: 'A payment was authorised more than an hour ago and is neither captured nor cancelled. It expires within days.'
    severity: 1
    window: 'PT15M'
    every: 'PT15M'
    lookBack: 'P2D'
    splitBy: ['orderId']
    query: loadTextContent('../queries/capture_latency.kql')
  }
  {
    name: 'dead_letters'
    title: 'Dead letters are open'
    description: 'What could not be done automatically waits for an operator: GET /api/dead-letters.'
    severity: 1
    window: 'PT5M'
    every: 'PT5M'
    lookBack: 'P2D'
    splitBy: ['id']
    query: loadTextContent('../queries/dead_letters.kql')
  }
  {
    name: 'stuck_orders'
    title: 'Orders are stuck'
    description: 'Orders said nothing for 45 minutes, have not ended and do not wait for a human; or the watchdog found a run that stands still.'
    severity: 1
    window: 'PT15M'
    every: 'PT15M'
    lookBack: 'P2D'
    splitBy: ['run']
    query: loadTextContent('../queries/stuck_orders.kql')
  }
  {
    name: 'slo_orders_fast_burn'
    title: 'Orders are late or fail, and many do'
    description: 'At this rate a month\'s allowance of late and failed orders is used in two days.'
    severity: 1
    window: 'PT5M'
    every: 'PT5M'
    lookBack: 'P1D'
    splitBy: []
    query: loadTextContent('../queries/slo_orders_fast_burn.kql')
  }
  {
    name: 'slo_orders_slow_burn'
    title: 'Orders are late or fail, and some do'
    description: 'At this rate a month\'s allowance of late and failed orders is used in five days.'
    severity: 2
    window: 'PT30M'
    every: 'PT15M'
    lookBack: 'P1D'
    splitBy: []
    query: loadTextContent('../queries/slo_orders_slow_burn.kql')
  }
]

@export()
@description('What may be wrong with the app and its code.')
var appRules rule[] = [
  {
    name: 'slo_api_fast_burn'
    title: 'The API fails fast'
    description: 'At this rate the API has used a month\'s allowance of failed requests in two days.'
    severity: 0
    window: 'PT5M'
    every: 'PT5M'
    lookBack: 'PT1H'
    splitBy: []
    query: loadTextContent('../queries/slo_api_fast_burn.kql')
  }
  {
    name: 'slo_api_slow_burn'
    title: 'The API fails slowly'
    description: 'At this rate the API has used a month\'s allowance of failed requests in five days.'
    severity: 2
    window: 'PT30M'
    every: 'PT15M'
    lookBack: 'PT6H'
    splitBy: []
    query: loadTextContent('../queries/slo_api_slow_burn.kql')
  }
  {
    name: 'host_silent'
    title: 'The host is silent'
    description: 'Not one request in 15 minutes, although a timer runs every minute: the app is down, or its telemetry is.'
    severity: 1
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    splitBy: []
    query: loadTextContent('../queries/host_silent.kql')
  }
  {
    name: 'worker_died'
    title: 'The Python worker died'
    description: 'Out of memory, a crash, or a call beyond functionTimeout: what it had in hand failed. The app starts dead workflows again; find out why it died.'
    severity: 2
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    splitBy: []
    query: loadTextContent('../queries/worker_died.kql')
  }
  {
    name: 'failed_orchestrations'
    title: 'Orchestrations fail'
    description: 'More than 2 % of at least 20 orchestrations failed within an hour. A business refusal completes, so this is a fault of the code or of Azure.'
    severity: 1
    window: 'PT1H'
    every: 'PT5M'
    lookBack: ''
    splitBy: ['fn']
    query: loadTextContent('../queries/failed_orchestrations.kql')
  }
  {
    name: 'non_determinism'
    title: 'Code was changed under running orders'
    description: 'An orchestrator decided differently when it was replayed. Go back to the previous version; docs/releasing.md says how to change an orchestrator.'
    severity: 1
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    splitBy: ['fn']
    query: loadTextContent('../queries/non_determinism.kql')
  }
  {
    name: 'newer_version'
    title: 'Workflows wait for a newer version'
    description: 'Instances of a newer version got messages that this version must not take: they wait until the newer version is deployed again.'
    severity: 1
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    splitBy: ['instanceId']
    query: loadTextContent('../queries/newer_version.kql')
  }
  {
    name: 'failing_timers'
    title: 'A timer fails'
    description: 'The newest run of a timer function failed: recovery, reconciliation or cleaning up stands still.'
    severity: 1
    window: 'PT15M'
    every: 'PT5M'
    lookBack: 'PT3H'
    splitBy: ['fn']
    query: loadTextContent('../queries/failing_timers.kql')
  }
  {
    name: 'silent_timers'
    title: 'A timer does not run'
    description: 'A timer function has not run for far longer than it pauses, and nothing failed: recovery, reconciliation, polls or cleaning up stand still.'
    severity: 1
    window: 'PT15M'
    every: 'PT15M'
    lookBack: 'P2D'
    splitBy: ['fn']
    query: loadTextContent('../queries/silent_timers.kql')
  }
  {
    name: 'left_out'
    title: 'Something is left out, run after run'
    description: 'A timer could not read or look after some order, product, payment or history. It goes on with the others; this one waits for an operator.'
    severity: 1
    window: 'PT1H'
    every: 'PT15M'
    lookBack: ''
    splitBy: ['fn']
    query: loadTextContent('../queries/left_out.kql')
  }
  {
    name: 'falling_behind'
    title: 'A timer falls behind'
    description: 'A timer has left work to its next run for half an hour: there is more than it has time for.'
    severity: 2
    window: 'PT1H'
    every: 'PT15M'
    lookBack: ''
    splitBy: ['fn']
    query: loadTextContent('../queries/falling_behind.kql')
  }
  {
    name: 'failing_queue_functions'
    title: 'A queue function fails'
    description: 'Messages fail and are delivered again; after the fifth time each goes to a poison queue.'
    severity: 2
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    splitBy: ['fn']
    query: loadTextContent('../queries/failing_queue_functions.kql')
  }
  {
    name: 'failing_webhooks'
    title: 'Webhooks are refused'
    description: 'More than a fifth of the webhooks that arrive are refused: the secret here and at the sender may differ.'
    severity: 1
    window: 'PT1H'
    every: 'PT15M'
    lookBack: ''
    splitBy: ['fn']
    query: loadTextContent('../queries/failing_webhooks.kql')
  }
  {
    name: 'poison_messages'
    title: 'Messages could not be processed'
    description: 'The host gave up on a message after its last delivery, or an order from the queue was refused. It waits in a poison queue, with the reason or beside its function\'s exceptions.'
    severity: 1
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    splitBy: ['queue']
    query: loadTextContent('../queries/poison_messages.kql')
  }
  {
    name: 'poison_depth'
    title: 'Messages wait in a poison queue'
    description: 'Messages that could not be processed are still there. Azure deletes those that the host has moved after seven days: look at each before.'
    severity: 2
    window: 'PT30M'
    every: 'PT15M'
    lookBack: ''
    splitBy: ['queue']
    query: loadTextContent('../queries/poison_depth.kql')
  }
  {
    name: 'standing_queues'
    title: 'A queue stands'
    description: 'Messages wait in a queue and are not taken: mails, orders or manifests wait for their function.'
    severity: 1
    window: 'PT1H'
    every: 'PT15M'
    lookBack: ''
    splitBy: ['queue']
    query: loadTextContent('../queries/standing_queues.kql')
  }
  {
    name: 'intake_paused'
    title: 'New orders are refused'
    description: 'Accepted orders wait too long for their first step, so new ones are answered with 503 until it is over.'
    severity: 1
    window: 'PT5M'
    every: 'PT5M'
    lookBack: ''
    splitBy: []
    query: loadTextContent('../queries/intake_paused.kql')
  }
  {
    name: 'backlog_age'
    title: 'Work waits'
    description: 'Activities or messages wait for more than five minutes before a worker takes them: there are too few instances, or they are busy.'
    severity: 2
    window: 'PT15M'
    every: 'PT15M'
    lookBack: 'PT1H'
    splitBy: ['fn']
    query: loadTextContent('../queries/backlog_age.kql')
  }
]

@export()
@description('What may be wrong around the app: providers, storage, events, access and logs.')
var surroundingsRules rule[] = [
  {
    name: 'provider_errors'
    title: 'A provider does not answer'
    description: 'More than a fifth of the calls of the payment provider or the carrier got no answer. Orders wait and are retried.'
    severity: 1
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    splitBy: ['provider']
    query: loadTextContent('../queries/provider_errors.kql')
  }
  {
    name: 'lost_parcels'
    title: 'A parcel is lost'
    description: 'A parcel reached no end within 45 days, or its carrier calls it lost. The customer has paid, and has no goods.'
    severity: 2
    window: 'PT1H'
    every: 'PT1H'
    lookBack: 'P2D'
    splitBy: ['orderId']
    query: loadTextContent('../queries/lost_parcels.kql')
  }
  {
    name: 'silent_parcels'
    title: 'A parcel stays silent'
    description: 'Nothing new was reported of a parcel for a week, and the last poll brought nothing: it may be lost, or was never handed over.'
    severity: 2
    window: 'PT1H'
    every: 'PT1H'
    lookBack: 'P2D'
    splitBy: ['orderId']
    query: loadTextContent('../queries/silent_parcels.kql')
  }
  {
    name: 'silent_webhooks'
    title: 'The carrier reports nothing'
    description: 'Polls find parcels that have moved, and not one webhook of the carrier has arrived for a day.'
    severity: 2
    window: 'P1D'
    every: 'PT1H'
    lookBack: ''
    splitBy: []
    query: loadTextContent('../queries/silent_webhooks.kql')
  }
  {
    name: 'parcels_unpolled'
    title: 'The carrier is not read'
    description: 'The carrier answers no poll of silent parcels, or does not list the labels: it is down, or the key lacks a right.'
    severity: 2
    window: 'PT1H'
    every: 'PT15M'
    lookBack: ''
    splitBy: []
    query: loadTextContent('../queries/parcels_unpolled.kql')
  }
  {
    name: 'activity_failures'
    title: 'A dependency fails'
    description: 'More than a tenth of the runs of an activity fail. Orders wait and are retried.'
    severity: 2
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    splitBy: ['fn']
    query: loadTextContent('../queries/activity_failures.kql')
  }
  {
    name: 'retry_rate'
    title: 'Many steps are repeated'
    description: 'More than a fifth of the runs of a step are repetitions: an early sign that a provider is in trouble.'
    severity: 2
    window: 'PT15M'
    every: 'PT5M'
    lookBack: ''
    splitBy: ['step']
    query: loadTextContent('../queries/retry_rate.kql')
  }
  {
    name: 'throttling'
    title: 'Work is throttled'
    description: 'Storage or the scheduler throttles. With Azure Storage, partitionCount caps the throughput of a task hub for its life.'
    severity: 2
    window: 'PT15M'
    every: 'PT15M'
    lookBack: ''
    splitBy: []
    query: loadTextContent('../queries/throttling.kql')
  }
  {
    name: 'lost_events'
    title: 'Manifests were not delivered'
    description: 'Event Grid gave up delivering the event of a manifest in incoming. Upload it again; the container undelivered-events has the reason.'
    severity: 1
    window: 'PT15M'
    every: 'PT15M'
    lookBack: ''
    splitBy: []
    query: loadTextContent('../queries/lost_events.kql')
  }
  {
    name: 'key_use'
    title: 'A key was used'
    description: 'No part of the system has a key of the storage account, and the account refuses keys. Find the caller.'
    severity: 2
    window: 'PT1H'
    every: 'PT1H'
    lookBack: ''
    splitBy: ['CallerIpAddress']
    query: loadTextContent('../queries/key_use.kql')
  }
  {
    name: 'vault_denied'
    title: 'The vault refused access'
    description: 'A missing role breaks the app at its next start; an attempt by a stranger is worth knowing.'
    severity: 2
    window: 'PT1H'
    every: 'PT1H'
    lookBack: ''
    splitBy: ['CallerIpAddress']
    query: loadTextContent('../queries/vault_denied.kql')
  }
  {
    name: 'log_cap'
    title: 'Logs have stopped for today'
    description: 'The workspace has reached its daily cap: alerts that read logs are blind until it is reset. Raise dailyCapGb.'
    severity: 1
    window: 'PT15M'
    every: 'PT15M'
    lookBack: ''
    splitBy: []
    query: loadTextContent('../queries/log_cap.kql')
  }
  {
    name: 'log_volume'
    title: 'Logs come near their daily cap'
    description: 'More than 60 % of dailyCapGb within a day. At the cap the workspace stops, and alerts that read logs are blind.'
    severity: 1
    window: 'P1D'
    every: 'PT1H'
    lookBack: ''
    splitBy: []
    query: loadTextContent('../queries/log_volume.kql')
  }
]

@export()
@description('What may be wrong at Front Door, where there is one.')
var frontDoorRules rule[] = [
  {
    name: 'firewall_blocks'
    title: 'The firewall blocks many requests'
    description: 'One rule of Front Door\'s firewall has blocked more than 100 requests in 15 minutes: an attack, or our own callers.'
    severity: 2
    window: 'PT15M'
    every: 'PT15M'
    lookBack: ''
    splitBy: ['firewallRule']
    query: loadTextContent('../queries/firewall_blocks.kql')
  }
]

@export()
@description('What may be wrong with the copies in another region, where there are any.')
var backupRules rule[] = [
  {
    name: 'backup_late'
    title: 'The newest backup is too old'
    description: 'There is no whole copy of the last 26 hours. If the region were lost now, more than a day of orders would be.'
    severity: 1
    window: 'PT3H'
    every: 'PT1H'
    lookBack: ''
    splitBy: []
    query: loadTextContent('../queries/backup_late.kql')
  }
]
