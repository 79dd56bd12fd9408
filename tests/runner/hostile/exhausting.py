"""Programs that use up processes, memory, disk, output, time or processor."""

from tests.runner.hostile.table import (
    ANYHOW,
    BY_CLOCK,
    BY_MEMORY,
    BY_OUTPUT,
    ITSELF,
    Program,
    bash,
    limit,
    python,
)

_FORKS = """\
import os, time
count = 0
try:
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(20); os._exit(0)
        count += 1
except OSError:
    pass
print('held' if count <= 64 else count, flush=True)
os._exit(0)
"""
_THREADS = """\
import threading, time, os
count = 0
try:
    for _ in range(500):
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
        count += 1
except RuntimeError:
    pass
print('held' if count <= 64 else count, flush=True)
os._exit(0)
"""
_CHILDREN = """\
import os, time
for _ in range(12):
    if os.fork() == 0:
        kept = b'x' * (20 << 20); time.sleep(9); os._exit(0)
time.sleep(9)
"""
_MEMFD = """\
import os
for _ in range(40):
    os.write(os.memfd_create('x'), b'x' * (8 << 20))
print('survived')
"""
_SHM = """\
import ctypes
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
for _ in range(40):
    at = libc.shmat(libc.shmget(0, 8 << 20, 0o1600), None, 0)
    ctypes.memset(at, 1, 8 << 20)
    libc.shmdt(ctypes.c_void_p(at))
print('survived')
"""
_SHARED = """\
import mmap
kept = [mmap.mmap(-1, 8 << 20) for _ in range(40)]
for each in kept: each.write(b'x' * (8 << 20))
print('survived')
"""
_PIPES = """\
import fcntl, os, socket
kept = []
try:
    while True:
        pair = os.pipe2(os.O_NONBLOCK); kept.append(pair)
        fcntl.fcntl(pair[1], 1031, 1 << 20)
        os.write(pair[1], b'x' * (1 << 20))
except OSError:
    print('held')
"""
_FILL = """\
import errno, os
def fill(path):
    try:
        for number in range(64):
            with open(path + str(number), 'wb', 0) as file:
                for _ in range(8): file.write(b'x' * (1 << 20))
        return 'filled'
    except OSError as error:
        return errno.errorcode[error.errno]
print(fill('PATH'))
"""
_INODES = """\
import errno, os
made = 0
try:
    for made in range(3_000_000):
        os.close(os.open(f'f{made}', os.O_CREAT | os.O_WRONLY))
except OSError as error:
    print(errno.errorcode[error.errno])
"""
_DEEP = """\
import os
for _ in range(4000):
    os.mkdir('d' * 200); os.chdir('d' * 200)
print('deep')
"""
_PINGPONG = """\
import os
for _ in range(20):
    a, b = os.pipe(), os.pipe()
    if os.fork() == 0:
        while True: os.write(b[1], os.read(a[0], 1))
    if os.fork() == 0:
        os.write(a[1], b'x')
        while True: os.write(a[1], os.read(b[0], 1))
while True: pass
"""
_DAEMON = """\
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in set(signal.valid_signals()) - {9, 19}:
            signal.signal(number, signal.SIG_IGN)
        for number in range(3): os.close(number)
        time.sleep(300)
    os._exit(0)
os.wait()
print('gone')
"""
_ROOTLESS_DAEMON = """\
import ctypes, os, time
libc = ctypes.CDLL(None)
if os.fork() == 0:
    libc.prctl(1, 0, 0, 0, 0)    # PR_SET_PDEATHSIG
    libc.prctl(36, 1, 0, 0, 0)   # PR_SET_CHILD_SUBREAPER
    os.setsid()
    time.sleep(300)
print('gone')
"""

