"""Programs that reach for files, processes, networks and powers of the machine."""

import platform

from tests.runner.hostile.table import ITSELF, Program, attempts, bash

_IS_X86 = platform.machine() == "x86_64"

_SECRET_PLACES = (
    "/etc/shadow",
    "/root",
    "/home/candidate/../../root",
    "/var/log",
    "/run",
    "/srv",
    "/boot",
    "/sys/kernel",
    "/proc/kcore",
    "/proc/1/root/etc/shadow",
    "/proc/self/root/root",
    "/dev/mem",
    "/dev/sda",
    "/var/run/docker.sock",
)
_SEARCH = (
    "for f in /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/[0-9]*/maps; do "
    "tr '\\0' '\\n' <$f; done 2>/dev/null; env; cat /proc/mounts /proc/keys "
    "/proc/kallsyms /proc/cmdline 2>/dev/null | head -c 20000"
)

_CALLS = {
    "ptrace": "101, 16, os.getppid(), 0, 0",
    "process_vm_readv": "310, os.getppid(), 0, 0, 0, 0, 0",
    "process_vm_writev": "311, os.getppid(), 0, 0, 0, 0, 0",
    "pidfd_getfd": "438, 0, 0, 0",
    "unshare": "272, 0x10000000",
    "unshare of the network": "272, 0x40000000",
    "clone into a user namespace": "56, 0x10000000 | 17, 0, 0, 0, 0",
    "clone3": "435, 0, 0",
    "setns": "308, 0, 0",
    "mount": "165, 0, 0, 0, 0, 0",
    "umount": "166, b'/proc', 2",
    "fsopen": "430, b'tmpfs', 0",
    "open_tree": "428, -100, b'/', 1",
    "move_mount": "429, -1, b'', -1, b'', 0",
    "chroot": "161, b'/tmp'",
    "pivot_root": "155, b'/', b'/'",
    "io_uring_setup": "425, 1, ctypes.create_string_buffer(200)",
    "bpf": "321, 0, 0, 0",
    "keyctl": "250, 0, -3, 0, 0, 0",
    "add_key": "248, b'user', b'x', b'x', 1, -3",
    "userfaultfd": "323, 0",
    "perf_event_open": "298, 0, 0, -1, -1, 0",
    "personality": "135, 0x0040000",
    "open_by_handle_at": "304, -100, 0, 0",
    "name_to_handle_at": "303, -100, b'/', 0, 0, 0",
    "kexec_load": "246, 0, 0, 0, 0",
    "init_module": "175, 0, 0, b''",
    "swapon": "167, b'/x', 0",
    "reboot": "169, 0xfee1dead, 672274793, 0x1234567, 0",
    "settimeofday": "164, 0, 0",
    "sethostname": "170, b'x', 1",
    "syslog": "103, 3, 0, 0",
    "quotactl": "179, 0, 0, 0, 0",
    "acct": "163, b'/x'",
    "fanotify_init": "300, 0, 0",
    "vmsplice": "278, 1, 0, 0, 0",
    "memfd_secret": "447, 0",
    "x32 call": "0x40000000 + 39",
    "call that is newer than the filter": "467, 0, 0, 0, 0, 0",
}

