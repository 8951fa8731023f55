#!/bin/sh
# What a build machine does in a second or two: shell scripts, archives, a compiler, package queries, connections on the loopback.
# usage: workload.sh FOLDER LOAD     FOLDER: empty, to work in; LOAD: the program built from load.c
set -eu
folder=$1
load=$2
cd "$folder"

# A source tree, copied, packed, unpacked and searched.
mkdir -p src/lib src/test
for number in 1 2 3 4 5 6 7 8 9 10; do
  echo "int f$number(int x) { return x * $number; }" >"src/lib/f$number.c"
  echo "f$number" >"src/test/case $number.txt"
done
cp -r src copy
tar -cf src.tar src
mkdir unpacked
tar -xf src.tar -C unpacked
find src copy unpacked -name '*.c' -exec cat {} + >all.c
find /etc /usr/share/doc -maxdepth 2 -type f -name '*.conf' -exec cat {} + >settings 2>/dev/null || true
grep -r f7 src unpacked >found || true

# A build of several processes each, as a make of it would start them.
for number in 1 2 3 4; do
  clang-19 -O1 -c "src/lib/f$number.c" -o "f$number.o"
done
for number in 1 2 3 4 5 6 7 8 9 10; do
  sh -c 'name=$(basename "$1" .c); sed "s/int/long/g" "$1" >"$name.tmp"; mv "$name.tmp" "$name.long.c"; chmod 644 "$name.long.c"' \
    build "src/lib/f$number.c"
done
ln -s all.c link
ln all.c hard
mv link moved
rm -f moved hard

# Package queries and what administrators ask.
dpkg-query -W -f '${Package}\n' >packages
dpkg-query -L libc6 >/dev/null
ps -ef >/dev/null 2>&1 || true
id >/dev/null
ls -lR /etc >/dev/null 2>&1 || true

"$load" connect -s 0 -n 50 >/dev/null
rm -rf src copy unpacked
