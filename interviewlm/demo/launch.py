"""From the command line to a running demo, and down again."""

import argparse
import time
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from interviewlm.demo import data, processes, report
from interviewlm.demo.environment import (
    ROOT,
    Demo,
    build_env,
    locked,
    prepare_folder,
)
from interviewlm.demo.readiness import Readiness, accepts
from interviewlm.demo.supervisor import Supervisor
from tools.bootstrap.console import SetupError, duration, refuse, say, timed
from tools.bootstrap.ports import free_port, parse_port, require_free

BACK_SECONDS = 30.0
READY_SECONDS = 120.0


def main(arguments: Sequence[str], environ: MutableMapping[str, str]) -> int:
    """Run the demo until told to stop; return the exit code."""
    options = parse(arguments, environ, prog="demo")
    try:
        demo = Demo(
            port=parse_port(options.port),
            simulator_port=free_port(),
            folder=options.folder,
        )
        with prepared(demo, environ, is_reset=options.reset):
            _run(demo, is_simulated=is_simulated(environ))
    except (SetupError, OSError) as error:
        refuse(in_words(error))
        return 1
    except KeyboardInterrupt:
        say("")
    return 0


def parse(
    arguments: Sequence[str], environ: Mapping[str, str], *, prog: str
) -> argparse.Namespace:
    """Read --port and --reset, which make passes as PORT and RESET."""
    parser = argparse.ArgumentParser(prog=prog)
    parser.add_argument("--port", default=environ.get("PORT") or "8000")
    parser.add_argument(
        "--reset",
        action="store_true",
        default=environ.get("RESET", "") not in {"", "0", "no"},
        help="throw away its data and start anew",
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "var")
    return parser.parse_args(arguments)


@contextmanager
def prepared(
    demo: Demo, environ: MutableMapping[str, str], *, is_reset: bool
) -> Iterator[None]:
    """Hold the lock, make the folder, set the environment."""
    with locked(demo):
        require_free(demo.port)
        prepare_folder(demo, is_reset=is_reset)
        environ.update(build_env(demo, environ))
        yield


def is_simulated(environ: Mapping[str, str]) -> bool:
    """Return whether the simulator answers instead of Claude."""
    return environ["ASSISTANT_PROVIDER"] == "simulator"


def in_words(error: SetupError | OSError) -> SetupError:
    """Return the error as a sentence and its mend."""
    if isinstance(error, SetupError):
        return error
    return SetupError(f"It stopped: {error}.", "Run the same command again.")


@contextmanager
def supervised(demo: Demo) -> Iterator[Supervisor]:
    """Yield a supervisor; at the end, however it comes, stop every child."""
    supervisor = Supervisor(demo.logs, ROOT)
    supervisor.install_signal_handlers()
    try:
        yield supervisor
    except KeyboardInterrupt:
        say("")
    finally:
        say("\nStopping …")
        killed = supervisor.stop()
        if killed:
            say(f"Had to be killed: {', '.join(killed)}.")
        say("Everything has stopped.")


def _run(demo: Demo, *, is_simulated: bool) -> None:
    begun = time.monotonic()
    with supervised(demo) as supervisor:
        with supervisor.interruptible():
            start_back(supervisor, demo, is_simulated=is_simulated)
            supervisor.start(processes.front(demo))
            wait_until_ready(supervisor, [Readiness(demo.url)], demo)
        report.print_ready(demo)
        say(f"Ready after {duration(time.monotonic() - begun)}.")
        supervisor.run_until_told()


def start_back(supervisor: Supervisor, demo: Demo, *, is_simulated: bool) -> None:
    """Start runner and simulator, and make the data while they come up.

    The sample is made by the product's own services, so they must answer first.
    """
    supervisor.start(processes.back(demo, is_simulated=is_simulated))
    data.set_up_django(ROOT)
    data.prepare_database()
    if is_simulated:
        supervisor.wait_for(lambda: accepts(demo.simulator_port), BACK_SECONDS)
    supervisor.wait_for(demo.runner_socket.exists, BACK_SECONDS)
    data.load_sample()


def wait_until_ready(
    supervisor: Supervisor, readiness: Sequence[Readiness], demo: Demo
) -> None:
    """Return once every web process is green; raise SetupError if one stays red."""
    with timed("Starting web server and worker"):
        for each in readiness:
            if not supervisor.wait_for(each.is_green, READY_SECONDS):
                raise SetupError(
                    f"The {demo.name} did not become ready.",
                    report.red_lines(each.report, demo.logs),
                )
    supervisor.is_ready = True
