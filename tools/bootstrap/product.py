"""What is made of the product itself: the candidates' toolchain, the static files."""

import secrets

from tools.bootstrap.commands import run
from tools.bootstrap.console import timed
from tools.bootstrap.frontend import make_node, node_env
from tools.bootstrap.paths import PYTHON, REQUIREMENTS, ROOT, STATIC, TOOLCHAIN, VAR
from tools.bootstrap.stamps import fingerprint, forget, is_done, mark_done


def make_toolchain() -> None:
    """Have the read-only tree that candidates' programs see at /opt/toolchain."""
    node = make_node()
    pins = [REQUIREMENTS / "toolchain.txt", REQUIREMENTS / "toolchain-node.txt"]
    key = fingerprint([ROOT / "runner" / "toolchain", *pins], node.program)
    if is_done("toolchain", key, TOOLCHAIN):
        return
    forget("toolchain")
    with timed("Building the candidates' toolchain"):
        run(
            [PYTHON, "-m", "runner.toolchain", "build", "--target", TOOLCHAIN],
            log="toolchain",
            failure="The candidates' toolchain could not be built.",
            env=node_env(node),
        )
    mark_done("toolchain", key)


def make_static() -> None:
    """Have the hashed static files in var/static."""
    key = fingerprint(
        [
            ROOT / "static",
            REQUIREMENTS / "base.txt",
            ROOT / "interviewlm/staticfiles.py",
        ]
    )
    if is_done("static", key, STATIC / "staticfiles.json"):
        return
    forget("static")
    with timed("Collecting static files"):
        run(
            [PYTHON, "manage.py", "collectstatic", "--noinput", "--clear"],
            log="static",
            failure="The static files could not be collected.",
            env={
                "INTERVIEWLM_ENV": "development",
                "SECRET_KEY": secrets.token_urlsafe(32),
                "PUBLIC_URL": "http://127.0.0.1",
                "VAR_DIR": str(VAR),
                "STATIC_ROOT": str(STATIC),
            },
        )
    mark_done("static", key)
