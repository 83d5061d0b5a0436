# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The contract of a block device, checked on DEVICE: for the cases that attach
# one of some backend. Everything on it is overwritten.

requires fio mkfs.ext4 e2fsck blkdiscard

readonly MIB=1048576

device_is_zero_at()
{
	cmp -n "$2" -i "$1:0" "$DEVICE" /dev/zero
}

device_has_the_right_shape()
{
	local queue=/sys/block/${DEVICE##*/}/queue

	step "limits"
	check "size" "$(blockdev --getsize64 "$DEVICE")" -eq "$1"
	check "logical block" "$(<"$queue/logical_block_size")" -eq 4096
	check "not rotational" "$(<"$queue/rotational")" -eq 0
	check "discard" "$(<"$queue/discard_max_bytes")" -gt 0
	check "write-zeroes" "$(<"$queue/write_zeroes_max_bytes")" -gt 0
}

unwritten_reads_zero()
{
	step "what was never written reads as zeros"
	device_is_zero_at 0 $((4 * MIB))
	device_is_zero_at $(($1 - MIB)) $MIB
	check "nothing is stored" "$(attribute used)" -eq 0
}

what_is_written_is_read()
{
	local pattern=/tmp/pattern size="$1" length=$((9 * MIB + 12288)) end

	step "dd, direct and through the page cache"
	# Neither a multiple of a large block nor aligned to one.
	head -c $length /dev/urandom >$pattern
	end=$((size / 4096 - 1))
	dd if=$pattern of="$DEVICE" bs=1M seek=20480 oflag=direct,seek_bytes conv=notrunc \
		status=none
	dd if="$DEVICE" bs=12k count=$((20480 + length)) iflag=direct,count_bytes status=none |
		cmp -i 0:20480 $pattern -
	dd if=$pattern of="$DEVICE" bs=36k seek=$((40 * MIB + 4096)) oflag=seek_bytes conv=fsync \
		status=none
	dd if="$DEVICE" bs=1M skip=$((40 * MIB + 4096)) count=$length \
		iflag=direct,skip_bytes,count_bytes status=none | cmp - $pattern

	step "the last block"
	dd if=$pattern of="$DEVICE" bs=4k count=1 seek=$end oflag=direct status=none
	dd if="$DEVICE" bs=4k skip=$end iflag=direct status=none | cmp -n 4096 - $pattern
}

verify_with_fio()
{
	step "fio: $*"
	fio --name=verify --filename="$DEVICE" --rw=randwrite --bsrange=4k-1M --ba=4k \
		--verify=crc32c --verify_fatal=1 --thread --group_reporting \
		--output-format=terse --output=/tmp/fio "$@" || die "fio: $(</tmp/fio)"
}

impossible_requests_fail()
{
	local end=$(($1 / 4096))

	step "misaligned, and beyond the end"
	fails_with 10 'Invalid argument' dd if="$DEVICE" of=/dev/null bs=512 count=1 \
		iflag=direct status=none
	fails_with 10 'Invalid argument' dd if=/dev/zero of="$DEVICE" bs=4608 count=1 \
		oflag=direct status=none
	fails_with 10 'not aligned|Invalid argument' blkdiscard -o 512 -l 4096 "$DEVICE"
	fails_with 10 'No space left' dd if=/dev/zero of="$DEVICE" bs=4k count=1 seek=$end \
		oflag=direct status=none
	check "a read at the end is empty" \
		"$(dd if="$DEVICE" bs=4k skip=$end iflag=direct status=none | wc -c)" -eq 0
}

discarded_reads_zero()
{
	step "discard, write-zeroes, punched holes"
	dd if=/dev/urandom of="$DEVICE" bs=1M count=8 oflag=direct status=none
	blkdiscard -o $MIB -l $MIB "$DEVICE"
	device_is_zero_at $MIB $MIB
	blkdiscard -z -o $((3 * MIB + 4096)) -l 8192 "$DEVICE"
	device_is_zero_at $((3 * MIB + 4096)) 8192
	fallocate -p -o $((5 * MIB)) -l $MIB "$DEVICE"
	device_is_zero_at $((5 * MIB)) $MIB
	! device_is_zero_at 0 $MIB >/dev/null 2>&1 || die "the first MiB is gone as well"
	blkdiscard "$DEVICE"
	check "everything was given back" "$(attribute used)" -eq 0
	device_is_zero_at 0 $((8 * MIB))
}

carries_a_file_system()
{
	local dir=/tmp/mnt tree

	step "a file system"
	tree=$(echo /usr/lib/*/perl-base)
	mkdir -p $dir
	mkfs.ext4 -q "$DEVICE"
	mount "$DEVICE" $dir
	cp -a "$tree" $dir/tree
	# In use: neither removed nor hurt.
	fails_with 10 'in use' fastswap detach "$DEVICE"
	umount $dir
	e2fsck -fn "$DEVICE" >/tmp/fsck 2>&1 || die "fsck: $(</tmp/fsck)"
	mount "$DEVICE" $dir
	diff -r "$tree" $dir/tree
	rm -r $dir/tree
	fstrim $dir
	umount $dir
	e2fsck -fn "$DEVICE" >/tmp/fsck 2>&1 || die "fsck: $(</tmp/fsck)"
}

# block_contract BYTES: all of it, on DEVICE, which has that size and was never written
block_contract()
{
	device_has_the_right_shape "$1"
	unwritten_reads_zero "$1"
	what_is_written_is_read "$1"
	verify_with_fio --size=24M --direct=1 --ioengine=libaio --iodepth=16
	verify_with_fio --size=8M --direct=0 --ioengine=psync --end_fsync=1 --invalidate=1
	impossible_requests_fail "$1"
	discarded_reads_zero
	carries_a_file_system
	check "errors" "$(counter other_read_errors)" -eq 0
	check "errors" "$(counter other_write_errors)" -eq 0
}
