#!/bin/bash
# Makes the certificates and kubeconfigs of a one-node test cluster.
# usage: certificates.sh DIR
set -euo pipefail
mkdir -p "${1:?usage: certificates.sh DIR}"
cd "$1"

new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
openssl req -x509 "${new_key[@]}" -keyout ca.key -out ca.crt -days 30 -subj /CN=test-ca 2> /dev/null

certificate() { # NAME SUBJECT EXTENSIONS
  openssl req "${new_key[@]}" -keyout "$1.key" -out "$1.csr" -subj "$2" 2> /dev/null
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" \
    -extfile <(echo "$3") 2> /dev/null
}
certificate apiserver /CN=kube-apiserver \
  subjectAltName=IP:127.0.0.1,IP:10.99.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc
certificate kubelet-client /O=system:masters/CN=apiserver-kubelet-client extendedKeyUsage=clientAuth
certificate admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
certificate controllers /CN=system:kube-controller-manager extendedKeyUsage=clientAuth
certificate scheduler /CN=system:kube-scheduler extendedKeyUsage=clientAuth
certificate node1 /O=system:nodes/CN=system:node:node1 "extendedKeyUsage=clientAuth,serverAuth
subjectAltName=IP:127.0.0.1,IP:10.99.0.1,DNS:node1"
# Users of tests, who may do nothing at first.
certificate alice /O=shop/CN=alice extendedKeyUsage=clientAuth
certificate bob /O=shop/CN=bob extendedKeyUsage=clientAuth
openssl genrsa -out accounts.key 2048 2> /dev/null
openssl rsa -in accounts.key -pubout -out accounts.pub 2> /dev/null

for user in admin node1 controllers scheduler alice bob; do
  export KUBECONFIG=$PWD/$user.conf
  kubectl config set-cluster test --server=https://127.0.0.1:6443 --certificate-authority=ca.crt --embed-certs
  kubectl config set-credentials "$user" --client-certificate="$user.crt" --client-key="$user.key" --embed-certs
  kubectl config set-context test --cluster=test --user="$user"
  kubectl config use-context test
done > /dev/null
