#!/usr/bin/env bash
# A released Apache RocketMQ name server and broker on a store.
#
#   genuine-broker.sh fetch VERSION                              fetch the jars, print their directory
#   genuine-broker.sh run VERSION STORE PORT NSPORT [KEY=VALUE ...]
#
# `run` prints one line when both are up, and stays. SIGTERM stops both cleanly (KILL9=1: the broker by SIGKILL); the name server
# goes when the broker goes. KEY=VALUE are lines of broker.conf. PORT needs PORT-2 and PORT+1 free as well.
# Needs java 11 or later and mvn. Versions with all parts in the registry: 4.9.4, 5.3.3, 5.5.0.
#
# Environment: RMQ_HOME       jars, by version (~/.cache/genuine-rocketmq); vVERSION/lib is also the class path for client programs
#              RUN_DIR        where configuration and output go (broker.out, ns.out); default: a temporary one, removed at the end
#              BROKER_HEAP, NAMESRV_HEAP (256m, 64m), BROKER_NAME (broker-a), BOOT_SECONDS (240), KILL9
set -euo pipefail

fail() { echo "genuine-broker.sh: $*" >&2; exit 1; }
usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }

home=${RMQ_HOME:-$HOME/.cache/genuine-rocketmq}

fetch() {
  local v=$1 dir=$home/v$1 try
  [ -d "$dir/lib" ] && return
  command -v mvn > /dev/null || fail "no jars of RocketMQ $v in $dir/lib and no mvn to fetch them with (install maven, or set RMQ_HOME)"
  mkdir -p "$dir"
  exec 9> "$dir/fetch.lock"
  flock 9
  [ -d "$dir/lib" ] && return
  {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>'
    for a in broker namesrv client tools; do
      echo "<dependency><groupId>org.apache.rocketmq</groupId><artifactId>rocketmq-$a</artifactId><version>$v</version></dependency>"
    done
    echo '</dependencies></project>'
  } > "$dir/pom.xml"
  for try in 1 2; do
    rm -rf "$dir/lib.part"
    if (cd "$dir" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib.part) > "$dir/mvn.out" 2>&1 &&
       ls "$dir/lib.part"/rocketmq-broker-*.jar "$dir/lib.part"/rocketmq-namesrv-*.jar > /dev/null 2>&1; then
      mv "$dir/lib.part" "$dir/lib"
      exec 9>&-
      return
    fi
    [ $try = 2 ] || { echo "genuine-broker.sh: maven could not fetch RocketMQ $v, trying once more" >&2; sleep 3; }
  done
  tail -n 30 "$dir/mvn.out" >&2
  fail "maven could not fetch RocketMQ $v, see above and $dir/mvn.out; is there a network, or a mirror in ~/.m2/settings.xml?"
}

case ${1-} in
  fetch) [ $# = 2 ] || usage; fetch "$2"; echo "$home/v$2/lib"; exit ;;
  run) [ $# -ge 5 ] || usage ;;
  *) usage ;;
esac

v=$2 store=$3 port=$4 ns=$5
shift 5
command -v java > /dev/null || fail "no java"
fetch "$v"
lib=$home/v$v/lib
mkdir -p "$store"
keep=1
run=${RUN_DIR-}
if [ -z "$run" ]; then run=$(mktemp -d) keep=0; fi
mkdir -p "$run/home/conf" "$run/u"
: > "$run/broker.out"

# 4.9.x asks for these two files; 5.x takes the one named by rmq.logback.configurationFile. Warnings and worse go to the output.
out='<appender name="O" class="APPENDER"><target>System.err</target><encoder><pattern>%d %p %t %c{0} %m%n</pattern></encoder></appender>'
for c in broker namesrv; do
  echo "<configuration>${out/APPENDER/ch.qos.logback.core.ConsoleAppender}<root level=\"WARN\"><appender-ref ref=\"O\"/></root></configuration>" \
    > "$run/home/conf/logback_$c.xml"
