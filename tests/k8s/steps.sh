# shellcheck shell=bash disable=SC2016,SC2154,SC2317,SC2034 # it is a part of run, and functions are called by name
# How a step tells what it shows and how long it took. To be sourced.
passed=0 failed=0 failures=()

k() { "$bin/kubectl" --kubeconfig "$folder/admin.conf" "$@"; }
h() { "$bin/helm" --kubeconfig "$folder/admin.conf" "$@"; }

say() { printf '[%2d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"; }

# One step: what it shows, and a function that fails when that is not so. The function is run with "set -e".
step() { # what it shows, command...
  local what=$1 log=$folder/step.log status=0 since=${EPOCHREALTIME/./} time; shift
  (set -e; "$@") > "$log" 2>&1 </dev/null & wait $! || status=$?
  time=$(((${EPOCHREALTIME/./} - since) / 100000))
  time=$((time / 10)).$((time % 10))
  if [[ $status == 0 ]]; then
    passed=$((passed + 1))
    say "passed  $what ($time s)"
    # What a step measured, or is worth to be read.
    sed -n 's/^= /          /p' "$log"
  else
    failed=$((failed + 1))
    failures+=("  failed: $what")
    say "FAILED  $what ($time s)"
    tail -n 25 "$log" | sed 's/^/    | /'
    { echo "== $what"; cat "$log"; what_is_there; } >> "$folder/failures.txt" 2>&1
  fi
  return "$status"
}

what_is_there() {
  k get pods,pvc,pv,tcmuvolumes,tcmusnapshots,tcmunodes -A -o wide
  k get events -A --sort-by=.lastTimestamp | tail -n 40
}

# Repeats a command until it succeeds.
eventually() { # seconds, command...
  local until=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    if [[ $SECONDS -ge $until ]]; then
      echo "not so in time: $*"
      "$@"
      return
    fi
    sleep 1
  done
}

# Whether a command's output is the given.
is() { # expected, command...
  local expected=$1 found; shift
  found=$("$@") || return
  if [[ $found != "$expected" ]]; then
    echo "expected '$expected', found '$found': $*"
    return 1
  fi
}

field() { # object, JSON path
  k get "$1" -o "jsonpath={$2}"
}

ready() { k wait "pod/$1" --for=condition=Ready --timeout="${2:-120}s"; }
finished() { k wait "pod/$1" --for=jsonpath='{.status.phase}'=Succeeded --timeout="${2:-180}s"; }
volume_of() { field "pvc/$1" .spec.volumeName; }

# Output of a command as a reader of the documentation would see it, in shown.txt.
show() { # what, command...
  { echo "### $1"; echo "\$ ${*:2}"; "${@:2}"; echo; } | sed 's/^\$ k /$ kubectl /' >> "$folder/shown.txt" 2>&1
}

# A claim; it is ReadWriteOnce unless its mode is given as well. And a pod that uses it as /data (or as the device /dev/data) and does one thing.
claim() { # name, size, storage class, more of the specification in YAML's flow style, access mode
  k apply -f - << EOF
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: $1}
spec: {accessModes: [${5:-ReadWriteOnce}], storageClassName: $3, resources: {requests: {storage: $2}}${4:+, $4}}
EOF
}

# A storage class whose claims wait for no pod.
immediate_class() { # name, parameters in YAML's flow style
  k apply -f - << EOF
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $1}
provisioner: csi-tcmu.io
volumeBindingMode: Immediate
allowVolumeExpansion: true
parameters: {${2-}}
EOF
}

pod() { # name, claim, command, image, what the claim is for the container
  local use='volumeMounts: [{name: data, mountPath: /data}]'
  if [[ -n ${5-} ]]; then use=$5; fi
  k apply -f - << EOF
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: ${4:-busybox:stable}
      command: [sh, -c, "$3"]
      $use
  volumes: [{name: data, persistentVolumeClaim: {claimName: $2}}]
EOF
}

# Waits until the fio of a pod, one process with threads, writes: before that there is nothing to be disturbed.
writes() { # pod
  has_written() { [[ $(k exec "$1" -- awk '/^write_bytes/ { print $2 }' /proc/1/io) -gt 1000000 ]]; }
  eventually 60 has_written "$1"
}

bound() { k wait "pvc/$1" --for=jsonpath='{.status.phase}'=Bound --timeout="${2:-90}s"; }
remove() { k delete --grace-period=1 --timeout=120s --ignore-not-found "$@"; }
# Runs something in the driver's container on the node.
on_node() { k -n csi-tcmu exec daemonset/csi-tcmu-node -c csi-tcmu -- "$@"; }
