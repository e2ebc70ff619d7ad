"""Where the spans of the app go, read by itself: every call of a function asks for it, whatever becomes of the other settings."""

from collections.abc import Mapping
from dataclasses import dataclass

import setting_values as read
from setting_values import InvalidSetting


@dataclass(frozen=True, kw_only=True)
class TracingSettings:
    """Where the spans of the app go, and those of how many orders.

    Attributes:
        collector: The address of a collector that takes OTLP over HTTP; None for none.
        insights: The connection string of Application Insights; None to send it no spans.
        percent: Of how many orders spans are sent. Those of the others are sent where something failed.
        service: By which name the app goes: the role of its telemetry in Application Insights.
    """

    collector: str | None = None
    insights: str | None = None
    percent: int = 100
    service: str = "durable-orders"

    @property
    def makes_spans(self) -> bool:
        """Whether spans go anywhere."""
        return self.collector is not None or self.insights is not None


def tracing_settings(env: Mapping[str, str]) -> TracingSettings:
    """Return where the spans go.

    Raises:
        InvalidSetting: A setting is not of its form, or one that it needs is missing.
    """
    collector = read.optional(env, "OTEL_EXPORTER_OTLP_ENDPOINT")
    if collector is not None and not read.names_a_host(collector, ("http", "https")):
        raise InvalidSetting("OTEL_EXPORTER_OTLP_ENDPOINT", "must be an address such as http://127.0.0.1:4318")
    percent = read.whole(env, "TRACED_PERCENT", TracingSettings.percent)
    if percent > 100:
        raise InvalidSetting("TRACED_PERCENT", "must be from 0 to 100")
    insights = None
    if read.yes(env, "INSIGHTS_SPANS"):
        insights = read.optional(env, "APPLICATIONINSIGHTS_CONNECTION_STRING")
        if insights is None:
            raise InvalidSetting("INSIGHTS_SPANS", "needs APPLICATIONINSIGHTS_CONNECTION_STRING")
    service = read.optional(env, "WEBSITE_SITE_NAME") or TracingSettings.service
    return TracingSettings(collector=collector, insights=insights, percent=percent, service=service)
