# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's command lines, its processes, and what accelerates them."""

import os
import shutil
import subprocess
import time

from vm import VmError, tsc

PROGRAM = "qemu-system-x86_64"
MTU = 9000
# How long nobody asks again whether KVM works: the question costs up to 20 seconds.
NO_KVM_SECONDS = 3600

# Panic and exit at the first oops; show warnings and worse on the console from
# the start. The time limits of the kernel's own watchdogs are raised, as an
# emulated CPU shares a real one with everything else that the host does.
# Addresses are not randomized and mitigations are off so that the emulator does
# the same, useful work every time.
#
# One CPU boots and stage1 brings the others online at its end. A booting kernel
# rewrites its own code often (static keys), by way of a breakpoint instruction,
# and QEMU 7.2 can keep a translation that it made of the breakpoint while another
# CPU was replacing it: the kernel then dies of an int3 that is no longer there.
KERNEL_ARGUMENTS = (
    "console=ttyS0 loglevel=5 panic=-1 oops=panic nokaslr mitigations=off "
    "maxcpus=1 cgroup_no_v1=all tsc=reliable random.trust_cpu=on apparmor=0 audit=0 "
    "sysctl.kernel.watchdog_thresh={watchdog} sysctl.kernel.hung_task_timeout_secs={hung} "
    "rcupdate.rcu_cpu_stall_timeout={hung}"
)

# No cmpxchg16b: QEMU 7.2 computes the flags that it leaves from a stale record of
# how they were made, and puts an operand of the instruction before in their place.
# The kernel's slab allocator uses the instruction; an interrupt between it and the
# next that sets flags then finds virtual-8086 mode on: a double fault. Without it
# the kernel has a substitute.
MACHINE = (
    "-no-user-config -nodefaults -no-reboot -display none "
    "-machine q35,hpet=off,vmport=off -cpu max,la57=off,cx16=off"
).split()


def require():
    """Fail if QEMU is not there."""
    if not shutil.which(PROGRAM):
        raise VmError(f"{PROGRAM} is missing: run tools/setup")


def spawn(arguments, fds=(), stdout=subprocess.DEVNULL):
    """Start QEMU so that it ends with this process, however this process ends."""
    return subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        pass_fds=fds,
        start_new_session=True,
    )


def _quote(path):
    """QEMU separates options by commas and takes two of them for one."""
    return path.replace(",", ",,")


def accelerator(accel, icount):
    """Options for the accelerator called kvm or tcg."""
    if icount:
        # One thread runs all CPUs, as their instructions are counted together.
        return ["-icount", "shift=0,sleep=off", "-accel", "tcg,thread=single"]
    return ["-accel", "kvm" if accel == "kvm" else "tcg,thread=multi"]


def clock_arguments(accel, icount):
    """The kernel's arguments about time: what it cannot find out well by itself."""
    khz = tsc.khz() if accel != "kvm" and not icount else None
    return f"tsc_early_khz={khz}" if khz else ""


def kernel_arguments(slowness, clock=""):
    """The kernel's command line."""
    limits = KERNEL_ARGUMENTS.format(watchdog=min(60, 30 * slowness), hung=60 * slowness)
    return f"{limits} {clock}"


def numa_arguments(node):
    """Options that divide a node's memory into NUMA nodes; a bus at the last for its network."""
    arguments = []
    part = node.mem // node.numa
    for number in range(node.numa):
        size = part if number else node.mem - part * (node.numa - 1)
        arguments += [
            *("-object", f"memory-backend-ram,id=mem{number},size={size}M"),
            *("-numa", f"node,nodeid={number},memdev=mem{number}"),
        ]
    last = node.numa - 1
    arguments += ["-device", f"pxb-pcie,id=pxb,bus=pcie.0,bus_nr=64,numa_node={last}"]
    return [*arguments, "-device", "pcie-root-port,id=far,bus=pxb,chassis=1"]


