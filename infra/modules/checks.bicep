// Whether an input has the form that Azure takes, judged before anything is made. The language has no regular expressions, so a
// text is taken apart. What could fail for a text of another form is worked out behind a `?` alone: that side is left out.

func letters() string => 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

func digits() string => '0123456789'

func hexDigits() string => '${digits()}abcdefABCDEF'

func alphanumeric() string => '${letters()}${digits()}'

func characters(text string) string[] => map(range(0, length(text)), i => substring(text, i, 1))

func holdsOnly(text string, allowed string) bool => empty(filter(characters(text), one => !contains(allowed, one)))

func isAlphanumeric(text string) bool => holdsOnly(text, alphanumeric())

func firstOf(text string) string => take(text, 1)

func lastOf(text string) string => skip(text, max(length(text) - 1, 0))

func ends(text string) string => '${firstOf(text)}${lastOf(text)}'

func lengths(parts string[]) string => join(map(parts, part => string(length(part))), '-')

@export()
@description('The texts of a list, and those that stand in one text with commas between them.')
func listed(texts string[]) string[] => filter(flatten(map(texts, text => split(text, ','))), text => !empty(text))

@export()
@description('Whether an environment may have this name: the resource group, the budget and the alerts are named after it.')
func isEnvironmentName(name string) bool => holdsOnly(name, '${alphanumeric()}-_') && isAlphanumeric(ends(name))

@export()
@description('Whether a task hub may have this name: tables, queues, containers or a database are named after it.')
func isTaskHubName(name string) bool => isAlphanumeric(name) && holdsOnly(firstOf(name), letters())

@export()
@description('Whether this has the form of a region\'s name, such as northeurope.')
func isRegionName(text string) bool => !empty(text) && isAlphanumeric(text)

@export()
@description('Whether this has the form of an address or a range of addresses, IPv4 or IPv6.')
func isAddressRange(text string) bool => holdsOnly(text, '${hexDigits()}.:/') && contains(replace(text, ':', '.'), '.')

@export()
@description('Whether this is the resource id of a data collection rule.')
func isCollectionRule(id string) bool => startsWith(toLower(id), '/subscriptions/') && contains(toLower(id), '/providers/microsoft.insights/datacollectionrules/')

@export()
@description('Whether this is the id of a principal or of an application.')
func isGuid(text string) bool => lengths(split(text, '-')) == '8-4-4-4-12' && holdsOnly(text, '${hexDigits()}-')

@export()
@description('Whether this is a phone: the country code and the number, with a hyphen between them.')
func isPhone(text string) bool => length(split(text, '-')) == 2 && isDialled(split('${text}-', '-'))

func isDialled(parts string[]) bool => isNumber(parts[0], 3) && isNumber(parts[1], 14)

@export()
@description('Whether this is one e-mail address, with nothing around it.')
func isEmailAddress(text string) bool => length(split(text, '@')) == 2 && isMailboxAt(split('${text}@', '@'))

func isMailboxAt(parts string[]) bool => isMailbox(parts[0]) && isDomain(parts[1])

func isMailbox(text string) bool => isDotted(text) && length(text) <= 64 && holdsOnly(text, mailboxCharacters())

func mailboxCharacters() string => '${alphanumeric()}.!#$%&\'*+-/=?^_`{|}~'

func isDotted(text string) bool => empty(filter(split(text, '.'), part => empty(part)))

@export()
@description('Whether this has the form of a domain, such as a DNS zone.')
func isDomain(text string) bool => contains(text, '.') && length(text) <= 253 && areLabels(split(text, '.'))

func areLabels(labels string[]) bool => empty(filter(labels, label => empty(label) || !isLabel(label)))

func isLabel(text string) bool => holdsOnly(text, '${alphanumeric()}-') && isAlphanumeric(ends(text))

@export()
@description('Whether a budget may start on this day: the first of a month, as year, month and day, not before June 2017.')
func isFirstOfMonth(text string) bool => isDay(text) ? isFirst(text) : false

func isDay(text string) bool => lengths(split(text, '-')) == '4-2-2' && holdsOnly(replace(text, '-', ''), digits())

func isFirst(day string) bool => endsWith(day, '-01') && isMonth(split(day, '-')[1]) && monthOf(day) >= 201706

func isMonth(text string) bool => int(text) >= 1 && int(text) <= 12

@export()
@description('Year and month of a day, as a number that compares: 202612.')
func monthOf(day string) int => int(replace(substring(day, 0, 7), '-', ''))

@export()
@description('Whether this is an IPv4 network in CIDR notation, without bits behind its prefix.')
func isNetwork(text string) bool => hasFormOfNetwork(text) ? isWithoutRest(text) : false

func hasFormOfNetwork(text string) bool => isDottedQuad(split('${text}/', '/')) && isPrefixed(text)

func isPrefixed(text string) bool => length(split(text, '/')) == 2 && isNumber(split('${text}/', '/')[1], 2)

func isDottedQuad(parts string[]) bool => length(split(parts[0], '.')) == 4 && areNumbers(split(parts[0], '.'))

func areNumbers(parts string[]) bool => empty(filter(parts, part => !isNumber(part, 3)))

func isNumber(text string, most int) bool => !empty(text) && length(text) <= most && holdsOnly(text, digits())

func isWithoutRest(text string) bool => isInRange(text) ? cidrSubnet(text, prefixOf(text), 0) == text : false

func isInRange(text string) bool => max(numbersOf(split(text, '/')[0])) <= 255 && prefixOf(text) <= 32

func numbersOf(address string) int[] => map(split(address, '.'), part => int(part))

func prefixOf(network string) int => int(split(network, '/')[1])

@export()
@description('Whether a network has room for two subnets of /26, and is not wider than /8.')
func isLargeEnough(network string) bool => prefixOf(network) >= 8 && prefixOf(network) <= 25

@export()
@description('Whether a network has room for a third subnet of /26.')
func hasRoomForRunners(network string) bool => isNetwork(network) ? prefixOf(network) <= 24 : false

@export()
@description('Whether Azure keeps a network for itself: loopback, link-local, multicast, and its own address 168.63.129.16.')
func isReserved(network string) bool => isReservedBlock(split(network, '.')) || isReservedAddress(split(network, '.'))

func isReservedBlock(parts string[]) bool => contains(['0', '127'], parts[0]) || int(parts[0]) >= 224

func isReservedAddress(parts string[]) bool => contains(['169.254', '168.63'], '${parts[0]}.${parts[1]}')
