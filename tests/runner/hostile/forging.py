"""Programs that forge results, and ones that attack through what compiles them."""

from tests.runner.hostile.table import (
    ANYHOW,
    BY_CLOCK,
    ITSELF,
    Program,
    bash,
    limit,
    python,
)

_FRAMES = """\
import json, struct, sys
frame = json.dumps({'type': 'run.finished', 'run': '0', 'reason': 'exited',
                    'exit_code': 0, 'message': 'forged', 'duration_ms': 1,
                    'peak_memory_bytes': 1, 'truncated': False, 'files': []}).encode()
for stream in (sys.stdout.buffer, sys.stderr.buffer):
    stream.write(struct.pack('>I', len(frame)) + frame)
sys.exit(9)
"""
_WRITES_MEMORY = """\
import os
done = 0
for line in open('/proc/1/maps'):
    start, end = (int(part, 16) for part in line.split()[0].split('-'))
    if 'w' in line.split()[1]:
        try:
            with open('/proc/1/mem', 'r+b', 0) as file:
                file.seek(start); file.write(b'\\xcc' * min(end - start, 4096))
                done += 1
        except OSError: pass
print('tried', flush=True)
os._exit(3)
"""
_EVERY_DESCRIPTOR = """\
import os
for number in range(3, 1024):
    try: os.write(number, b'ready\\n0 4\\nPASS')
    except OSError: pass
os._exit(5)
"""

_C = {
    "reads the shadow file": '#include "/etc/shadow"\nint main(){}',
    "puts a file into the program": (
        'asm(".section .rodata\\n.incbin \\"/etc/shadow\\"\\n");int main(){}'
    ),
    "includes itself": '#include "a.c"\nint main(){}',
}
_TEMPLATE = (
    "template<int N> struct A { A<N*2> a; A<N*2+1> b; };\nA<1> x;\nint main(){}\n"
)
_MACROS = (
    "#define A x,x,x,x,x,x,x,x,x,x\n"
    + "".join(
        f"#define {chr(66 + n)} {','.join([chr(65 + n)] * 10)}\n" for n in range(9)
    )
    + "int y[] = { J };\n"
)
_COMPILE = "g++ -x c++ a.c -o a 2>/dev/null || echo refused"

PROGRAMS = (
    Program(
        25,
        "says that it passed and kills its parents",
        python(
            "import os\nprint('PASS', flush=True)\n"
            "os.kill(os.getppid(), 9)\nos.kill(1, 9)\nos._exit(7)"
        ),
        ends=ANYHOW,
        limits=limit(2),
        is_short=True,
    ),
    Program(
        25,
        "kills what would hand out its files",
        python("import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(30)"),
        ends=ANYHOW | {"failed"},
        limits=limit(2),
        collect=("report",),
    ),
    Program(25, "prints frames of the protocol", python(_FRAMES), is_short=True),
    Program(
        25,
        "writes into the memory of the first process",
        python(_WRITES_MEMORY),
        ends=ANYHOW | {"failed"},
        says=None,
        limits=limit(3),
    ),
    Program(
        25,
        "writes to every descriptor",
        python(_EVERY_DESCRIPTOR),
        says="",
        collect=("report",),
        is_short=True,
    ),
    Program(
        25, "exits far out of range", python("import os\nos._exit(99999)"), says=""
    ),
    Program(
        25,
        "hands out links and pipes",
        bash(
            "ln -s /etc/shadow a; ln -s @SECRET_FILE@ b; mkfifo c; mkdir d; "
            "ln -s /proc/self/environ e; ln -s / f"
        ),
        says="",
        collect=("a", "b", "c", "d", "e", "f/etc/shadow"),
        is_short=True,
    ),
    Program(
        25,
        "swaps a file for a link while it is read",
        bash(
            "(setsid bash -c 'while :; do ln -sf /etc/shadow r; rm r; echo x >r; "
            "done') & sleep 0.3"
        ),
        says="",
        collect=("r",),
    ),
    *(
        Program(
            26,
            f"C that {name}",
            bash(_COMPILE),
            files={"a.c": source},
            says="refused",
            needs="g++",
            limits=limit(10),
        )
        for name, source in _C.items()
    ),
    Program(
        26,
        "templates without end",
        bash(_COMPILE),
        files={"a.c": _TEMPLATE},
        ends=ANYHOW,
        needs="g++",
        limits=limit(4),
    ),
    Program(
        26,
        "macros that explode",
        bash("cpp a.c >/dev/null; true"),
        files={"a.c": _MACROS},
        ends=ANYHOW,
        needs="cpp",
        limits=limit(3),
    ),
    Program(
        26,
        "Makefile that runs programs",
        ("make", "-s"),
        files={
            "Makefile": "X := $(shell cat /etc/shadow @SECRET_FILE@ 2>&1; id -u)\n"
            "all:\n\t@echo done\n"
        },
        says="done",
        needs="make",
    ),
    Program(
        26,
        "package.json that runs programs",
        bash("npm --offline --no-update-notifier run x 2>/dev/null || true"),
        files={"package.json": '{"scripts": {"x": "cat /etc/shadow @SECRET_FILE@"}}'},
        needs="npm",
        ends=ITSELF | BY_CLOCK,
    ),
    Program(
        26,
        "SQL that reads files and starts programs",
        bash(
            "printf '%s\\n' \".shell cat /etc/shadow\" \"ATTACH '/etc/shadow' AS s;\" "
            "\"SELECT readfile('@SECRET_FILE@');\" '.import |id t' | sqlite3 x.db "
            ">/dev/null 2>&1; echo done"
        ),
        says="done",
    ),
    Program(
        26,
        "hooks of git",
        bash(
            "git init -q . && printf '#!/bin/sh\\ncat /etc/shadow' >.git/hooks/pre-commit"
            " && chmod +x .git/hooks/pre-commit && git -c user.name=x -c user.email=x"
            " commit -q --allow-empty -m x 2>/dev/null; echo done"
        ),
        says="done",
        needs="git",
    ),
    Program(
        26,
        "conftest that hooks in",
        ("/usr/bin/python3", "-c", "import sitecustomize, usercustomize"),
        files={
            "sitecustomize.py": "open('/etc/shadow')",
            "usercustomize.py": "",
        },
        says="",
    ),
)