PROGRAMS = (
    Program(
        1,
        "fork bomb of bash",
        bash(":(){ :|:& };: ; sleep 30"),
        ends=ANYHOW,
        limits=limit(2),
        is_short=True,
    ),
    Program(
        1,
        "fork bomb of python",
        python("import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"),
        ends=ANYHOW,
        limits=limit(2),
    ),
    Program(
        1,
        "fork bomb that executes itself",
        bash("echo 'bash x & bash x' >x; bash x; sleep 30"),
        ends=ANYHOW,
        limits=limit(2),
    ),
    Program(2, "forks that sleep", python(_FORKS), says="held", is_short=True),
    Program(2, "threads that sleep", python(_THREADS), says="held"),
    Program(
        3,
        "one hog",
        python("x = b'x' * (600 << 20)\nprint('survived')"),
        ends=BY_MEMORY,
        says="",
        is_short=True,
    ),
    Program(
        3,
        "hog of node",
        ("node", "-e", "const k=[];for(;;)k.push(Buffer.alloc(8<<20,1))"),
        ends=BY_MEMORY,
        says="",
        needs="node",
    ),
    Program(
        3,
        "list without end",
        python("x = []\nwhile True: x.append(x * 2)"),
        ends=BY_MEMORY | ITSELF,
        says="",
    ),
    Program(
        4,
        "children that share the bill",
        python(_CHILDREN),
        ends=BY_MEMORY,
        says="",
        limits=limit(8, memory=64),
        is_short=True,
    ),
    Program(
        5,
        "memory files",
        python(_MEMFD),
        ends=BY_MEMORY,
        says="",
        limits=limit(8, memory=64),
        is_short=True,
    ),
    Program(
        5,
        "shared memory of System V",
        python(_SHM),
        ends=BY_MEMORY,
        says="",
        limits=limit(8, memory=64),
    ),
    Program(
        5,
        "shared anonymous memory",
        python(_SHARED),
        ends=BY_MEMORY,
        says="",
        limits=limit(8, memory=64),
    ),
    Program(
        5,
        "buffers of pipes",
        python(_PIPES),
        ends=BY_MEMORY | ITSELF,
        limits=limit(8, memory=64),
    ),
    Program(
        6,
        "/tmp full",
        python(_FILL.replace("PATH", "/tmp/x")),
        says="ENOSPC",
        is_short=True,
    ),
    Program(
        6, "/dev/shm full", python(_FILL.replace("PATH", "/dev/shm/x")), says="ENOSPC"
    ),
    Program(7, "workspace full", python(_FILL.replace("PATH", "x")), says="ENOSPC"),
    Program(
        7,
        "files without end",
        python(_INODES),
        ends=ANYHOW,
        limits=limit(4, memory=64),
    ),
    Program(
        7,
        "sparse file",
        python(
            "import errno, os, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "open('x', 'w').close()\n"
            "try: os.truncate('x', 1 << 50)\n"
            "except OSError as error: print(errno.errorcode[error.errno])"
        ),
        says="EFBIG",
    ),
    Program(7, "very deep folder", python(_DEEP), says="deep", limits=limit(8)),
    Program(8, "yes", bash("yes"), ends=BY_OUTPUT, is_short=True),
    Program(8, "yes to both streams", bash("yes >&2 & yes"), ends=BY_OUTPUT),
    Program(
        8,
        "one line without end",
        bash("tr '\\0' x </dev/zero"),
        ends=BY_OUTPUT,
    ),
    Program(
        9,
        "bytes that are no text",
        bash(r"printf '\xff\xfe\x00\x1b]0;t\x07\x1b[2J\xed\xa0\x80\r\n'; exit 0"),
        is_short=True,
    ),
    Program(
        9,
        "noise",
        bash("head -c 200000 /dev/urandom"),
    ),
    Program(
        10,
        "sleep",
        bash("sleep 300"),
        ends=BY_CLOCK,
        says="",
        limits=limit(1),
        is_short=True,
    ),
    Program(
        10,
        "every signal ignored",
        python(
            "import signal, time\n"
            "for n in set(signal.valid_signals()) - {9, 19}: "
            "signal.signal(n, signal.SIG_IGN)\ntime.sleep(300)"
        ),
        ends=BY_CLOCK,
        limits=limit(1),
    ),
    Program(
        10,
        "stops itself",
        python("import os\nos.kill(os.getpid(), 19)"),
        ends=BY_CLOCK,
        limits=limit(1),
    ),
    Program(
        10,
        "stops its supervisor",
        python("import os, time\nos.kill(os.getppid(), 19)\ntime.sleep(300)"),
        ends=BY_CLOCK,
        limits=limit(1),
        collect=("x",),
        is_short=True,
    ),
    Program(
        11,
        "streams closed",
        python("import os, time\nfor n in (0, 1, 2): os.close(n)\ntime.sleep(300)"),
        ends=BY_CLOCK,
        limits=limit(1),
    ),
    Program(
        11,
        "child keeps the output",
        bash("(setsid sleep 300) & echo done"),
        says="done",
    ),
    Program(
        12,
        "eight burners",
        python("import os\nfor _ in range(3): os.fork()\nwhile True: pass"),
        ends=BY_CLOCK,
        limits=limit(3),
        is_short=True,
    ),
    Program(
        12,
        "expression that never matches",
        python("import re\nre.match('(a+)+$', 'a' * 40 + 'b')"),
        ends=BY_CLOCK,
        limits=limit(2),
    ),
    Program(
        12,
        "forty processes that wake each other",
        python(_PINGPONG),
        ends=ANYHOW,
        limits=limit(3),
        is_short=True,
    ),
    Program(
        12,
        "random numbers of the kernel",
        bash("for i in 1 2 3 4; do cat /dev/urandom >/dev/null & done; wait"),
        ends=BY_CLOCK,
        limits=limit(2),
    ),
    Program(
        12,
        "files made and removed",
        bash("while :; do for i in $(seq 200); do :>f$i; done; rm f*; done"),
        ends=BY_CLOCK,
        limits=limit(2),
    ),
    Program(
        12,
        "processor limit ignored",
        python(
            "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
        ),
        ends=BY_CLOCK | ITSELF,
        limits=limit(2),
    ),
    Program(13, "daemon", python(_DAEMON), says="gone", is_short=True),
    Program(13, "daemon that adopts", python(_ROOTLESS_DAEMON), says="gone"),
    Program(
        13,
        "nohup",
        bash("nohup sleep 300 >/dev/null 2>&1 & disown; echo gone"),
        says="gone",
    ),
    Program(
        13,
        "trap of every signal",
        bash("trap '' 1 2 3 15; (trap '' 1 2 3 15; setsid sleep 300) & echo gone"),
        says="gone",
    ),
)
