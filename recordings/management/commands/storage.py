"""`manage.py storage`: the bucket's rules, the sweep of orphans, what is due to go."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from base.bucket import read_bucket
from recordings.services.retention import delete_media, list_due
from recordings.services.store_sweep import SweepReport, sweep_store
from recordings.storage import StorageError, get_store
from recordings.storage.rules import apply_rules, build_rules, read_rules

# Of each kind; --json has all of them.
NAMED = 20
MIB = 1024 * 1024


class Command(BaseCommand):
    """Nothing is changed without --apply."""

    help = "Look after the store of recordings: lifecycle, sweep, expire."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the action and whether to do it."""
        actions = parser.add_subparsers(dest="action", required=True)
        lifecycle = actions.add_parser("lifecycle", help="the bucket's own rules")
        lifecycle.add_argument("--show", action="store_true", help="the default")
        _add_common(lifecycle)
        sweep = actions.add_parser("sweep", help="objects no row knows, and lost ones")
        sweep.add_argument("--dry-run", action="store_true", help="the default")
        _add_common(sweep)
        expire = actions.add_parser("expire", help="media past their retention")
        expire.add_argument("--dry-run", action="store_true", help="the default")
        expire.add_argument("--limit", type=int, default=100, help="interviews")
        _add_common(expire)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and tell; a store that does not answer is an error."""
        if options["apply"] and (options.get("dry_run") or options.get("show")):
            raise CommandError("Either look or --apply, not both.")
        action = getattr(self, f"_{options['action']}")
        try:
            action(options)
        except StorageError as error:
            cause = error.__cause__ or error
            raise CommandError(f"The store refused or did not answer: {cause}") from (
                error
            )

    def _lifecycle(self, options: dict[str, Any]) -> None:
        bucket = read_bucket()
        if bucket is None:
            raise CommandError("Recordings lie on a disk, which has no rules.")
        if options["apply"]:
            rules = apply_rules(bucket)
            self._write({"rules": rules}, options)
            return
        found = {
            "provider": bucket.provider.label,
            "wanted": build_rules(bucket),
            "present": read_rules(bucket),
        }
        self._write(found, options)

    def _sweep(self, options: dict[str, Any]) -> None:
        report = sweep_store(is_dry=not options["apply"])
        if options["json"]:
            self._write(report.as_dict(), options)
            return
        self._tell_sweep(report)

    def _tell_sweep(self, report: SweepReport) -> None:
        done = "found" if report.is_dry or report.is_suspicious else "removed"
        self.stdout.write(f"{report.objects} objects, {report.bytes // MIB} MiB")
        orphaned = f"{len(report.orphans)} orphans {done}"
        self._list(f"{orphaned}, {report.orphan_bytes // MIB} MiB", report.orphans)
        self._list(f"{len(report.missing)} objects missing", report.missing)
        unfinished = f"{len(report.unfinished)} unfinished uploads"
        ended = "found" if report.is_dry else "aborted"
        self._list(f"{unfinished} {ended}", report.unfinished)
        if report.is_suspicious:
            raise CommandError(
                f"{report.unknown_interviews} interviews in the store are unknown to "
                "this database: is it another installation's? None was removed."
            )

    def _list(self, title: str, keys: list[str]) -> None:
        self.stdout.write(title)
        for key in keys[:NAMED]:
            self.stdout.write(f"  {key}")
        if len(keys) > NAMED:
            self.stdout.write(f"  … and {len(keys) - NAMED} more (--json has all)")

    def _expire(self, options: dict[str, Any]) -> None:
        due = list_due(options["limit"])
        store = get_store()
        lines = []
        for one in due:
            is_done = options["apply"] and delete_media(one, store)
            lines.append(
                {
                    "interview": str(one.interview_id),
                    "due_at": one.due_at.isoformat(),
                    "files": one.files,
                    "bytes": one.size,
                    "deleted": is_done,
                }
            )
        if options["json"]:
            self._write({"interviews": lines}, options)
            return
        for line in lines:
            verb = "deleted" if line["deleted"] else "due"
            self.stdout.write(
                f"{line['interview']} {verb} since {line['due_at']}: "
                f"{line['files']} files"
            )
        self.stdout.write(f"{len(lines)} interviews")

    def _write(self, value: object, options: dict[str, Any]) -> None:
        indent = None if options["json"] else 2
        self.stdout.write(json.dumps(value, indent=indent, default=str))


def _add_common(parser: ArgumentParser) -> None:
    parser.add_argument("--apply", action="store_true", help="do it")
    parser.add_argument("--json", action="store_true", help="one JSON object")
