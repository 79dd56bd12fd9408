"""Is it alive, is it ready, how is it doing: for load balancers and operators."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from base.readiness import overall_status, run_checks
from interviewlm import checks
from interviewlm.metrics import CONTENT_TYPE, render_metrics

checks.register_all()

_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer while the process is alive; asks nothing of anything else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when every critical part works, else 503, and say how to mend it."""
    results = run_checks()
    status = overall_status(results)
    body = {
        "status": status,
        "version": settings.VERSION,
        "checks": [result.as_dict() for result in results],
    }
    return JsonResponse(body, status=503 if status == "failed" else 200)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer to the bearer of METRICS_TOKEN, or to this machine itself."""
    if not (_has_token(request) or _is_local(request)):
        return HttpResponse("Send METRICS_TOKEN as bearer.\n", status=403)
    return HttpResponse(render_metrics(), content_type=CONTENT_TYPE)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.METRICS_TOKEN
    return (
        bool(expected)
        and scheme.lower() == "bearer"
        and constant_time_compare(token.strip(), expected)
    )


def _is_local(request: HttpRequest) -> bool:
    """Say whether the peer is this machine, and not a proxy on it for somebody."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR") or "").is_loopback
    except ValueError:
        return False
