"""One broken rule of a request, in one form for HTTP problems, rejected lines and rejected runs."""

from domain.wire import Wire


class FieldError(Wire):
    """One broken rule.

    Attributes:
        field: The path of the field, such as `lines[0].quantity`.
        rule: The rule, for programs.
        message: The rule, for people, without the rejected value.
    """

    field: str
    rule: str
    message: str
