"""System call numbers of the filtered calls, per architecture."""

from dataclasses import dataclass

# Calls up to this number are known to the tables; anything newer answers ENOSYS, as
# an older kernel would, so that a new kernel does not widen the sandbox.
NEWEST_KNOWN_CALL = 456

X86_64_DENIED = {
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311,
    "process_madvise": 440, "pidfd_getfd": 438, "kcmp": 312, "unshare": 272,
    "setns": 308, "mount": 165, "umount2": 166, "mount_setattr": 442,
    "move_mount": 429, "open_tree": 428, "fsopen": 430, "fsconfig": 431,
    "fsmount": 432, "fspick": 433, "pivot_root": 155, "chroot": 161, "keyctl": 250,
    "add_key": 248, "request_key": 249, "bpf": 321, "perf_event_open": 298,
    "userfaultfd": 323, "kexec_load": 246, "kexec_file_load": 320,
    "init_module": 175, "finit_module": 313, "delete_module": 176,
    "create_module": 174, "query_module": 178, "get_kernel_syms": 177,
    "reboot": 169, "swapon": 167, "swapoff": 168, "open_by_handle_at": 304,
    "name_to_handle_at": 303, "mbind": 237, "migrate_pages": 256,
    "move_pages": 279, "set_mempolicy": 238, "set_mempolicy_home_node": 450,
    "get_mempolicy": 239, "settimeofday": 164, "clock_settime": 227,
    "adjtimex": 159, "clock_adjtime": 305, "fanotify_init": 300,
    "fanotify_mark": 301, "vmsplice": 278, "memfd_secret": 447, "quotactl": 179,
    "quotactl_fd": 443, "acct": 163, "syslog": 103, "nfsservctl": 180,
    "lookup_dcookie": 212, "iopl": 172, "ioperm": 173, "modify_ldt": 154,
    "uselib": 134, "ustat": 136, "sysfs": 139, "_sysctl": 156, "vhangup": 153,
    "sethostname": 170, "setdomainname": 171,
}  # fmt: skip

AARCH64_DENIED = {
    "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271,
    "process_madvise": 440, "pidfd_getfd": 438, "kcmp": 272, "unshare": 97,
    "setns": 268, "mount": 40, "umount2": 39, "mount_setattr": 442,
    "move_mount": 429, "open_tree": 428, "fsopen": 430, "fsconfig": 431,
    "fsmount": 432, "fspick": 433, "pivot_root": 41, "chroot": 51, "keyctl": 219,
    "add_key": 217, "request_key": 218, "bpf": 280, "perf_event_open": 241,
    "userfaultfd": 282, "kexec_load": 104, "kexec_file_load": 294,
    "init_module": 105, "finit_module": 273, "delete_module": 106, "reboot": 142,
    "swapon": 224, "swapoff": 225, "open_by_handle_at": 265,
    "name_to_handle_at": 264, "mbind": 235, "migrate_pages": 238,
    "move_pages": 239, "set_mempolicy": 237, "set_mempolicy_home_node": 450,
    "get_mempolicy": 236, "settimeofday": 170, "clock_settime": 112,
    "adjtimex": 171, "clock_adjtime": 266, "fanotify_init": 262,
    "fanotify_mark": 263, "vmsplice": 75, "memfd_secret": 447, "quotactl": 60,
    "quotactl_fd": 443, "acct": 89, "syslog": 116, "nfsservctl": 42,
    "lookup_dcookie": 18, "vhangup": 58, "sethostname": 161, "setdomainname": 162,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Architecture:
    """What the filter generator needs to know of one architecture."""

    audit_arch: int
    has_x32: bool
    denied: dict[str, int]
    clone: int
    ioctl: int
    socket: int
    socketpair: int
    personality: int
    memfd_create: int
    shmget: int


# Calls that answer ENOSYS, so that libraries fall back; same numbers everywhere.
ABSENT = {
    "clone3": 435,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
}

ARCHITECTURES = {
    "x86_64": Architecture(
        audit_arch=0xC000003E,
        has_x32=True,
        denied=X86_64_DENIED,
        clone=56,
        ioctl=16,
        socket=41,
        socketpair=53,
        personality=135,
        memfd_create=319,
        shmget=29,
    ),
    "aarch64": Architecture(
        audit_arch=0xC00000B7,
        has_x32=False,
        denied=AARCH64_DENIED,
        clone=220,
        ioctl=29,
        socket=198,
        socketpair=199,
        personality=92,
        memfd_create=279,
        shmget=194,
    ),
}
