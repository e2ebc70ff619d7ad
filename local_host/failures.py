"""The texts in which the real host wraps an exception of the app; apps parse them, so their form is part of the protocol."""

from __future__ import annotations

import json

from local_host.errors import UserCodeFailed

# HResult of System.Exception, COR_E_EXCEPTION.
_HRESULT = -2146233088


def activity_reason(name: str, failure: UserCodeFailed) -> str:
    """Reason of a TaskFailed; the two blanks before the type are the real host's."""
    return f"Activity function '{name}' failed:  {failure}"


def activity_details(failure: UserCodeFailed) -> str:
    """Details of a TaskFailed: one line of JSON, a serialised .NET exception whose `Message` starts with a blank."""
    inner = {
        "$type": "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script",
        "IsUserException": False,
        "RemoteStackTrace": failure.stack,
        "RemoteMessage": str(failure),
        "RemoteTypeName": None,
        "Message": f"Result: Failure\nType: \nException: {failure}\nStack: {failure.stack}",
        "Data": {},
        "InnerException": None,
        "HelpLink": None,
        "Source": "System.Private.CoreLib",
        "HResult": _HRESULT,
        "StackTrace": None,
    }
    return json.dumps(
        {
            "$type": "System.Exception, System.Private.CoreLib",
            "ClassName": "System.Exception",
            "Message": f" {failure}",
            "Data": None,
            "InnerException": inner,
            "HelpURL": None,
            "StackTraceString": None,
            "RemoteStackTraceString": None,
            "RemoteStackIndex": 0,
            "ExceptionMethod": None,
            "HResult": _HRESULT,
            "Source": None,
            "WatsonBuckets": None,
        }
    )


def unlabelled_error(failure: UserCodeFailed) -> str:
    """An exception that left the orchestrator without going through the SDK's answer."""
    return f"One or more errors occurred. (Result: Failure\nException: {failure}\nStack: {failure.stack})"
