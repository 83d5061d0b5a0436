# SPDX-License-Identifier: GPL-2.0-only
"""Kernels to boot, and the initramfs that goes with each."""

import hashlib
import lzma
import os
import re
import shutil
import stat
import struct
import subprocess

from vm import VmError

KNOWN = ("6.12", "6.1")
# Built by tools/kernel when asked for, with the options that the name says.
FLAVOURS = ("-patched", "-debug", "-patched-debug")
BUILT = {
    name + flavour: [name, *(f"--{option}" for option in flavour[1:].split("-"))]
    for name in KNOWN
    for flavour in FLAVOURS
}

# What it takes to reach the host's files, and to talk to tools/vm. Everything
# else is loaded by modprobe in the guest.
BOOT_MODULES = (
    "virtio_pci",
    "virtio_console",
    "virtio_net",
    "9pnet_virtio",
    "9p",
    "overlay",
)

# The ELF note that names the entry point for direct boot, in 32 and in 64 bits.
PVH_NOTES = tuple(struct.pack("<III4s", 4, size, 18, b"Xen\0") for size in (4, 8))


def _line(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


class Kernel:
    """A kernel to boot: the image, and its modules if it has any."""

    def __init__(self, name, image, directory=None):
        self.name = name
        self.image = image
        self.release = "unknown"
        self.modules = None
        # How many times slower than a stock kernel it is, for what has a bound.
        self.slowness = 1
        if directory:
            self.release = _line(os.path.join(directory, "release"))
            self.modules = os.path.join(directory, "lib/modules")
            if os.path.exists(os.path.join(directory, "slowness")):
                self.slowness = int(_line(os.path.join(directory, "slowness")))

    @property
    def version(self):
        """The release's first two numbers; of an unknown release, larger than any."""
        match = re.match(r"(\d+)\.(\d+)", self.release)
        return (int(match[1]), int(match[2])) if match else (1 << 30, 0)


def find(name, source, build):
    """Return the kernel that --kernel means: a known name, a directory or an image."""
    if name in KNOWN or name in BUILT:
        directory = os.path.join(build, "kernels", name)
        command = [os.path.join(source, "tools/fetch-kernel"), name, directory]
        if name in BUILT:
            base, *options = BUILT[name]
            command = [os.path.join(source, "tools/kernel"), *options, base, directory]
        if subprocess.run(command, check=False, stdout=2).returncode:
            raise VmError(f"cannot get kernel {name}")
        return Kernel(name, os.path.join(directory, "vmlinuz"), directory)
    if os.path.isdir(name):
        if not os.path.isfile(os.path.join(name, "release")):
            raise VmError(f"{name} is not a kernel directory: it holds no file 'release'")
        directory = os.path.abspath(name)
        kernel = Kernel(name, os.path.join(directory, "vmlinuz"), directory)
        kernel.name = kernel.release
        return kernel
    if os.path.isfile(name):
        return Kernel(os.path.basename(name), os.path.abspath(name))
    raise VmError(
        f"unknown kernel '{name}': use {' or '.join(KNOWN)}, one of these with "
        f"{', '.join(FLAVOURS)}, a kernel directory or an image"
    )


def _unpacked(data):
    """The ELF image inside a bzImage, or None if it is packed in an unknown way."""
    setup_sectors = data[0x1F1] or 4
    start, size = struct.unpack_from("<II", data, 0x248)
    start += (setup_sectors + 1) * 512
    payload = data[start : start + size]
    if payload.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x28\xb5\x2f\xfd") and shutil.which("zstd"):
        command = ["zstd", "--decompress", "--stdout", "--quiet"]
        # What follows the payload, its size, makes zstd complain at the end.
        result = subprocess.run(command, input=payload, capture_output=True, check=False)
        return result.stdout
    return None


def boot_image(kernel, cache):
    """Return the path of the kernel as an ELF image, if that can be booted.

    Unpacking is most of the time that a stock kernel needs to boot when the CPU
    is emulated: have it done once, by the host.
    """
    info = os.stat(kernel.image)
    key = hashlib.sha256(f"{kernel.image} {info.st_size} {info.st_mtime_ns}".encode())
    result = os.path.join(cache, f"vmlinux-{kernel.release}-{key.hexdigest()[:16]}")
    if os.path.exists(result):
        return result
    with open(kernel.image, "rb") as file:
        data = file.read()
    elf = _unpacked(data) if data[0x202:0x206] == b"HdrS" else None
    if not elf or not elf.startswith(b"\x7fELF") or not any(note in elf for note in PVH_NOTES):
        return kernel.image
    _write_whole(result, elf)
    return result


def _write_whole(path, data):
    """Give the file its name when it is complete: another run may be looking."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    partial = f"{path}.{os.getpid()}"
    with open(partial, "wb") as file:
        file.write(data)
    os.replace(partial, path)


def _module_name(path):
    return os.path.basename(path).split(".ko")[0].replace("-", "_")


def boot_modules(kernel):
    """Return the files of BOOT_MODULES that are not built in, in the order of loading."""
    if not kernel.modules:
        return []
    root = os.path.join(kernel.modules, kernel.release)
    dependencies = {}
    with open(os.path.join(root, "modules.dep"), encoding="ascii") as file:
        for line in file:
            path, _, rest = line.partition(":")
            dependencies[_module_name(path)] = [path, *rest.split()]
    with open(os.path.join(root, "modules.builtin"), encoding="ascii") as file:
        builtin = {_module_name(line.strip()) for line in file}

    ordered = {}
    for name in BOOT_MODULES:
        if name in dependencies:
            ordered.update(dict.fromkeys(reversed(dependencies[name])))
        elif name not in builtin:
            raise VmError(f"kernel {kernel.release} has no module {name}")
    return [os.path.join(root, path) for path in ordered]


def _read_module(path):
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith(".ko"):
        return data
    if path.endswith(".ko.xz"):
        return lzma.decompress(data)
    raise VmError(f"{path}: neither plain nor compressed with xz")


def _cpio_entry(name, mode, data=b"", rdev=(0, 0)):
    """One member of a cpio archive in the format that the kernel calls newc."""
    path = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(path), 0)
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    entry = header + path
    entry += b"\0" * (-len(entry) % 4) + data
    return entry + b"\0" * (-len(data) % 4)


def initramfs(kernel, source, cache):
    """Return the path of the kernel's initramfs, made anew when an ingredient has changed."""
    busybox = shutil.which("busybox")
    if not busybox:
        raise VmError("busybox is missing: run tools/setup")
    init = os.path.join(source, "tests/vm/init")
    modules = boot_modules(kernel)

    ingredients = [busybox, f"{init}/stage1", f"{init}/stage2", __file__, *modules]
    key = hashlib.sha256()
    for path in ingredients:
        info = os.stat(path)
        key.update(f"{path} {info.st_size} {info.st_mtime_ns}\n".encode())
    result = os.path.join(cache, f"initramfs-{kernel.release}-{key.hexdigest()[:16]}")
    if os.path.exists(result):
        return result

    program, directory = stat.S_IFREG | 0o755, stat.S_IFDIR | 0o755
    entries = [_cpio_entry(name, directory) for name in ("bin", "dev", "modules")]
    # The kernel opens /dev/console for the first process before /dev is mounted.
    entries.append(_cpio_entry("dev/console", stat.S_IFCHR | 0o600, rdev=(5, 1)))
    for name, path in (
        ("bin/busybox", busybox),
        ("init", f"{init}/stage1"),
        ("stage2", f"{init}/stage2"),
    ):
        with open(path, "rb") as file:
            entries.append(_cpio_entry(name, program, file.read()))
    for number, path in enumerate(modules):
        name = f"modules/{number:02d}-{_module_name(path)}.ko"
        entries.append(_cpio_entry(name, program, _read_module(path)))
    entries.append(_cpio_entry("TRAILER!!!", 0))

    _write_whole(result, b"".join(entries))
    return result
