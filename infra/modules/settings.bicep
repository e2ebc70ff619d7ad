// The app settings of the production app and of its staging slot, for every plan and back end. What a plan forbids is not here to
// be forgotten: it is left out in one place.

@export()
@description('Addresses of the services of one storage account.')
type storageEndpoints = {
  @description('Blob service.')
  blob: string
  @description('Queue service.')
  queue: string
  @description('Table service.')
  table: string
}

@export()
@description('What is declared to customs.')
type customsSettings = {
  @description('Name of the person who answers for declarations.')
  signer: string
  @description('Kind of contents.')
  contents: 'merchandise' | 'gift' | 'sample' | 'documents' | 'returned_goods' | 'humanitarian_donation'
  @description('Customs tariff number of products without one; empty for none.')
  hsCode: string
  @description('Country of origin of products without one; empty for none.')
  originCountry: string
}

@export()
@description('What the shop decides for itself. local.settings.json.example describes each setting.')
type shopSettings = {
  @description('Name of this shop among all programs that use the same Stripe and EasyPost accounts: letters, digits, - and _.')
  @minLength(1)
  @maxLength(45)
  id: string
  @description('Currency of orders that name none: ISO 4217, lower case.')
  @minLength(3)
  @maxLength(3)
  currency: string
  @description('Orders above this total, in cents, wait for a human.')
  @minValue(0)
  approvalThresholdCents: int
  @description('Orders above this total, in cents, need two approvers; 0: none does.')
  @minValue(0)
  secondApprovalLimitCents: int
  @description('The most that one order may cost, in cents.')
  @minValue(1)
  maxOrderCents: int
  @description('Whose labels are bought: an order whose parcel none of them takes is refused.')
  @minLength(1)
  carriers: ('USPS' | 'UPS' | 'FedEx' | 'DHLExpress')[]
  @description('The most that a label may cost, in percent of the order\'s total.')
  @minValue(0)
  labelMaxPercent: int
  @description('The most that any label may cost, in cents.')
  @minValue(0)
  maxLabelCents: int
  @description('What is declared to customs; with an empty signer, orders to other countries are refused.')
  customs: customsSettings
  @description('How long they wait before they are rejected, in seconds.')
  @minValue(1)
  @maxValue(5184000)
  approvalTimeoutS: int
  @description('How often the approvers are reminded meanwhile, in seconds.')
  @minValue(1)
  @maxValue(432000)
  approvalReminderS: int
  @description('How long each step of an order or of another workflow is tried while a provider does not answer, in seconds.')
  @minValue(1)
  @maxValue(7200)
  stepPatienceS: int
  @description('How long accepted orders may wait for their first step before new ones are refused, in seconds; 0 for no limit.')
  @minValue(0)
  @maxValue(14400)
  intakeMaxWaitS: int
  @description('Address of a collector that takes OTLP over HTTP, for the spans of the app; empty for none.')
  otlpEndpoint: string
  @description('Whether the app sends its spans to Application Insights as well: each call of a provider or of Storage, in its order.')
  insightsSpans: bool
  @description('Of how many orders, in percent, spans and dependencies are kept. What alerts read is always kept.')
  @minValue(0)
  @maxValue(100)
  tracedPercent: int
  @description('The versions of the orchestrator that new orders may be started on, with commas between them; empty: the one of the release.')
  orderVersions: string
  @description('How long a large order waits before the next approver is asked as well, in seconds.')
  @minValue(1)
  @maxValue(432000)
  approvalEscalationS: int
  @description('When the money is taken.')
  paymentCapture: 'after_shipping' | 'immediate'
  @description('How customers may pay, with commas between them: stripe, invoice.')
  paymentProviders: string
  @description('How much each customer may owe on invoices, per currency.')
  invoiceCreditCents: object
  @description('The warehouse: name, street1, city, state, postal_code, country.')
  shipFrom: shipFromAddress
  @description('Address of the payment API; empty for the provider\'s own.')
  stripeApiBase: string
  @description('Address of the carrier API; empty for the carrier\'s own.')
  easypostApiBase: string
  @description('Address of the service that knows the regions of postal codes; empty for the table that comes with the app.')
  regionApiBase: string
  @description('Where people reach the app, for links in mails; empty for its own name.')
  publicUrl: string
  @description('Sender of all mails; a sender address of the Communication Services resource.')
  mailFrom: string
  @description('Address of the Communication Services resource that sends mails, on which the app\'s identity needs a role of its own; empty to dead-letter mails.')
  mailEndpoint: string
  @description('Who decides on large orders and on expenses, the first one first.')
  approverEmails: string[]
  @description('How long an approver has to decide on expenses, in seconds.')
  @minValue(1)
  @maxValue(432000)
  expenseTimeoutS: int
  @description('How often the approver of expenses is reminded, in seconds.')
  @minValue(1)
  @maxValue(432000)
  expenseReminderS: int
  @description('The most that one expense claim may hold in cents, per currency and category.')
  expenseLimits: object
  @description('How many files of one batch are read at the same time.')
  @minValue(1)
  @maxValue(100)
  fileBatchWidth: int
  @description('Blob containers that batches of files may read.')
  fileBatchContainers: string[]
}

