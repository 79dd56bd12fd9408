"""The workspace: documents, their kept contents, and runs."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from base.clock import now
from base.ids import new_uuid
from interviews.enums import FileKind, Origin, RunKind, RunState
from interviews.models.interview import Interview


class Document(models.Model):
    """A tracked text file as it is now; `version` counts its updates.

    `interviewer_ranges` is where interviewers' text stands, to be shown: pairs of
    UTF-16 offsets, kept with each update. The timeline is what counts.
    """

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="documents"
    )
    path = models.CharField(_("path"), max_length=240)
    text = models.TextField(_("text"), blank=True)
    version = models.PositiveIntegerField(_("version"), default=0)
    hash = models.CharField(_("content hash"), max_length=64)
    size = models.PositiveIntegerField(_("bytes"), default=0)
    interviewer_ranges = models.JSONField(default=list, blank=True, editable=False)
    updated_at = models.DateTimeField(_("updated"), default=now)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["interview", "path"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "path"], name="document_path_unique"
            )
        ]

    def __str__(self) -> str:
        return self.path


class DocumentVersion(models.Model):
    """A kept content, found by its hash; runs and turns point here."""

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="document_versions"
    )
    hash = models.CharField(_("content hash"), max_length=64)
    text = models.TextField(_("text"), blank=True)
    created_at = models.DateTimeField(_("kept"), default=now)

    class Meta:
        verbose_name = _("document version")
        verbose_name_plural = _("document versions")
        ordering = ["interview", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "hash"], name="document_version_hash_unique"
            )
        ]

    def __str__(self) -> str:
        return self.hash[:12]


class WorkspaceLease(models.Model):
    """Which runner holds the interview's files on its disk.

    Whoever begins to keep disk and documents in step raises `epoch`; a runner refuses
    whoever comes with an older one. `generation` is empty where nothing is open. `taken`
    maps a path to [the runner's base, the content brought into the database since], for
    what the runner may not know yet.
    """

    interview = models.OneToOneField(
        Interview, on_delete=models.CASCADE, related_name="workspace_lease"
    )
    runner = models.CharField(_("runner"), max_length=200)
    generation = models.CharField(_("runner process"), max_length=64, blank=True)
    epoch = models.PositiveIntegerField(_("epoch"), default=1)
    taken = models.JSONField(default=dict, blank=True, editable=False)
    updated_at = models.DateTimeField(_("updated"), default=now)

    class Meta:
        verbose_name = _("workspace lease")
        verbose_name_plural = _("workspace leases")

    def __str__(self) -> str:
        return f"{self.runner} · {self.epoch}"


class WorkspaceFile(models.Model):
    """A file of the workspace that is no document: shown, not edited.

    `content` is its name in the storage; empty where the content is not kept (links,
    special files, files above the limit), which a runner's restart then loses.
    """

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="workspace_files"
    )
    path = models.CharField(_("path"), max_length=240)
    kind = models.CharField(_("kind"), max_length=10, choices=FileKind)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    hash = models.CharField(_("content hash"), max_length=64, blank=True)
    content = models.CharField(max_length=200, blank=True, editable=False)
    origin = models.CharField(_("made by"), max_length=12, choices=Origin)
    updated_at = models.DateTimeField(_("updated"), default=now)

    class Meta:
        verbose_name = _("workspace file")
        verbose_name_plural = _("workspace files")
        ordering = ["interview", "path"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "path"], name="workspace_file_path_unique"
            )
        ]

    def __str__(self) -> str:
        return self.path


class Run(models.Model):
    """One execution in the sandbox. `files` maps each path to a content hash."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="runs"
    )
    client_id = models.CharField(max_length=64)
    kind = models.CharField(_("kind"), max_length=8, choices=RunKind)
    section = models.PositiveSmallIntegerField(_("section"))
    argv = models.JSONField(_("command"), default=list)
    env = models.JSONField(_("environment"), default=dict, blank=True)
    files = models.JSONField(_("files"), default=dict)
    state = models.CharField(
        _("state"), max_length=12, choices=RunState, default=RunState.QUEUED
    )
    owner = models.CharField(max_length=64, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    exit_code = models.IntegerField(_("exit code"), null=True)
    reason = models.CharField(_("ended because"), max_length=16, blank=True)
    message = models.CharField(_("message"), max_length=300, blank=True)
    output = models.TextField(_("output"), blank=True)
    is_truncated = models.BooleanField(_("output cut"), default=False)
    tests = models.JSONField(_("results per test"), null=True)
    duration_ms = models.PositiveIntegerField(_("milliseconds"), null=True)
    peak_memory_bytes = models.PositiveBigIntegerField(_("peak memory"), null=True)
    created_at = models.DateTimeField(_("asked"), default=now)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["interview", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "client_id"], name="run_client_id_unique"
            )
        ]
        indexes = [models.Index(fields=["state", "lease_until"])]

    def __str__(self) -> str:
        return f"{self.kind} · {self.created_at:%H:%M:%S}"
