#!/bin/busybox sh
# First process of a guest, in the initramfs: mounts the disk as root, puts the files of the project there, and goes on in it.
B=/bin/busybox
$B mkdir -p /proc /sys /dev /new
$B mount -t proc proc /proc; $B mount -t sysfs sysfs /sys; $B mount -t devtmpfs dev /dev
for module in virtio_pci virtio_blk; do $B modprobe "$module" 2>/dev/null; done
for try in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/vda ] && break; $B sleep 0.2; done
$B mount -t ext4 /dev/vda /new || { echo 'kernels: no disk'; $B poweroff -f; }
$B mkdir -p /new/proc /new/sys /new/dev /new/tmp /new/run /new/root /new/usr/lib/modules
$B cp -a /lib/modules/. /new/usr/lib/modules/
$B cp -a /project/. /new/
$B umount /proc; $B umount /sys; $B umount /dev
exec $B switch_root /new /guest/init
