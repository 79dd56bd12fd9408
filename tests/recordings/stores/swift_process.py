"""OpenStack Swift with its S3 interface in one process: `swift_process.py FOLDER`.

Proxy, account, container and object server share one loop, so that it starts in a
few seconds. It ends by itself when nobody holds FOLDER/users locked any more.
"""

import fcntl
import json
import os
import shutil
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")  # of eventlet, which swift is built on

# After the warnings were turned off; neither package has types.
import eventlet  # type: ignore[import-untyped]  # noqa: E402
from eventlet import wsgi  # noqa: E402
from swift.common import utils  # type: ignore[import-untyped]  # noqa: E402

utils.monkey_patch()

# After the patch.
from swift.common.ring import RingBuilder  # type: ignore[import-untyped]  # noqa: E402
from swift.common.wsgi import (  # type: ignore[import-untyped]  # noqa: E402
    SwiftHttpProtocol,
    loadapp,
)

LOOPBACK = "127.0.0.1"
BACK = ("account", "container", "object")
LONGEST_IDLE = 1.0
PIPELINE = (
    "catch_errors gatekeeper proxy-logging cache listing_formats s3api tempauth copy "
    "slo dlo versioned_writes proxy-logging proxy-server"
)
FILTERS = {
    "catch_errors": "",
    "gatekeeper": "",
    "proxy-logging": "",
    "cache": "memcache",
    "listing_formats": "",
    "s3api": "auth_pipeline_check = false\nmin_segment_size = 5242880\n",
    "tempauth": "user_test_tester = testing .admin\n",
    "copy": "",
    "slo": "",
    "dlo": "",
    "versioned_writes": "",
}
USES = {"proxy-logging": "proxy_logging", "cache": "memcache"}


def main(folder: Path) -> None:
    """Serve until nobody needs it, then remove the folder's content."""
    server = folder / "server"
    devices = server / "devices"
    (devices / "d1").mkdir(parents=True)
    (server / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n"
        "[storage-policy:0]\nname = gold\ndefault = yes\n"
    )
    utils.set_swift_dir(str(server))
    sockets = {name: eventlet.listen((LOOPBACK, 0)) for name in (*BACK, "proxy")}
    for name in BACK:
        _write_ring(server, name, sockets[name].getsockname()[1])
        (server / f"{name}.conf").write_text(_back_conf(name, server))
    (server / "proxy.conf").write_text(_proxy_conf(server))
    for name in (*BACK, "proxy"):
        eventlet.spawn(_serve, sockets[name], str(server / f"{name}.conf"))
    port = sockets["proxy"].getsockname()[1]
    info = {"endpoint_url": f"http://{LOOPBACK}:{port}"}
    written = server / "info"
    written.write_text(json.dumps(info))
    written.rename(folder / "info")
    _wait_until_unused(folder)


def _wait_until_unused(folder: Path) -> None:
    with (folder / "users").open("w") as users:
        while True:
            eventlet.sleep(LONGEST_IDLE)
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            # Whoever comes now waits for the lock, finds no info, starts another.
            (folder / "info").unlink()
            shutil.rmtree(folder / "server", ignore_errors=True)
            os._exit(0)


def _serve(listening: object, conf: str) -> None:
    wsgi.server(
        listening,
        loadapp(conf),
        None,
        protocol=SwiftHttpProtocol,
        capitalize_response_headers=False,
        log_output=False,
    )


def _write_ring(server: Path, name: str, port: int) -> None:
    builder = RingBuilder(4, 1, 0)
    builder.add_dev(
        {
            "region": 1,
            "zone": 1,
            "ip": LOOPBACK,
            "port": port,
            "device": "d1",
            "weight": 1,
        }
    )
    builder.rebalance()
    builder.get_ring().save(str(server / f"{name}.ring.gz"))


def _back_conf(name: str, server: Path) -> str:
    return (
        f"[DEFAULT]\nswift_dir = {server}\ndevices = {server / 'devices'}\n"
        "mount_check = false\nfallocate_reserve = 0\nworkers = 0\n"
        f"[pipeline:main]\npipeline = {name}-server\n"
        f"[app:{name}-server]\nuse = egg:swift#{name}\n"
    )


def _proxy_conf(server: Path) -> str:
    parts = [
        f"[DEFAULT]\nswift_dir = {server}\nworkers = 0\n"
        f"[pipeline:main]\npipeline = {PIPELINE}\n"
        "[app:proxy-server]\nuse = egg:swift#proxy\n"
        "allow_account_management = true\naccount_autocreate = true\n"
    ]
    for name, options in FILTERS.items():
        parts.append(f"[filter:{name}]\nuse = egg:swift#{USES.get(name, name)}\n")
        if name != "cache":
            parts.append(options)
    return "".join(parts)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
