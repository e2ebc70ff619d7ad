"""What the functions of the language return, as far as it is fixed."""

from __future__ import annotations

FUNCTIONS = {
    "string": """
        base64 base64ToString buildUri cidrHost cidrSubnet dataUri dataUriToString dateTimeAdd dateTimeFromEpoch
        extensionResourceId fail format guid join loadFileAsBase64 loadTextContent managementGroupResourceId nameof
        newGuid padLeft readCliArg readEnvironmentVariable replace resourceId string subscriptionResourceId substring
        tenantResourceId toLogicalZone toLower toPhysicalZone toUpper trim uniqueString uri uriComponent
        uriComponentToString utcNow
        """,
    "int": """
        dateTimeToEpoch indexOf int lastIndexOf length
        """,
    "bool": """
        bool contains empty endsWith like startsWith
        """,
    "array": """
        array distinct filter flatten items loadDirectoryFileInfo map objectKeys pickZones range sort split
        toLogicalZones toPhysicalZones
        """,
    "object": """
        groupBy mapValues parseCidr parseUri shallowMerge toObject
        """,
    "any": """
        any base64ToJson coalesce concat deployer deployment environment externalInput first getSecret intersection
        json last list listAccountSas listKeys listServiceSas loadJsonContent loadYamlContent managementGroup max min
        providers reduce reference resourceGroup roleDefinitions skip subscription take tenant tryGet union
        """,
}
RETURNS = {name: plain for plain, names in FUNCTIONS.items() for name in names.split()}
TEXT_MEMBERS = {  # what the scope functions return, as far as it is fixed
    "environment": {
        "name",
        "resourceManager",
        "portal",
        "graph",
        "graphAudience",
        "batch",
        "gallery",
        "media",
        "sqlManagement",
        "vmImageAliasDoc",
        "activeDirectoryDataLake",
        "authentication",
        "suffixes",
    },
    "suffixes": {
        "acrLoginServer",
        "azureDatalakeAnalyticsCatalogAndJob",
        "azureDatalakeStoreFileSystem",
        "azureFrontDoorEndpointSuffix",
        "keyvaultDns",
        "sqlServerHostname",
        "storage",
    },
    "authentication": {"audiences", "identityProvider", "loginEndpoint", "tenant"},
    "subscription": {"id", "subscriptionId", "tenantId", "displayName"},
    "resourceGroup": {"id", "name", "type", "location", "managedBy", "tags", "properties"},
    "tenant": {"tenantId", "country", "countryCode", "displayName"},
    "deployer": {"objectId", "tenantId", "userPrincipalName"},
    "roleDefinitions": {"id", "roleDefinitionId"},
}
