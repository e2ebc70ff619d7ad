"""Exceptions of .NET as the host's extension serialises them into the details of a failed activity."""

from __future__ import annotations

from typing import Any, Final

# HResult of System.Exception, COR_E_EXCEPTION.
HRESULT: Final = -2146233088
NO_DATA: Final = {"$type": "System.Collections.ListDictionaryInternal, System.Private.CoreLib"}
INVOKER_STACK: Final = (
    "   at Microsoft.Azure.WebJobs.Script.Description.WorkerFunctionInvoker.InvokeCore"
    "(Object[] parameters, FunctionInvocationContext context)"
)


def exception_fields(class_name: str, message: str, inner: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the fields that .NET serialises of any exception, in their order.

    Args:
        class_name: With its namespace, without its assembly.
        message: Of the exception.
        inner: The fields of the exception that it wraps, with their `$type`.
    """
    return {
        "ClassName": class_name,
        "Message": message,
        "Data": None,
        "InnerException": inner,
        "HelpURL": None,
        "StackTraceString": None,
        "RemoteStackTraceString": None,
        "RemoteStackIndex": 0,
        "ExceptionMethod": None,
        "HResult": HRESULT,
        "Source": None,
        "WatsonBuckets": None,
    }