done
shaded=org.apache.rocketmq.logging.ch.qos.logback.core.ConsoleAppender
echo "<configuration>${out/APPENDER/$shaded}<root level=\"WARN\"><appender-ref ref=\"O\"/></root></configuration>" > "$run/home/conf/rmq.xml"

# The store is never to be cleaned under a test, however old its files are and however full the disk.
{
  echo "brokerClusterName=DefaultCluster"
  echo "brokerName=${BROKER_NAME:-broker-a}"
  echo "brokerId=0"
  echo "brokerIP1=127.0.0.1"
  echo "namesrvAddr=127.0.0.1:$ns"
  echo "listenPort=$port"
  echo "storePathRootDir=$store"
  echo "storePathCommitLog=$store/commitlog"
  echo "autoCreateTopicEnable=true"
  echo "fileReservedTime=1000000"
  echo "diskMaxUsedSpaceRatio=95"
  echo "cleanFileForciblyEnable=false"
  for kv in "$@"; do echo "$kv"; done
} > "$run/broker.conf"
echo "listenPort=$ns" > "$run/ns.conf"

J=(java "-Duser.home=$run/u" "-Drocketmq.home.dir=$run/home" "-Drocketmq.client.logRoot=$run/u"
  "-Drmq.logback.configurationFile=$run/home/conf/rmq.xml" -Drocketmq.broker.diskSpaceWarningLevelRatio=0.99
  -Drocketmq.broker.diskSpaceCleanForciblyRatio=0.99 -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto)
OPEN=(--add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-opens=java.base/java.nio=ALL-UNNAMED --add-opens=java.base/java.lang=ALL-UNNAMED
  --add-opens=java.base/jdk.internal.ref=ALL-UNNAMED --add-exports=java.base/jdk.internal.ref=ALL-UNNAMED
  --add-exports=java.base/sun.nio.ch=ALL-UNNAMED)

nspid='' bpid=''
reap() { if [ -n "$1" ]; then kill "${2:--TERM}" "$1" || :; wait "$1" || :; fi; } 2> /dev/null
finish() { reap "$nspid"; [ $keep = 1 ] || rm -rf "$run"; exit "$1"; }
stop() { if [ "${KILL9:-0}" = 1 ]; then reap "$bpid" -KILL; else reap "$bpid"; fi; finish 0; }
trap stop TERM INT HUP

"${J[@]}" "-Xmx${NAMESRV_HEAP:-64m}" -cp "$lib/*" org.apache.rocketmq.namesrv.NamesrvStartup -c "$run/ns.conf" \
  > "$run/ns.out" 2>&1 9>&- & nspid=$!
# The broker registers itself again and again; but clients that ask before the first time would wait, so the name server goes first.
deadline=$((SECONDS + ${BOOT_SECONDS:-240}))
until (exec 3<> "/dev/tcp/127.0.0.1/$ns") 2> /dev/null; do
  kill -0 "$nspid" 2> /dev/null || { cat "$run/ns.out" >&2; echo "genuine-broker.sh: name server $v ended at start" >&2; finish 1; }
  [ $SECONDS -lt $deadline ] || { cat "$run/ns.out" >&2; echo "genuine-broker.sh: name server $v is not up" >&2; finish 1; }
  sleep 0.05
done
"${J[@]}" "${OPEN[@]}" "-Xmx${BROKER_HEAP:-256m}" -cp "$lib/*" org.apache.rocketmq.broker.BrokerStartup -c "$run/broker.conf" \
  > "$run/broker.out" 2>&1 & bpid=$!
until grep -q 'boot success' "$run/broker.out"; do
  kill -0 "$bpid" 2> /dev/null || { cat "$run/broker.out" >&2; echo "genuine-broker.sh: broker $v ended at start" >&2; finish 1; }
  [ $SECONDS -lt $deadline ] || { cat "$run/broker.out" >&2; echo "genuine-broker.sh: broker $v is not up" >&2; reap "$bpid" -KILL; finish 1; }
  sleep 0.05
done
echo "up broker=$bpid namesrv=$nspid logs=$run lib=$lib"
wait "$bpid" || :
finish 0