@export()
@description('Where parcels come from, in the form the app reads.')
type shipFromAddress = {
  @description('Who sends.')
  name: string
  @description('Street and number.')
  street1: string
  @description('City.')
  city: string
  @description('State or province; an empty one is left out.')
  state: string
  @description('Postal code.')
  postal_code: string
  @description('Country: ISO 3166 alpha-2.')
  @minLength(2)
  @maxLength(2)
  country: string
}

@export()
@description('What the production app and its staging slot have in common.')
type commonSettings = {
  @description('Plan: FC1, EP1, EP2, EP3 or Y1.')
  plan: string
  @description('Connection string of Application Insights: an address, not a key.')
  telemetry: string
  @description('Container of the packages, as an address.')
  packages: string
  @description('How long the history of a completed workflow is kept, in days.')
  @minValue(1)
  historyRetentionDays: int
  @description('How long an order that has ended is kept, in days.')
  @minValue(1)
  orderRetentionDays: int
  @description('How long a record of the audit log is kept, in days.')
  @minValue(1)
  auditRetentionDays: int
  @description('How the app learns who calls.')
  callers: object
  @description('The shop\'s own settings.')
  shop: shopSettings
}

@export()
@description('What differs between the production app and its staging slot. Each of these sticks to its slot.')
type slotSettings = {
  @description('Name in the telemetry; queries leave out names that end in -staging.')
  roleName: string
  @description('Id of the host; two hosts with one id take each other\'s timers.')
  hostId: string
  @description('Name of the task hub.')
  taskHub: string
  @description('Client id of its identity.')
  clientId: string
  @description('Resource id of its identity.')
  identityId: string
  @description('Address of its vault, with a slash at the end.')
  vaultUri: string
  @description('Storage account.')
  storage: storageEndpoints
  @description('Whether its tables and blobs are copied into another storage account.')
  backsUp: bool
  @description('That account; empty addresses for none.')
  backup: storageEndpoints
  @description('Setting that names the task hub\'s back end, and its value; empty for Azure Storage.')
  backend: object
  @description('Where people reach it, for links in mails; empty for its own name.')
  publicUrl: string
  @description('Id of the Front Door that requests come through; empty without one.')
  frontDoorId: string
  @description('Address of the Communication Services resource that sends its mails; empty to keep them as dead letters.')
  mailEndpoint: string
  @description('Who decides on its large orders and expenses.')
  approverEmails: string[]
  @description('Secret with the key of the payment provider.')
  stripeSecret: string
  @description('Secret with the key of the carrier.')
  easypostSecret: string
  @description('Secret with the key that signs links in mails.')
  linkSecret: string
  @description('Secret with the key that signs webhooks.')
  webhookSecret: string
  @description('Secret with the key by which the carrier signs its webhooks.')
  easypostWebhookSecret: string
}

@export()
@description('Every app setting of one slot. packageName: the package to run; empty on FC1, and elsewhere before the first deployment.')
func appSettings(common commonSettings, slot slotSettings, packageName string, threads int) object => {
  ...slotAppSettings(slot)
  ...shopAppSettings(common.shop)
  ...common.callers
  APPLICATIONINSIGHTS_CONNECTION_STRING: common.telemetry
  HISTORY_RETENTION_DAYS: string(common.historyRetentionDays)
  ORDER_RETENTION_DAYS: string(common.orderRetentionDays)
  BACKUP_RETENTION_DAYS: '14'
  AUDIT_RETENTION_DAYS: string(common.auditRetentionDays)
  PYTHON_THREADPOOL_THREAD_COUNT: string(threads)
  ...(common.plan == 'FC1' ? {} : classicSettings(common, slot, packageName))
}