PROGRAMS = (
    attempts(
        6,
        "writes outside",
        *(
            f"open({path!r}, 'wb', 0).write(b'x')"
            for path in (
                "/x",
                "/dev/x",
                "/etc/x",
                "/usr/x",
                "/home/x",
                "/opt/x",
                "/proc/x",
            )
        ),
        *(
            f"open({path!r}, 'wb', 0).write(b'x')"
            for path in ("/etc/passwd", "/usr/bin/true", "/opt/start.py")
        ),
        is_short=True,
    ),
    attempts(
        14,
        "secrets of the machine",
        *(
            f"os.listdir({path!r}) if os.path.isdir({path!r}) else "
            f"open({path!r}, 'rb').read(64)"
            for path in _SECRET_PLACES
        ),
        "open('@SECRET_FILE@').read()",
        "os.listdir('@STATE@')",
        "open('@PROJECT@/.env').read()",
        "open('@PROJECT@/manage.py').read()",
        is_short=True,
    ),
    Program(14, "everything in /proc searched", bash(_SEARCH), is_short=True),
    Program(
        14,
        "everything on the disk searched",
        bash("grep -rsl @SECRET@ / --exclude-dir=proc --exclude-dir=usr; echo done"),
        says="done",
    ),
    attempts(
        15,
        "processes of the machine",
        "os.kill(@RUNNER@, 0)",
        "os.kill(@RUNNER@, 9)",
        "os.stat('/proc/@RUNNER@')",
        "open('/proc/@RUNNER@/mem', 'rb').read(1)",
        "os.pidfd_open(@RUNNER@)",
        "os.setpriority(os.PRIO_PROCESS, 0, -5)",
        is_short=True,
    ),
    Program(
        15,
        "kills whatever it can",
        bash("kill -9 -1; kill -9 1; echo alone"),
        says="alone",
    ),
    attempts(
        16,
        "networks",
        "socket.create_connection(('127.0.0.1', @PORT@), 1)",
        "socket.create_connection(('127.0.0.1', 6379), 1)",
        "socket.create_connection(('127.0.0.1', 5432), 1)",
        "socket.create_connection(('169.254.169.254', 80), 1)",
        "socket.create_connection(('10.0.0.1', 80), 1)",
        "socket.create_connection(('192.168.0.1', 80), 1)",
        "socket.socket(2, 2).sendto(b'x', ('1.1.1.1', 53))",
        "socket.socket(10, 1).connect(('2606:4700:4700::1111', 53))",
        "socket.getaddrinfo('example.com', 80)",
        "socket.socket(2, 3, 1)",
        is_short=True,
    ),
    attempts(
        16,
        "an address for itself",
        "add_address()",
        "socket.socket(2, 1).setsockopt(1, 25, b'eth0')",
        "socket.socket(2, 1).bind(('10.0.0.1', 0))",
    ),
    attempts(
        17,
        "sockets of the machine",
        "socket.socket(1, 1).connect('@SOCKET@')",
        "socket.socket(1, 1).connect('\\0@ABSTRACT@')",
        is_short=True,
    ),
    attempts(
        17,
        "rare kinds of socket",
        *(
            f"socket.socket({family}, {kind})"
            for family in (40, 17, 38, 44, 30, 31, 29, 15, 21, 43)
            for kind in (1, 3)
        ),
    ),
    attempts(
        18,
        "terminal injection",
        "fcntl.ioctl(0, 0x5412, b'x')",
        "fcntl.ioctl(1, 0x541C, b'x')",
        *(("call(16, 0, ctypes.c_ulong(0x100005412), b'x')",) if _IS_X86 else ()),
        "open('/dev/tty')",
        "open('/dev/console')",
        is_short=True,
    ),
    *(
        attempts(19, name, f"call({arguments})", is_short=name == "unshare")
        for name, arguments in _CALLS.items()
        if _IS_X86
    ),
    Program(
        20,
        "setuid copy",
        bash(
            "cp /usr/bin/id i; chmod 6755 i; ./i -u; ./i -g; (su -c id; sudo -n id; "
            "passwd -d root; pkexec id) </dev/null >/dev/null 2>&1; true"
        ),
        says="1000\n1000",
    ),
    attempts(
        20,
        "other accounts",
        *("os.setuid(0)", "os.setgid(0)", "os.setgroups([0])"),
        *("os.setresuid(0, 0, 0)", "os.setuid(61999)", "os.chown('.', 0, 0)"),
        "os.mknod('x', 0o060666, os.makedev(8, 0))",
        "os.link('/etc/passwd', 'x')",
        is_short=True,
    ),
    attempts(
        21,
        "levers of the kernel",
        *(
            f"open({path!r}, 'wb', 0).write(b'1')"
            for path in (
                "/proc/self/exe",
                "/proc/1/exe",
                "/proc/sys/kernel/core_pattern",
                "/proc/sys/kernel/modprobe",
                "/proc/sys/vm/drop_caches",
                "/proc/sysrq-trigger",
                "/proc/self/uid_map",
                "/proc/self/gid_map",
                "/proc/self/setgroups",
                "/sys/fs/cgroup/x",
                "/proc/irq/0/smp_affinity",
            )
        ),
        "open('/proc/self/oom_score_adj', 'wb', 0).write(b'-1000')",
        "os.fchmod(os.open('/proc/1/exe', os.O_RDONLY), 0o4777)",
        "resource.setrlimit(resource.RLIMIT_NPROC, (4096, 4096))",
        "resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))",
        "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))",
        is_short=True,
    ),
    Program(
        27,
        "descriptors it was given",
        ("ls", "/proc/self/fd"),
        # The last one is the folder that is read.
        says="0\n1\n2\n3",
        is_short=True,
    ),
    Program(
        27,
        "descriptors of its supervisor",
        bash(
            "ls /proc/$PPID/fd /proc/1/fd 2>/dev/null | grep -v '^/' | sort -un | "
            "while read n; do for p in 1 $PPID; do "
            "[ $n -gt 2 ] && (echo x >/proc/$p/fd/$n) 2>/dev/null; done; done; "
            "echo done"
        ),
        ends=ITSELF,
        says="done",
        collect=("none",),
    ),
)
