"""One thing wrong with what somebody sent, in one form for HTTP problems, rejected lines and rejected runs."""

from domain.wire import Wire


class FieldError(Wire):
    """field: its path, such as `lines[0].quantity`. rule: for programs; message: for people, without the rejected value."""

    field: str
    rule: str
    message: str