@export()
@description('Setting that connects to the task hub, for back ends other than Azure Storage. host: endpoint of the scheduler, or name of the SQL server.')
func backendSettings(backend string, host string, taskHub string, clientId string) object =>
  backend == 'DurableTaskScheduler'
    ? {
        DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${host};Authentication=ManagedIdentity;ClientID=${clientId}'
      }
    : backend == 'MSSQL'
        ? {
            SQLDB_Connection: 'Server=tcp:${host},1433;Database=${taskHub};Authentication=Active Directory Managed Identity;User Id=${clientId};Encrypt=True'
          }
        : {}

@export()
@description('Settings by which the app learns who calls: by tokens of the tenant, or by function keys, which are of storefronts only.')
func callerSettings(clientId string, tenantId string, loginEndpoint string, audiences string[], applications string[]) object =>
  {
    IDENTITY: empty(clientId) ? 'service_key' : 'entra'
    ENTRA_TENANT_ID: tenantId
    ENTRA_AUTHORITY: loginEndpoint
    ENTRA_AUDIENCES: join(audiences, ',')
    ENTRA_ALLOWED_APPLICATIONS: join(applications, ',')
  }

@export()
@description('Names of the settings that stay with their slot when slots are swapped.')
func stickyNames(backend object) array =>
  concat(
    objectKeys(hostSettings('', '', '')),
    objectKeys(identitySettings('')),
    objectKeys(packageIdentity('')),
    objectKeys(peopleSettings('', '', [])),
    objectKeys(frontDoorSettings('')),
    objectKeys(accountSettings({ blob: '', queue: '', table: '' }, '')),
    objectKeys(backupSettings(false, { blob: '', queue: '', table: '' }, '')),
    objectKeys(backupSettings(true, { blob: '', queue: '', table: '' }, '')),
    objectKeys(providerSettings('', '', '')),
    objectKeys(signingSettings('', '', '', '')),
    objectKeys(backend)
  )

func slotAppSettings(slot slotSettings) object => {
  ...hostSettings(slot.roleName, slot.hostId, slot.taskHub)
  ...identitySettings(slot.clientId)
  ...peopleSettings(slot.publicUrl, slot.mailEndpoint, slot.approverEmails)
  ...frontDoorSettings(slot.frontDoorId)
  ...accountSettings(slot.storage, slot.clientId)
  ...backupSettings(slot.backsUp, slot.backup, slot.clientId)
  ...providerSettings(slot.vaultUri, slot.stripeSecret, slot.easypostSecret)
  ...signingSettings(slot.vaultUri, slot.linkSecret, slot.webhookSecret, slot.easypostWebhookSecret)
  ...slot.backend
}

func hostSettings(roleName string, hostId string, taskHub string) object => {
  WEBSITE_CLOUD_ROLENAME: roleName
  AzureFunctionsWebHost__hostid: hostId
  TASKHUB_NAME: taskHub
}

func identitySettings(clientId string) object => {
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
  AZURE_CLIENT_ID: clientId
}

// The package swaps, and not by which identity it is read.
func packageIdentity(identityId string) object => {
  WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID: identityId
}

// Recipients and approvers: a test order on the slot reaches no person of production.
func peopleSettings(publicUrl string, mailEndpoint string, approverEmails string[]) object => {
  PUBLIC_URL: publicUrl
  MAIL_ENDPOINT: mailEndpoint
  APPROVER_EMAILS: join(approverEmails, ',')
}

// Production's alone: the slot has nothing that is worth a copy.
func backupSettings(backsUp bool, backup storageEndpoints, clientId string) object =>
  !backsUp
    ? { BACKUP_STORAGE: '' }
    : {
        BACKUP_STORAGE__blobServiceUri: backup.blob
        BACKUP_STORAGE__queueServiceUri: backup.queue
        BACKUP_STORAGE__tableServiceUri: backup.table
        BACKUP_STORAGE__clientId: clientId
      }

func frontDoorSettings(frontDoorId string) object => {
  FRONT_DOOR_ID: frontDoorId
}

// All three addresses of each: with the blob address alone the host starts, and the task hub then fails.
func accountSettings(storage storageEndpoints, clientId string) object => {
  AzureWebJobsStorage__blobServiceUri: storage.blob
  AzureWebJobsStorage__queueServiceUri: storage.queue
  AzureWebJobsStorage__tableServiceUri: storage.table
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: clientId
  SHOP_STORAGE__blobServiceUri: storage.blob
  SHOP_STORAGE__queueServiceUri: storage.queue
  SHOP_STORAGE__tableServiceUri: storage.table
  SHOP_STORAGE__credential: 'managedidentity'
  SHOP_STORAGE__clientId: clientId
}

