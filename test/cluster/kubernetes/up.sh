#!/bin/bash
# Starts a one-node Kubernetes in mount and network namespaces of its own, on programs that build.sh has made; nothing of the host changes.
# usage: up.sh PROGRAMS STATE
#   Prints "ready PID" when the node takes pods, PID being of the namespaces; stays until its standard input ends, then takes all down.
#   STATE/certificates/admin.conf is the administrator's kubeconfig, STATE/containerd.sock containerd's socket (also for the host to see).
set -euo pipefail

if [ -z "${WASPREY_CLUSTER_NAMESPACES:-}" ]; then
  exec env WASPREY_CLUSTER_NAMESPACES=own unshare --net --mount --propagation private -- "$0" "$@"
fi
# As systemd has it on a node, but among the cluster's own mounts: pods may ask to see what is mounted and unmounted.
mount --make-rshared /
here=$(cd "$(dirname "$0")" && pwd)
programs=$(realpath "${1:?usage: up.sh PROGRAMS STATE}")
state=$(realpath -m "${2:?usage: up.sh PROGRAMS STATE}")
keys=$state/certificates
# Of the pods, below which the kubelet makes its own: it ends whatever it finds in there and does not know, such as the pods of another cluster.
group=/wasprey-cluster-$$
mkdir -p "$state"/{log,cni,kubelet,var-lib-kubelet,var-lib-wasprey,containerd,logs-of-pods,sysctl}

ctr() { command ctr -a "$state/containerd.sock" -n k8s.io "$@"; }
start() { # NAME COMMAND...
  local name=$1
  shift
  "$@" > "$state/log/$name.log" 2>&1 < /dev/null &
}
until_true() { # WHAT COMMAND...: tries for a minute
  local what=$1 try
  shift
  for ((try = 0; try < 600; try++)); do
    "$@" > /dev/null 2>&1 && return
    sleep 0.1
  done
  echo "up.sh: no $what after a minute: see $state/log" >&2
  exit 1
}
take_down() {
  trap - EXIT
  local task
  pkill -f apiserver.sh --ns $$ --nslist net || true # or it would start the API server anew
  pkill -f "$programs/kube" --ns $$ --nslist net || true
  for task in $(ctr task ls -q 2> /dev/null); do ctr task kill -s KILL -a "$task" || true; done > /dev/null 2>&1
  sleep 0.3
  for task in $(ctr task ls -q 2> /dev/null); do ctr task rm -f "$task" || true; done > /dev/null 2>&1
  kill $(jobs -p) 2> /dev/null || true
  wait
  find /sys/fs/cgroup -depth -type d \( -path "*$group" -o -path "*$group/*" \) -exec rmdir {} + 2> /dev/null || true
}
trap take_down EXIT
trap 'exit 0' TERM INT HUP

"$here/certificates.sh" "$keys"

# The kubelet refuses loopback as the node's address, so there is a pair of virtual interfaces.
ip link set lo up
ip link add node0 type veth peer name node0p
ip link set node0p up
ip address add 10.99.0.1/24 dev node0
ip link set node0 up
ip route add default dev node0
# The kubelet writes these: bind mounts keep its hands off the machine's.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=$state/sysctl/$(tr / - <<< "${setting%=*}")
  echo "${setting#*=}" > "$file"
  mount --bind "$file" "/proc/sys/${setting%=*}"
done
mkdir -p /var/lib/kubelet /var/lib/wasprey /run/netns "$state/static-pods"
mount --bind "$state/var-lib-kubelet" /var/lib/kubelet
# What agents keep on their node, which is not that of the cluster beside this one.
mount --bind "$state/var-lib-wasprey" /var/lib/wasprey
mount --bind "$state/logs-of-pods" /var/log
mount -t tmpfs tmpfs /run/netns
mount --bind "$state/kubelet" "$state/kubelet"
touch "$state/resolv.conf"

