#!/bin/bash
# Builds Kubernetes (kube-apiserver, kubelet, kube-controller-manager, kube-scheduler, kube-proxy) from Debian's source package.
# usage: build.sh DIR      the programs land in DIR; needs golang-go and dpkg-dev, about 5 minutes and 2 GB on two cores
set -euo pipefail

VERSION=1.20.2
PACKAGE=1.20.5+really1.20.2-1.1+deb12u1
SHA256=b83c0780efb182d928dc63d46488a847f161f04e40a94b96bf5247dd671ecdfc
COMPONENTS='kube-apiserver kubelet kube-controller-manager kube-scheduler kube-proxy'

to=$(realpath -m "${1:?usage: build.sh DIR}")
mkdir -p "$to"
work=$(mktemp -d "$to/building.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

# The package is of Debian 12: it is fetched with a configuration of apt's own, so that the machine's sources stay as they are.
mkdir -p "$work"/{source,go/src/k8s.io,apt/lists/partial,apt/cache/archives/partial}
mirror=$({ find /etc/apt/sources.list /etc/apt/sources.list.d -type f -exec cat {} + 2>/dev/null || true; } |
  awk '/security/ {next} !found && /^URIs: *http/ {found = $2} !found && /^deb http/ {found = $2} END {print found}')
[ -n "$mirror" ] || { echo "build.sh: apt has no source of Debian packages: add one to /etc/apt/sources.list.d" >&2; exit 1; }
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.pgp] $mirror bookworm main" > "$work/apt/sources.list"
cat > "$work/apt/conf" <<CONF
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$work/apt/lists";
Dir::Cache "$work/apt/cache";
APT::Sandbox::User "root";
CONF
(
  cd "$work/source"
  export APT_CONFIG=$work/apt/conf
  apt-get update -q
  apt-get source -q --download-only "kubernetes=$PACKAGE"
)
archive=$(echo "$work"/source/kubernetes_*.orig.tar.gz)
echo "$SHA256  $archive" | sha256sum -c -

tree=$work/go/src/k8s.io/kubernetes
mkdir "$tree"
tar -C "$tree" --strip-components=1 -xzf "$archive"
cd "$tree"
export GO111MODULE=off GOPROXY=off GOTOOLCHAIN=local GOFLAGS= CGO_ENABLED=0 GOPATH=$work/go GOCACHE=$work/cache

# Debian's package leaves out the generated OpenAPI definitions; their generator is among the vendored sources.
go build -trimpath -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
packages=$(grep -rl --include='*.go' '+k8s:openapi-gen=' pkg cmd plugin vendor/k8s.io/*/ staging/src/k8s.io |
  grep -vE 'code-generator|sample-apiserver|_test.go|/testdata/|zz_generated|kube-openapi/|sample-controller' |
  sed 's|^staging/src/|vendor/|' | xargs -n1 dirname | sort -u | sed 's|^|k8s.io/kubernetes/|' | paste -sd,)
GOROOT=$(go env GOROOT) "$work/openapi-gen" -i "$packages" -p k8s.io/kubernetes/pkg/generated/openapi \
  -O zz_generated.openapi -h hack/boilerplate/boilerplate.generatego.txt -r "$work/openapi-violations.txt"

vendored=k8s.io/kubernetes/vendor/k8s.io
versions="-X $vendored/component-base/version.gitVersion=v$VERSION -X $vendored/client-go/pkg/version.gitVersion=v$VERSION"
versions+=" -X $vendored/component-base/version.gitMajor=1 -X $vendored/component-base/version.gitMinor=20"
mkdir "$work/bin"
for component in $COMPONENTS; do
  echo "building $component"
  go build -tags 'providerless dockerless' -trimpath -ldflags "-s -w $versions" -o "$work/bin/" "./cmd/$component"
done
mv "$work"/bin/* "$to/" # only whole: a folder with kube-proxy, the last, has all
