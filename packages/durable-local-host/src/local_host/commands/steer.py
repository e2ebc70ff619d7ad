"""`raise`, `terminate`, `suspend`, `resume`, `rewind`, `purge`: act on instances."""

from __future__ import annotations

import json
from argparse import Namespace

from local_host.commands.client import Client, CommandFailed


def raise_event(options: Namespace) -> int:
    """Raise an event."""
    try:
        json.loads(options.data)
    except ValueError:
        raise CommandFailed(f"The data must be JSON; for a text, quote it twice: '\"{options.data}\"'.") from None
    Client(options.url).raise_event(options.instance, options.event, options.data)
    print(f"raised {options.event} for {options.instance}")
    return 0


def steer(options: Namespace) -> int:
    """Terminate, suspend, resume or rewind an instance, as `options.operation` says."""
    Client(options.url).steer(options.instance, options.operation, options.reason)
    print(f"{options.operation} requested for {options.instance}")
    return 0


def purge(options: Namespace) -> int:
    """Purge one instance, or all that have ended since a time."""
    client = Client(options.url)
    if options.instance:
        count = client.purge(options.instance)
    elif options.created_from:
        query = {"createdTimeFrom": options.created_from}
        if options.created_to:
            query["createdTimeTo"] = options.created_to
        if options.status:
            query["runtimeStatus"] = options.status
        count = client.purge_many(**query)
    else:
        raise CommandFailed("Name an instance, or pass --created-from to purge all ended ones since then.")
    print(f"purged {count} instance{'' if count == 1 else 's'}")
    return 0