cat > "$state/cni/10-pods.conflist" << CONF
{"cniVersion": "1.0.0", "name": "pods", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false,
  "ipam": {"type": "host-local", "dataDir": "$state/cni-addresses", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
CONF
# restrict_oom_score_adj: without it no sandbox starts where CAP_SYS_RESOURCE is missing.
cat > "$state/containerd.toml" << CONF
version = 2
root = "$state/containerd/root"
state = "$state/containerd/state"
[grpc]
  address = "$state/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.test/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$state/cni"
CONF
# At 100 percent images are never collected: those of the tests could not be pulled again. With five requests a second, as by default, the
# kubelet takes a minute and a half for what 200 short pods need.
cat > "$state/kubelet.yaml" << CONF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 10.99.0.1
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $keys/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $keys/node1.crt
tlsPrivateKeyFile: $keys/node1.key
cgroupDriver: cgroupfs
cgroupRoot: $group
enforceNodeAllocatable: []
staticPodPath: $state/static-pods
failSwapOn: false
makeIPTablesUtilChains: false
healthzBindAddress: 127.0.0.1
resolvConf: $state/resolv.conf
clusterDNS: [10.96.0.10]
nodeStatusUpdateFrequency: 2s
syncFrequency: 5s
imageGCHighThresholdPercent: 100
kubeAPIQPS: 50
kubeAPIBurst: 100
evictionHard: {memory.available: "50Mi", nodefs.available: "1%", imagefs.available: "1%"}
CONF

# In each hierarchy of version 1, or in that of version 2: there the kubelet wants all controllers in it.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  sed 's/[a-z]\+/+&/g' /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
  mkdir "/sys/fs/cgroup$group"
else
  for hierarchy in /sys/fs/cgroup/*/; do mkdir -p "$hierarchy$group"; done
fi

start containerd containerd -c "$state/containerd.toml"
start etcd etcd --data-dir "$state/etcd" --unsafe-no-fsync \
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
  --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
  --initial-cluster default=http://127.0.0.1:2380
# The API server starts anew when it ends, so that a test can kill it, and give it further options, one a line.
cat > "$state/apiserver.sh" << SCRIPT
while :; do
  while [ -e "$state/apiserver-stays-down" ]; do sleep 0.1; done
  more=()
  [ ! -e "$state/apiserver-options" ] || mapfile -t more < "$state/apiserver-options"
  "$programs/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --bind-address=0.0.0.0 --secure-port=6443 \
    --advertise-address=10.99.0.1 --endpoint-reconciler-type=lease --service-cluster-ip-range=10.96.0.0/24 \
    --tls-cert-file="$keys/apiserver.crt" --tls-private-key-file="$keys/apiserver.key" --client-ca-file="$keys/ca.crt" \
    --requestheader-client-ca-file="$keys/ca.crt" --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file="$keys/accounts.pub" --service-account-signing-key-file="$keys/accounts.key" \
    --service-account-extend-token-expiration=false \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
    --kubelet-client-certificate="$keys/kubelet-client.crt" --kubelet-client-key="$keys/kubelet-client.key" \
    --kubelet-certificate-authority="$keys/ca.crt" --kubelet-preferred-address-types=InternalIP "\${more[@]}"
  sleep 0.2
done
SCRIPT
start kube-apiserver bash "$state/apiserver.sh"
export KUBECONFIG=$keys/admin.conf
until_true containerd ctr version
for image in "$state"/images/*.tar; do
  [ ! -e "$image" ] || ctr image import "$image" > /dev/null
done
until_true 'API server' kubectl get --raw /readyz
start kubelet "$programs/kubelet" --config="$state/kubelet.yaml" --kubeconfig="$keys/node1.conf" --hostname-override=node1 \
  --node-ip=10.99.0.1 --root-dir="$state/kubelet" --cert-dir="$state/kubelet/pki" \
  --container-runtime=remote --container-runtime-endpoint="unix://$state/containerd.sock" \
  --image-service-endpoint="unix://$state/containerd.sock" --pod-infra-container-image=registry.test/pause:1
start kube-controller-manager "$programs/kube-controller-manager" --kubeconfig="$keys/controllers.conf" \
  --authentication-kubeconfig="$keys/controllers.conf" --authorization-kubeconfig="$keys/controllers.conf" --bind-address=127.0.0.1 \
  --port=0 --leader-elect=false --use-service-account-credentials --service-account-private-key-file="$keys/accounts.key" \
  --root-ca-file="$keys/ca.crt"
start kube-scheduler "$programs/kube-scheduler" --kubeconfig="$keys/scheduler.conf" --authentication-kubeconfig="$keys/scheduler.conf" \
  --authorization-kubeconfig="$keys/scheduler.conf" --bind-address=127.0.0.1 --port=0 --leader-elect=false
start kube-proxy "$programs/kube-proxy" --kubeconfig="$keys/admin.conf" --hostname-override=node1 --cluster-cidr=10.244.0.0/16 \
  --proxy-mode=iptables --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 \
  --conntrack-tcp-timeout-close-wait=0 --metrics-bind-address=127.0.0.1:10249 --healthz-bind-address=127.0.0.1:10256 --oom-score-adj=0
node_ready() { kubectl get node node1 | grep -q ' Ready'; }
default_account() { kubectl get serviceaccount default; }
until_true 'node that is ready' node_ready
until_true 'service account' default_account

echo "ready $$"
while read -r _; do :; done
