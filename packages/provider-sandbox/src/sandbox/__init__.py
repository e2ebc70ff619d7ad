"""Stand-ins for the payment provider and the carrier: their wire formats, their refusals, ledgers, and faults to order.

Nothing here knows the app, and nothing of the app is imported. What must stay true: the providers' own SDKs work
unmodified against it; an answer is sent only after its effect is committed; amounts balance or the call is refused.
"""