def node_arguments(node, initrd, shared):
    """QEMU's arguments for one node, but for those that are the same for all.

    node.fds: a socket for each channel's name.
    """
    arguments = [
        *("-name", f"fastswap-{node.name}"),
        *("-m", str(node.mem), "-smp", str(node.cpus)),
        *("-initrd", initrd),
        *("-chardev", f"socket,id=console,fd={node.fds['console']}"),
        *("-serial", "chardev:console"),
        *("-device", "virtio-serial-pci"),
    ]
    for channel in ("control", "output"):
        arguments += [
            *("-chardev", f"socket,id={channel},fd={node.fds[channel]}"),
            *("-device", f"virtserialport,chardev={channel},name={channel}"),
        ]
    root = "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"
    arguments += ["-fsdev", root, "-device", "virtio-9p-pci,fsdev=root,mount_tag=root"]
    share = f"local,id=shared,path={_quote(shared)},security_model=none,multidevs=remap"
    arguments += ["-fsdev", share, "-device", "virtio-9p-pci,fsdev=shared,mount_tag=shared"]
    if "net" in node.fds:
        netdev = f"stream,id=net,server=off,addr.type=fd,addr.str={node.fds['net']}"
    else:
        netdev = f"dgram,id=net,local.type=fd,local.str={node.fds['sink']}"
    nic = f"virtio-net-pci,netdev=net,romfile=,mac={node.mac},host_mtu={MTU}"
    if node.numa > 1:
        nic += ",bus=far"
        # Behind all devices that do not name a bus: they would take this one.
        arguments += numa_arguments(node)
    return [*arguments, "-netdev", netdev, "-device", nic]


def hub_arguments(fds):
    """A QEMU without a machine, that only copies frames between the sockets."""
    arguments = ["-nodefaults", "-no-user-config", "-display", "none", "-machine", "none"]
    for number, fd in enumerate(fds):
        arguments += [
            *("-netdev", f"stream,id=s{number},server=off,addr.type=fd,addr.str={fd}"),
            *("-netdev", f"hubport,id=h{number},hubid=0,netdev=s{number}"),
        ]
    return arguments


def _boots_with_kvm(kernel, initrd):
    """Whether a guest really comes up: /dev/kvm alone promises nothing."""
    arguments = [
        *MACHINE,
        *accelerator("kvm", False),
        *("-m", "256", "-kernel", kernel.image, "-initrd", initrd),
        *("-append", f"{kernel_arguments(1)} vm_probe", "-serial", "stdio"),
    ]
    with spawn(arguments, stdout=subprocess.PIPE) as process:
        try:
            output, _ = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            output = b""
        finally:
            process.kill()
    return b"vm-probe-ok" in output


def _known_answer(answer, boot_id):
    """What the probe said in this boot of the host: True, False, or None to ask again."""
    try:
        with open(answer, encoding="ascii") as file:
            known_id, known = file.read().split()
            age = time.time() - os.fstat(file.fileno()).st_mtime
    except (FileNotFoundError, ValueError):
        return None
    # A no may have been for want of time, or of something that was installed since.
    if known_id != boot_id or (known != "yes" and not 0 <= age < NO_KVM_SECONDS):
        return None
    return known == "yes"


def _kvm_works(kernel, initrd, cache, insist):
    """The probe's answer. A yes holds until the host boots again, a no for an hour."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot_id = file.read().strip()
    answer = os.path.join(cache, "kvm")
    works = _known_answer(answer, boot_id)
    if works or (works is False and not insist):
        return works
    works = _boots_with_kvm(kernel, initrd)
    os.makedirs(cache, exist_ok=True)
    partial = f"{answer}.{os.getpid()}"
    with open(partial, "w", encoding="ascii") as file:
        file.write(f"{boot_id} {'yes' if works else 'no'}\n")
    os.replace(partial, answer)
    return works


def choose_accelerator(wanted, kernel, initrd, cache):
    """Return kvm or tcg for --accel auto, kvm or tcg."""
    if wanted == "tcg":
        return "tcg"
    works = _kvm_works(kernel, initrd, cache, insist=wanted == "kvm")
    if wanted == "kvm" and not works:
        raise VmError("KVM does not work on this machine: no guest boots with it")
    return "kvm" if works else "tcg"
