"""Locks up a process that decodes pictures and PDFs: an attacker in it can read fonts and answer.

It needs no root. Landlock keeps the process from files and from other processes' memory, seccomp
from sockets and programs. Where the kernel lacks either, the process gets no new file descriptor
at all, and so none of this machine's fonts.
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

NICENESS = 10  # the event loop, which all streams wait for, gets a core first
FEW_FILES = 64
FONTS = ("/usr/share/fonts", "/usr/share/X11/fonts", "/usr/local/share/fonts")  # where PDFium looks

# linux/prctl.h, linux/landlock.h, linux/seccomp.h, linux/filter.h
NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
GET_VERSION, BENEATH = 1, 1
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # number of rights, by Landlock's version
NEWEST_FILE_RIGHTS = 16
TCP, SCOPED = 0b11, 0b11  # bind and connect; abstract sockets and signals
ATTRIBUTES = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}  # bytes of the attributes, by version
NEWEST_ATTRIBUTES = 24
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in seccomp_data
ALLOW = 0x7FFF0000
REFUSE, MISSING = 0x00050001, 0x00050026  # with EPERM; with ENOSYS, as an older kernel does
X32 = 0x40000000  # the same calls under other numbers
A_THREAD = 0x00010000  # CLONE_THREAD: libvips and libheif work in threads

# By architecture: its number, clone, clone3, and the refused calls: socket, socketpair, fork,
# vfork, execve, kill, ptrace, process_vm_readv, process_vm_writev, execveat, io_uring_setup,
# pidfd_getfd.
# A filter cannot see the flags of clone3. It is reported as missing, and glibc then calls clone.
CALLS = {
    "x86_64": (0xC000003E, 56, 435, (41, 53, 57, 58, 59, 62, 101, 310, 311, 322, 425, 438)),
    "aarch64": (0xC00000B7, 220, 435, (198, 199, 221, 129, 117, 270, 271, 281, 425, 438)),
}


def sandbox(memory: int, seconds: int) -> int:
    """Locks up this process for good. Returns its bytes of address space now, for `bound`.

    It may take `memory` bytes more than now and `seconds` of CPU. The kernel holds these bounds
    even where the parent is gone.
    """
    os.nice(NICENESS)
    # When the container runs out of memory the kernel ends this process, not the gateway.
    with suppress(OSError):
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
    """Bounds the next piece of work: bytes of address space in all, seconds of CPU from now."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(used.ru_utime + used.ru_stime + seconds)
    for limit, value in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, until)):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (min(value, hard), hard))


def _mapped_bytes() -> int:
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    return 0  # a system without /proc, which bounds no address space either


def _holds(step: Callable[[], None]) -> bool:
    # An older kernel, another system, an architecture that CALLS does not have.
    with suppress(OSError, AttributeError, KeyError):
        step()
        return True
    return False


def _no_new_privileges() -> None:
    """Without this the kernel allows the other two steps to root alone."""
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
