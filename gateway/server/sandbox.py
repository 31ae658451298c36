"""What a process that decodes pictures and PDFs can still do once somebody has found a way into it: read fonts, and answer its parent.

Without root: Landlock keeps it from files and from other processes' memory and environment, seccomp from sockets and programs.
Where the kernel has not both, it gets no new file descriptor at all, and so no fonts of this machine.
"""

import ctypes
import math
import os
import platform
import resource
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

NICENESS = 10  # streams wait for the event loop, and it for a core
FEW_FILES = 64
FONTS = ("/usr/share/fonts", "/usr/share/X11/fonts", "/usr/local/share/fonts")  # where PDFium looks

# linux/prctl.h, linux/landlock.h, linux/seccomp.h, linux/filter.h
NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
GET_VERSION, BENEATH = 1, 1
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many there are, by Landlock's version
NEWEST_FILE_RIGHTS = 16
TCP, SCOPED = 0b11, 0b11  # bind and connect; abstract sockets and signals
ATTRIBUTES = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}  # bytes of them, by version
NEWEST_ATTRIBUTES = 24
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in seccomp_data
ALLOW, REFUSE, MISSING = (
    0x7FFF0000,
    0x00050001,
    0x00050026,
)  # refused with EPERM; ENOSYS, as by an older kernel
X32 = 0x40000000  # the same calls under other numbers
A_THREAD = 0x00010000  # CLONE_THREAD: libvips and libheif work in threads

# Per architecture: its number, clone, clone3 (whose flags a filter cannot see: glibc then calls clone), and what is refused:
# socket, socketpair, fork, vfork, execve, kill, ptrace, process_vm_readv and _writev, execveat, io_uring_setup, pidfd_getfd
CALLS = {
    "x86_64": (0xC000003E, 56, 435, (41, 53, 57, 58, 59, 62, 101, 310, 311, 322, 425, 438)),
    "aarch64": (0xC00000B7, 220, 435, (198, 199, 221, 129, 117, 270, 271, 281, 425, 438)),
}


def sandbox(memory: int, seconds: int) -> int:
    """For good. At most `memory` bytes beyond what the process has now, and `seconds` of CPU: bounds that hold even where
    the parent is gone. Returns what it has now, for `bound`."""
    os.nice(NICENESS)
    with suppress(
        OSError
    ):  # where the container's memory ends, the kernel is to end this process and not the gateway
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    has_now = _mapped_bytes()
    held = [_holds(step) for step in (_no_new_privileges, _fonts_alone, _no_sockets_and_programs)]
    for limit, value in (
        (resource.RLIMIT_AS, has_now + memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, FEW_FILES if all(held) else 0),
    ):
        resource.setrlimit(limit, (value, value))
    return has_now


def bound(memory: int, seconds: float) -> None:
    """The next piece of work alone: bytes of address space in all, and seconds of CPU from now."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(used.ru_utime + used.ru_stime + seconds)
    for limit, value in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, until)):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (min(value, hard), hard))


def _mapped_bytes() -> int:
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    return 0  # a system that does not say it, nor bounds it


def _holds(step: Callable[[], None]) -> bool:
    with suppress(
        OSError, AttributeError, KeyError
    ):  # an older kernel, another system, a machine whose calls have other numbers
        step()
        return True
    return False


def _no_new_privileges() -> None:
    """Without it the kernel takes neither of the others from anybody but root."""
    _control(NO_NEW_PRIVILEGES, 1)


def _fonts_alone() -> None:
    version = _call(CREATE_RULESET, None, 0, GET_VERSION)
    rights = (1 << FILE_RIGHTS.get(version, NEWEST_FILE_RIGHTS)) - 1
    attributes = struct.pack("=QQQ", rights, TCP, SCOPED)[
        : ATTRIBUTES.get(version, NEWEST_ATTRIBUTES)
    ]
    rules = _call(CREATE_RULESET, attributes, len(attributes), 0)
    for folder in filter(os.path.isdir, FONTS):
        opened = os.open(folder, os.O_PATH)
        _call(ADD_RULE, rules, BENEATH, struct.pack("=Qi", READ_FILE | READ_FOLDER, opened), 0)
        os.close(opened)
    _call(RESTRICT_SELF, rules, 0)
    os.close(rules)


def _no_sockets_and_programs() -> None:
    architecture, clone, clone3, refused = CALLS[platform.machine()]
    steps = [
        (LOAD, 0, 0, ARCHITECTURE),
        *_unless(EQUAL, architecture, REFUSE),
        (LOAD, 0, 0, NUMBER),
        *_where(AT_LEAST, X32, REFUSE),
        *_where(EQUAL, clone3, MISSING),
        *(step for call in refused for step in _where(EQUAL, call, REFUSE)),
        *_unless(EQUAL, clone, ALLOW),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        *_where(ANY_BIT, A_THREAD, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
    program = b"".join(struct.pack("=HBBI", *step) for step in steps)
    kept = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(steps), ctypes.addressof(kept))  # sock_fprog
    _control(SET_SECCOMP, FILTER, head)


def _where(test: int, value: int, verdict: int) -> tuple[tuple[int, int, int, int], ...]:
    return (test, 0, 1, value), (RETURN, 0, 0, verdict)


def _unless(test: int, value: int, verdict: int) -> tuple[tuple[int, int, int, int], ...]:
    return (test, 1, 0, value), (RETURN, 0, 0, verdict)


def _call(number: int, *arguments: int | bytes | None) -> int:
    return _checked(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))


def _control(*arguments: int | bytes) -> int:
    padding = (0,) * (5 - len(arguments))
    return _checked(ctypes.CDLL(None, use_errno=True).prctl(*arguments, *padding))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
