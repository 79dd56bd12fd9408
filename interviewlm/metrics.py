"""What /metrics tells: this process's requests, and the state in the database."""

import os
from collections.abc import Iterator

from django.db.models import Count, Min, Model, Sum
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from accounts.enums import OutboxState
from accounts.models import Outbox
from assistant.model_metrics import collect_models
from base.clock import now
from billing.enums import ReservationState, Scope
from billing.models import BudgetAlert, Reservation, SpendWindow
from billing.services.repricing import unknown_calls
from interviews.models import Interview, PipelineStep, Run

CONTENT_TYPE = CONTENT_TYPE_LATEST

REQUESTS = Counter(
    "interviewlm_http_requests", "Answered HTTP requests", ["method", "status"]
)
SECONDS = Histogram("interviewlm_http_request_seconds", "Time to answer, in seconds")

_YES_OR_NO = {True: "yes", False: "no"}
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def observe_request(method: str | None, status: int, seconds: float) -> None:
    """Count one answered request."""
    name = method if method in _METHODS else "other"
    REQUESTS.labels(method=name, status=str(status)).inc()
    SECONDS.observe(seconds)


def render_metrics() -> bytes:
    """Return the metrics in Prometheus' text format.

    What the database knows is the same from every process. Counters are this
    process's own unless PROMETHEUS_MULTIPROC_DIR makes all of them share files.
    """
    processes: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        processes = CollectorRegistry()
        MultiProcessCollector(processes)  # type: ignore[no-untyped-call]
    database = CollectorRegistry()
    database.register(_DatabaseCollector())
    return generate_latest(processes) + generate_latest(database)


class _DatabaseCollector(Collector):
    def collect(self) -> Iterator[Metric]:
        yield _by_state("interviewlm_interviews", "Interviews by state", Interview)
        yield _by_state("interviewlm_runs", "Runs by state", Run)
        yield _by_state("interviewlm_mails", "Mails by state", Outbox)
        steps = GaugeMetricFamily(
            "interviewlm_pipeline_steps",
            "Pipeline steps by name and state",
            labels=["step", "state"],
        )
        rows = PipelineStep.objects.order_by().values_list("name", "state")
        for name, state, count in rows.annotate(Count("pk")):
            steps.add_metric([name, state], count)
        yield steps
        yield _oldest_mail()
        yield from _money()
        yield from collect_models()


def _by_state(name: str, text: str, model: type[Model]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["state"])
    rows = model._default_manager.order_by().values_list("state")
    for state, count in rows.annotate(Count("pk")):
        family.add_metric([state], count)
    return family


def _oldest_mail() -> GaugeMetricFamily:
    oldest = Outbox.objects.filter(state=OutboxState.WAITING).aggregate(
        at=Min("created_at")
    )["at"]
    return GaugeMetricFamily(
        "interviewlm_oldest_waiting_mail_seconds",
        "Age of the oldest mail that waits",
        value=(now() - oldest).total_seconds() if oldest else 0,
    )


def _money() -> Iterator[GaugeMetricFamily]:
    """Yield what is spent, reserved and unknown; simulated dollars apart."""
    spent = GaugeMetricFamily(
        "interviewlm_spent_month_usd",
        "US dollars spent since the first of the month, by purpose",
        labels=["purpose", "simulated"],
    )
    month = SpendWindow.objects.filter(
        scope=Scope.PAYER_MONTH, starts_on=now().date().replace(day=1)
    ).exclude(purpose="")
    rows = month.order_by().values_list("purpose", "is_simulated")
    for purpose, is_simulated, usd in rows.annotate(Sum("spent_usd")):
        spent.add_metric([purpose, _YES_OR_NO[is_simulated]], float(usd))
    yield spent
    count = GaugeMetricFamily(
        "interviewlm_open_reservations", "Calls under way", labels=["simulated"]
    )
    dollars = GaugeMetricFamily(
        "interviewlm_reserved_usd",
        "US dollars put aside for calls under way",
        labels=["simulated"],
    )
    opened = Reservation.objects.filter(state=ReservationState.OPEN).order_by()
    for is_simulated, calls, usd in opened.values_list("is_simulated").annotate(
        Count("pk"), Sum("amount_usd")
    ):
        count.add_metric([_YES_OR_NO[is_simulated]], calls)
        dollars.add_metric([_YES_OR_NO[is_simulated]], float(usd))
    yield count
    yield dollars
    yield GaugeMetricFamily(
        "interviewlm_waiting_budget_alerts",
        "Budget alerts nobody was told of yet",
        value=BudgetAlert.objects.filter(told_at=None).count(),
    )
    yield GaugeMetricFamily(
        "interviewlm_unknown_cost_calls",
        "Real calls whose cost nobody knows",
        value=unknown_calls().filter(is_simulated=False).count(),
    )
