// Whether an input has the form that Azure takes, judged before anything is made. The language has no regular expressions, so a
// text is taken apart. infra/README.md says where each rule is documented.

func letters() string => 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

func digits() string => '0123456789'

func characters(text string) string[] => map(range(0, length(text)), i => substring(text, i, 1))

func holdsOnly(text string, allowed string) bool =>
  empty(filter(characters(text), character => !contains(allowed, character)))

func firstOf(text string) string => take(text, 1)

func lastOf(text string) string => skip(text, max(length(text) - 1, 0))

func lengths(parts string[]) string => join(map(parts, part => string(length(part))), '-')

@export()
@description('Whether an environment may have this name: the resource group, the budget and the alerts are named after it.')
func isEnvironmentName(name string) bool =>
  holdsOnly(name, '${letters()}${digits()}-_') && holdsOnly('${firstOf(name)}${lastOf(name)}', '${letters()}${digits()}')

@export()
@description('Whether a task hub may have this name: tables, queues, containers or a database are named after it.')
func isTaskHubName(name string) bool =>
  holdsOnly(name, '${letters()}${digits()}') && holdsOnly(firstOf(name), letters())

@export()
@description('Whether this is the id of a principal or of an application.')
func isGuid(text string) bool =>
  lengths(split(text, '-')) == '8-4-4-4-12' && holdsOnly(text, '${digits()}abcdefABCDEF-')

@export()
@description('Whether this is one e-mail address, with nothing around it.')
func isEmailAddress(text string) bool =>
  length(split(text, '@')) == 2 && isMailbox(split(text, '@')[0]) && isDomain(split('${text}@', '@')[1])

func isMailbox(text string) bool =>
  isDotted(text) && length(text) <= 64 && holdsOnly(text, '${letters()}${digits()}.!#$%&\'*+-/=?^_`{|}~')

func isDomain(text string) bool =>
  isDotted(text) && contains(text, '.') && length(text) <= 253 && holdsOnly(text, '${letters()}${digits()}.-') && empty(filter(
    split(text, '.'),
    label => startsWith(label, '-') || endsWith(label, '-')
  ))

func isDotted(text string) bool => empty(filter(split(text, '.'), part => empty(part)))

@export()
@description('Whether a budget may start on this day: the first of a month, as year, month and day, not before June 2017.')
func isFirstOfMonth(text string) bool =>
  lengths(split(text, '-')) == '4-2-2' && holdsOnly(replace(text, '-', ''), digits())
    ? isMonth(split(text, '-')[1]) && endsWith(text, '-01') && int(replace(text, '-', '')) >= 20170601
    : false

func isMonth(text string) bool => int(text) >= 1 && int(text) <= 12

@export()
@description('Whether this is an IPv4 network in CIDR notation, without bits behind its prefix.')
func isNetwork(text string) bool =>
  hasFormOfNetwork(text) ? hasNumbersOfNetwork(text) ? cidrSubnet(text, prefixOf(text), 0) == text : false : false

func hasFormOfNetwork(text string) bool =>
  length(split(text, '/')) == 2 && length(split(split(text, '/')[0], '.')) == 4 && empty(filter(
    split(replace(text, '/', '.'), '.'),
    part => empty(part) || length(part) > 3 || !holdsOnly(part, digits())
  ))

func hasNumbersOfNetwork(text string) bool =>
  max(map(split(split(text, '/')[0], '.'), part => int(part))) <= 255 && prefixOf(text) <= 32

func prefixOf(text string) int => int(split(text, '/')[1])

@export()
@description('Whether a network has room for two subnets of /26, and is not wider than /8.')
func isLargeEnough(network string) bool => prefixOf(network) >= 8 && prefixOf(network) <= 25

@export()
@description('Whether Azure keeps a network for itself: loopback, link-local, multicast, and its own address 168.63.129.16.')
func isReserved(network string) bool =>
  contains(['0', '127'], split(network, '.')[0]) || int(split(network, '.')[0]) >= 224 || startsWith(network, '169.254.') || startsWith(
    network,
    '168.63.129.'
  )

@export()
@description('Year and month of a day, as a number that compares: 202612.')
func monthOf(day string) int => int(replace(substring(day, 0, 7), '-', ''))
