#!/bin/bash
# The guest's system, as far as tests need one: mounts what an init mounts, runs the steps that /guest/steps names, and turns it off.
# Results are lines that begin with "@wasprey " (reporter.ts); all else on the console is for people.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb
. /guest/settings # PROJECT, GUEST, CGROUPS, WASPREY_TIME_FACTOR, FALCO_FILES
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts; mount -t tmpfs shm /dev/shm; mount -t devpts pts /dev/pts; mount -t tmpfs tmp /tmp; mount -t tmpfs run /run
mount -t debugfs debugfs /sys/kernel/debug; mount -t tracefs tracefs /sys/kernel/tracing; mount -t securityfs securityfs /sys/kernel/security; mount -t bpf bpf /sys/fs/bpf
ln -s /proc/self/fd /dev/fd 2>/dev/null
ip link set lo up; busybox hostname guest
for module in veth dummy overlay; do modprobe "$module"; done
# A route to everywhere, as a machine has: what is sent there is lost.
ip link add outside type dummy && ip address add 192.0.2.2/24 dev outside && ip link set outside up && ip route add default via 192.0.2.1

# Version 1: a hierarchy for each controller, as systemd mounts them. Hybrid: beside them an empty one of version 2.
mount_v1() {
  mount -t tmpfs cgroup /sys/fs/cgroup
  for controller in $(awk '!/^#/ && $4 == 1 {print $1}' /proc/cgroups); do
    mkdir "/sys/fs/cgroup/$controller" && mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
  done
  mkdir /sys/fs/cgroup/systemd && mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
}
case $CGROUPS in
  v1) mount_v1 ;;
  v2) mount -t cgroup2 cgroup2 /sys/fs/cgroup ;;
  hybrid) mount_v1; mkdir /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified ;;
esac

# The project is found where it is on the machine that the tests run on: rules that name its files are compiled there.
mkdir -p "$PROJECT"; mount --rbind /srv/wasprey "$PROJECT"; cd "$PROJECT" || exit 1
export NODE_COMPILE_CACHE=$PROJECT/build/compile-cache
node=$(echo node_modules/node-linux-*/bin/node)
read -r up _ </proc/uptime
echo "@wasprey {\"kind\":\"booted\",\"seconds\":$up,\"release\":\"$(uname -r)\",\"lsm\":\"$(cat /sys/kernel/security/lsm)\"}"
# What process 1 does when a test tells it to: nothing is ever done about it, whatever it reads.
echo word >/guest/for-init
trap 'read -r word </guest/for-init; echo "$word" >/guest/by-init' USR1
# A process that ends before the last step, by a crash, has failed in the step that it had begun; another runs the steps after that.
: >/guest/progress
while [ "$(grep -c ^begins /guest/progress)" -lt "$(wc -l </guest/steps)" ]; do
  "$node" --disable-sigusr1 --v8-pool-size=1 --test-reporter=./test/kernels/guest/reporter.ts \
    test/kernels/guest/run-steps.ts /guest/steps /guest/progress </dev/null &
  until wait $!; status=$?; ((status <= 128)) || ! kill -0 $! 2>/dev/null; do :; done # a signal ends a wait
  kill -KILL -1 2>/dev/null # what it has left: every process but this one
  read -r last step < <(tail -n 1 /guest/progress)
  [ "$last" = begins ] || break
  echo "ends $step" >>/guest/progress
  echo "@wasprey {\"kind\":\"ends\",\"step\":\"${step//_/ }\",\"seconds\":0,\"status\":$status}"
done
sync; busybox poweroff -f
