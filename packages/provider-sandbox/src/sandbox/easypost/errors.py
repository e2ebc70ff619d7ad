"""EasyPost's refusals: an HTTP status and the `error` object `{"code", "message", "errors"}`."""

from typing import Any

from sandbox.core.exchange import Answer


class EasyPostRefusal(Exception):
    """errors: details as EasyPost lists them, each `{"field", "message", …}`."""

    def __init__(self, status: int, code: str, message: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors or []

    def answer(self) -> Answer:
        """Return the answer as EasyPost has it."""
        error = {"code": self.code, "message": self.message, "errors": self.errors}
        return Answer(status=self.status, body={"error": error})


def missing(field: str) -> EasyPostRefusal:
    """Return the refusal of a request that lacks a field."""
    details = [{"field": field, "message": "cannot be blank"}]
    return EasyPostRefusal(422, "PARAMETER.REQUIRED", "Missing required parameter.", details)


def invalid(field: str, rule: str) -> EasyPostRefusal:
    """Return the refusal of a field. rule: what the field must be, without repeating its value."""
    return EasyPostRefusal(422, "PARAMETER.INVALID", "Invalid parameter.", [{"field": field, "message": rule}])


def not_found() -> EasyPostRefusal:
    """Return the refusal for an object that does not exist."""
    return EasyPostRefusal(404, "NOT_FOUND", "The requested resource could not be found.")
