"""`make cluster`: one machine with real servers, as plain processes."""

import contextlib
import time
from collections.abc import MutableMapping, Sequence

from interviewlm.cluster import servers
from interviewlm.demo import processes, report
from interviewlm.demo.children import Spec
from interviewlm.demo.environment import Demo
from interviewlm.demo.launch import (
    in_words,
    is_simulated,
    parse,
    prepared,
    start_back,
    supervised,
    wait_until_ready,
)
from interviewlm.demo.readiness import Readiness
from tools.bootstrap.console import SetupError, duration, refuse, say, timed
from tools.bootstrap.ports import LOOPBACK, free_port, parse_port

WEB_PROCESSES = 2
WORKERS = 2


def main(arguments: Sequence[str], environ: MutableMapping[str, str]) -> int:
    """Run the cluster until told to stop; return the exit code."""
    options = parse(arguments, environ, prog="cluster")
    try:
        cluster = Demo(
            port=parse_port(options.port),
            simulator_port=free_port(),
            name="cluster",
            folder=options.folder,
            end="Its data goes with it.",
        )
        # The servers' data goes with them, so the folder starts empty as well.
        with (
            prepared(cluster, environ, is_reset=True),
            contextlib.ExitStack() as stack,
        ):
            environ.update(start_servers(stack))
            _run(cluster, is_simulated=is_simulated(environ))
    except (SetupError, OSError) as error:
        refuse(in_words(error))
        return 1
    except KeyboardInterrupt:
        say("")
    return 0


def _run(cluster: Demo, *, is_simulated: bool) -> None:
    begun = time.monotonic()
    ports = [free_port() for _number in range(WEB_PROCESSES)]
    addresses = [f"http://{LOOPBACK}:{port}" for port in (*ports, cluster.port)]
    with supervised(cluster) as supervisor:
        with supervisor.interruptible():
            start_back(supervisor, cluster, is_simulated=is_simulated)
            supervisor.start(specs(cluster.port, ports))
            readiness = [Readiness(address) for address in addresses]
            wait_until_ready(supervisor, readiness, cluster)
        report.print_ready(cluster)
        say(f"Ready after {duration(time.monotonic() - begun)}.")
        supervisor.run_until_told()


def start_servers(stack: contextlib.ExitStack) -> dict[str, str]:
    """Start PostgreSQL, Redis and a stand-in for S3; return the settings that name them."""
    # moto keeps recordings in memory and checks no signature: a stand-in for a store.
    with timed("Starting PostgreSQL, Redis and moto (a stand-in for S3, in memory)"):
        database = stack.enter_context(servers.postgres())
        redis = stack.enter_context(servers.redis_server())
        bucket = stack.enter_context(servers.s3_server())
    return {
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "CELERY_BROKER_URL": redis,
        **bucket.as_env(),
    }


def specs(port: int, web_ports: Sequence[int]) -> list[Spec]:
    """Return the product's processes and the balancer in front of them."""
    number = enumerate(web_ports, start=1)
    webs = [processes.web(f"web {index}", each) for index, each in number]
    workers = [processes.worker(f"worker {index + 1}") for index in range(WORKERS)]
    argv = [processes.PYTHON, "-m", "interviewlm.cluster.balancer"]
    argv += ["--port", str(port), *(f"--to={each}" for each in web_ports)]
    balancer = Spec("balancer", tuple(argv), knows_secrets=False)
    return [*webs, *workers, processes.beat(), balancer]
