"""Trees a program leaves in a workspace that the runner then lists and reads."""

from dataclasses import dataclass

from tests.runner.hostile.table import bash, python

_RACE = """\
import os, time
open('part/plain', 'w').write('plain')
os.makedirs('part/real', exist_ok=True); open('part/real/f', 'w').write('plain')
end = time.time() + 3
while time.time() < end:
    os.symlink('@SECRET_FILE@', 'part/link')
    os.rename('part/link', 'part/plain')
    os.unlink('part/plain')
    open('part/plain', 'w').write('plain')
    os.rename('part/real', 'part/away'); os.symlink('@SECRET_FOLDER@', 'part/real')
    os.unlink('part/real'); os.rename('part/away', 'part/real')
"""
_NAMES = """\
import os
os.chdir(b'part')
for name in (b'\\xff\\xfe', b'a\\nb', b'\\x1b]0;t\\x07', b'-rf', b' ', b'~', b'a' * 255,
             'e\\u0301'.encode(), b'\\xed\\xa0\\x80', b'con', b'a\\\\b', b'$(id)'):
    open(name, 'wb').write(b'x')
"""
_MANY = """\
import os
for folder in range(40):
    os.makedirs(f'part/{folder}', exist_ok=True)
    for number in range(500):
        try: os.close(os.open(f'part/{folder}/{number}', os.O_CREAT))
        except OSError: pass
"""
_DEEP = """\
import os
os.chdir('part')
for _ in range(2000):
    os.mkdir('d'); os.chdir('d')
"""
_FULL = """\
try:
    for number in range(64):
        with open(f'part/{number}', 'wb', 0) as file:
            for _ in range(16): file.write(b'x' * (1 << 20))
except OSError: pass
"""


@dataclass(frozen=True, slots=True)
class Tree:
    """What a program does to the folder `part` of its workspace."""

    name: str
    argv: tuple[str, ...]
    is_short: bool = False


TREES = (
    Tree(
        "links to secrets",
        bash(
            "cd part; ln -s @SECRET_FILE@ a; ln -s /etc/shadow b; ln -s ../../.. c; "
            "ln -s /proc/self/environ d; ln -s e e; ln -s @SECRET_FOLDER@ f; "
            "ln -s /proc/1/root g; ln -s .. h; ln -s / i; ln -sf /etc/passwd .hidden"
        ),
        is_short=True,
    ),
    Tree("the folder itself a link", bash("rmdir part; ln -s @SECRET_FOLDER@ part")),
    Tree("links and files change places", python(_RACE), is_short=True),
    Tree(
        "pipes, sockets and devices",
        bash(
            'cd part; mkfifo main.py; python3 -c "import socket; '
            "socket.socket(1).bind('s')\"; mknod n c 1 3; ln main.py twin; true"
        ),
        is_short=True,
    ),
    Tree("names that are no text", python(_NAMES), is_short=True),
    Tree("twenty thousand entries", python(_MANY)),
    Tree("two thousand folders deep", python(_DEEP), is_short=True),
    Tree("a disk that is full", python(_FULL)),
    Tree(
        "sparse files",
        python(
            "import os\nfor n in range(9):\n  open(f'part/{n}','w').close()\n"
            "  os.truncate(f'part/{n}', 30 << 20)"
        ),
    ),
    Tree(
        "folders closed to everybody",
        bash("mkdir -p part/a/b; echo x >part/a/b/c; chmod 0 part/a/b part/a part ."),
        is_short=True,
    ),
    Tree("everything removed", bash("rm -rf part; rmdir ~ 2>/dev/null; true")),
    Tree(
        "setuid and setgid files",
        bash("cp /usr/bin/id part/i; chmod 6755 part/i; chmod 3777 part"),
    ),
)