func providerSettings(vaultUri string, stripeSecret string, easypostSecret string) object => {
  STRIPE_API_KEY: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${stripeSecret}/)'
  EASYPOST_API_KEY: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${easypostSecret}/)'
}

func signingSettings(vaultUri string, linkSecret string, webhookSecret string, easypostWebhookSecret string) object => {
  LINK_SECRET: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${linkSecret}/)'
  WEBHOOK_SECRET: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${webhookSecret}/)'
  EASYPOST_WEBHOOK_SECRET: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${easypostWebhookSecret}/)'
}

func shopAppSettings(shop shopSettings) object => {
  SHOP_ID: shop.id
  STRIPE_API_BASE: shop.stripeApiBase
  EASYPOST_API_BASE: shop.easypostApiBase
  REGION_API_BASE: shop.regionApiBase
  SHOP_CURRENCY: shop.currency
  APPROVAL_THRESHOLD_CENTS: string(shop.approvalThresholdCents)
  SECOND_APPROVAL_LIMIT_CENTS: shop.secondApprovalLimitCents == 0 ? '' : string(shop.secondApprovalLimitCents)
  MAX_ORDER_CENTS: string(shop.maxOrderCents)
  CARRIERS: join(shop.carriers, ',')
  LABEL_MAX_PERCENT: string(shop.labelMaxPercent)
  MAX_LABEL_CENTS: string(shop.maxLabelCents)
  CUSTOMS_SIGNER: shop.customs.signer
  CUSTOMS_CONTENTS: shop.customs.contents
  CUSTOMS_HS_CODE: shop.customs.hsCode
  CUSTOMS_ORIGIN_COUNTRY: shop.customs.originCountry
  APPROVAL_TIMEOUT_S: string(shop.approvalTimeoutS)
  APPROVAL_REMINDER_S: string(shop.approvalReminderS)
  STEP_PATIENCE_S: string(shop.stepPatienceS)
  INTAKE_MAX_WAIT_S: string(shop.intakeMaxWaitS)
  OTEL_EXPORTER_OTLP_ENDPOINT: shop.otlpEndpoint
  INSIGHTS_SPANS: toLower(string(shop.insightsSpans))
  TRACED_PERCENT: string(shop.tracedPercent)
  ORDER_VERSIONS: shop.orderVersions
  APPROVAL_ESCALATION_S: string(shop.approvalEscalationS)
  PAYMENT_CAPTURE: shop.paymentCapture
  PAYMENT_PROVIDERS: shop.paymentProviders
  INVOICE_CREDIT_CENTS: string(shop.invoiceCreditCents)
  PAYMENT_RECONCILIATION_GRACE_S: '3600'
  SHIP_FROM: string(shipFrom(shop.shipFrom))
  MAIL_FROM: shop.mailFrom
  // Its password would have to be a secret; mails go through Communication Services by identity.
  SMTP_URL: ''
  // Communication Services does not say that it takes addresses outside ASCII.
  MAIL_SMTPUTF8: 'false'
  EXPENSE_TIMEOUT_S: string(shop.expenseTimeoutS)
  EXPENSE_REMINDER_S: string(shop.expenseReminderS)
  EXPENSE_LIMITS: string(shop.expenseLimits)
  CALLBACK_ALLOW_LOOPBACK: 'false'
  FILE_BATCH_WIDTH: string(shop.fileBatchWidth)
  FILE_BATCH_CONTAINERS: join(shop.fileBatchContainers, ',')
  // Events of the storage account (events.bicep): polling costs on every plan, and Flex Consumption cannot poll.
  MANIFEST_EVENTS: 'queue'
}

func shipFrom(address shipFromAddress) object => {
  name: address.name
  street1: address.street1
  city: address.city
  ...(empty(address.state) ? {} : { state: address.state })
  postal_code: address.postal_code
  country: address.country
}

// Flex Consumption refuses every one of these.
func classicSettings(common commonSettings, slot slotSettings, packageName string) object => {
  FUNCTIONS_EXTENSION_VERSION: '~4'
  FUNCTIONS_WORKER_RUNTIME: 'python'
  // Orchestrators and entities hold the interpreter; more instances, not more processes, share that load.
  FUNCTIONS_WORKER_PROCESS_COUNT: '1'
  ...(empty(packageName)
    ? {}
    : {
        WEBSITE_RUN_FROM_PACKAGE: '${common.packages}/${packageName}'
        ...packageIdentity(slot.identityId)
      })
}
