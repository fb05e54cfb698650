#!/bin/bash
# Builds everything and runs every test. Ends with one line "N passed, N failed"; docs/testing.md tells more.
set -uo pipefail
cd "$(dirname "$(realpath "$0")")" || exit 2

usage() {
  cat <<'USAGE'
Usage: ./test.sh [options]

  --unit                   build, checks and unit tests only: no virtual machine
  --kernel 6.1|6.12|both   kernel tests only, on this kernel (build first); without it: unit tests, then both kernels
  --filter PART            only tests whose full name contains PART, whatever their length
  --all                    every kernel test; without it the longest are left out, and on 6.12 what does not depend on the kernel's version
                           (docs/testing.md lists both)
  --no-install             do not install missing Debian packages (tests/packages.txt)
  --help

Exit status: 0 when there were tests and none failed. Results stay in artifacts/.
USAGE
}

unit=1 kernels=(6.1 6.12) filter='' install=1 all=0
while [[ $# -gt 0 ]]; do
  case $1 in
    --unit) kernels=() ;;
    --kernel)
      unit=0
      case ${2-} in
        6.1 | 6.12) kernels=("$2") ;;
        both) kernels=(6.1 6.12) ;;
        *) echo "test.sh: --kernel wants 6.1, 6.12 or both" >&2; exit 2 ;;
      esac
      shift ;;
    --filter) filter=${2:?test.sh: --filter wants a part of a test name}; shift ;;
    --all) all=1 ;;
    --no-install) install=0 ;;
    --help | -h) usage; exit 0 ;;
    *) echo "test.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

passed=0 failed=0 skipped=0 failures=() background=()
longest_program=CsiTcmu.Volumes.Tests
# shellcheck disable=SC2317 # called by the trap
clear_up() {
  local pids
  mapfile -t pids < <(jobs -p)
  kill -- "${pids[@]}" "${background[@]/#/-}" 2>/dev/null
}
trap clear_up EXIT
trap 'exit 130' INT
say() { printf '[%2d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"; }

# What failed is told again at the end, where nobody has to look for it.
finish() {
  if [[ ${#failures[@]} -gt 0 ]]; then printf '%s\n' "${failures[@]}"; fi
  if [[ $skipped -gt 0 ]]; then
    echo "$passed passed, $failed failed, $skipped skipped"
  else
    echo "$passed passed, $failed failed"
  fi
  [[ $failed == 0 && $passed -gt 0 ]]
  exit
}

# Runs a command as one check: quiet but for a sign of life, its output shown when it fails.
check() { # name, command...
  local name=$1 log=artifacts/$1.log pid status=0 since=$SECONDS; shift
  say "$name: $*"
  "$@" >"$log" 2>&1 </dev/null & pid=$!
  while kill -0 $pid 2>/dev/null; do
    sleep 1
    if (((SECONDS - since) % 30 == 29)); then say "$name: still at it"; fi
  done
  wait $pid || status=$?
  if [[ $status == 0 ]]; then
    passed=$((passed + 1))
    say "$name: passed in $((SECONDS - since)) s"
  else
    failed=$((failed + 1))
    tail -n 60 "$log" | sed 's/^/    | /'
    say "$name: FAILED with status $status after $((SECONDS - since)) s; all of it is in $log"
    failures+=("  failed: $name (status $status): $(grep -v '^[[:space:]]*$' "$log" | tail -n 1)")
  fi
  return $status
}

# Begins something in the background; its result is asked for later.
begin() { # name, command...
  local name=$1; shift
  # A process group of its own, so that all of it ends with this script.
  set -m
  ("$@" >"artifacts/$name.out" 2>&1 </dev/null; echo $? >"artifacts/$name.status") &
  background+=($!)
  set +m
}

# shellcheck disable=SC2317 # called by check
result_of() { # name
  until [[ -s artifacts/$1.status ]]; do sleep 1; done
  cat "artifacts/$1.out"
  return "$(<"artifacts/$1.status")"
}

# Tells what something in the background says, from its beginning, until it has ended.
follow() { # name
  local shown=0 lines ended=0
  until [[ $ended == 1 ]]; do
    sleep 1
    if [[ -s artifacts/$1.status ]]; then ended=1; fi
    lines=$(wc -l < "artifacts/$1.out")
    sed -n "$((shown + 1)),${lines}p" "artifacts/$1.out"
    shown=$lines
  done
  return "$(<"artifacts/$1.status")"
}

# shellcheck disable=SC2317 # called by begin
# The kernel tests on one kernel, once the native programs are there.
kernel_tests() { # series
  local choice=()
  if [[ -n $filter ]]; then
    choice=("$filter")
  elif [[ $all == 0 ]]; then
    choice=(-trait- Length=longest)
    # What does not depend on the kernel's version is tried on one.
    if [[ $1 != 6.1 ]]; then choice+=(-trait- Kernel=any); fi
  fi
  result_of drivers >/dev/null || return 1
  tests/vm/run-tests -k "$1" -o "artifacts/kernel-$1" "${choice[@]}"
}

# Runs unit test programs, so many at a time. Each has its own processes and temporary files; what one runs in parallel is its own choice.
# They give way to a virtual machine beside them, which is what takes longest.
unit_tests() { # how many at a time, names...
  local most=$1 filters=(); shift
  if [[ -n $filter ]]; then filters=(-method "*$filter*"); fi
  # shellcheck disable=SC2016 # the inner shell expands
  printf '%s\n' "$@" | nice -n 5 xargs -P "$most" -I '{}' bash -c '
    name=$1; shift
    status=0
    timeout -k 5 900 dotnet "tests/$name/bin/Release/net10.0/$name.dll" -noLogo -noColor -xml "artifacts/$name.xml" "$@" \
      >"artifacts/$name.log" 2>&1 </dev/null || status=$?
    if [[ $status == 124 ]]; then echo "$name reached its time limit" >> "artifacts/$name.log"; fi
    echo "$status" > "artifacts/$name.status"
    echo "    $name has ended"' - '{}' "${filters[@]}"
}

# shellcheck disable=SC2016,SC2317 # awk expands; called by check
# Using directives stand in the order of dotnet format: System first, then by name, those of types and aliases last.
check_usings() {
  find src tests -name obj -prune -o -name '*.cs' -exec env LC_ALL=C awk '
    FNR == 1 { before = "" }
    !/^(global )?using [^(]*;/ { next }
    {
      name = $0
      sub(/^(global )?using /, "", name)
      kind = sub(/^static /, "", name) ? 1 : name ~ / = / ? 2 : 0
      sub(/;.*/, "", name)
      gsub(/\./, " ", name)
      key = kind (name ~ /^System( |$)/ ? 0 : 1) tolower(name)
      if (key < before) { print FILENAME ":" FNR ": out of order: " $0; wrong = 1 }
      before = key
    }
    END { exit wrong }' {} +
}

# Rules of style and of the analyzers are errors of the build. What dotnet format tells beyond it takes minutes beside a virtual machine; with --all it does.
check_format() {
  if [[ $all == 1 ]]; then
    check format dotnet format CsiTcmu.sln --verify-no-changes --no-restore
  else
    check format dotnet format whitespace . --folder --verify-no-changes --exclude '**/obj/' --exclude '**/bin/'
    check usings check_usings
  fi
}

# Adds the result file of one test program, which ended with a status. No tests at all is a failure, but for a filtered run.
count() { # name, result file, status
  local counts p=0 f=0 s=0
  if ! counts=$(tests/results "$2" 2>&1); then
    failed=$((failed + 1))
    say "$1: FAILED, it did not come to its end (status $3): $counts"
    failures+=("  failed: $1 did not come to its end (status $3)")
    return
  fi
  read -r p f s <<< "${counts##*$'\n'}"
  if [[ $counts == *$'\n'* ]]; then
    echo "${counts%$'\n'*}"
    failures+=("${counts%$'\n'*}")
  fi
  if [[ $f == 0 && $3 != 0 ]]; then
    f=1
    say "$1: the program ended with status $3 although no test failed"
    failures+=("  failed: $1 ended with status $3 although no test failed")
  elif [[ $((p + f + s)) == 0 && -z $filter ]]; then
    f=1
    say "$1: FAILED, there are no tests in it"
    failures+=("  failed: there are no tests in $1")
  fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  say "$1: $p passed, $f failed, $s skipped"
}

if [[ $install == 1 ]]; then
  lists=()
  if [[ -n ${KUBE_BIN_DIR-} && ${#kernels[@]} -gt 0 ]]; then lists+=(tests/k8s/packages.txt); fi
  tests/vm/install "${lists[@]}" || { failed=1; finish; }
fi
rm -rf artifacts
mkdir -p artifacts
# Every program lives for a minute or two: to compile its code a third time, by what it was seen to do, does not pay.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_TieredPGO=0

check restore dotnet restore CsiTcmu.sln || finish
# One compiler process for all projects, a third of the time; it goes when the build is done.
build=(dotnet build -c Release --no-restore -nodeReuse:false -p:UseSharedCompilation=true -v q -nologo)
if [[ ${#kernels[@]} -gt 0 ]]; then
  # What the virtual machine needs comes first, since that is what takes longest; the rest is built beside it. Nothing is built beside the native
  # programs, whose intermediate files lie in the same folders.
  check build-kernel-tests "${build[@]}" tests/CsiTcmu.Kernel.Tests || finish
  begin drivers tests/vm/publish-drivers
  # A virtual machine uses the better part of two processors; unit tests beside it use the rest. Two machines at once only slow each other down.
  begin "kernel-${kernels[0]}" kernel_tests "${kernels[0]}"
  check drivers result_of drivers || finish
fi
check build "${build[@]}" CsiTcmu.sln || finish
dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1

if [[ $unit == 1 ]]; then
  if command -v shellcheck >/dev/null; then
    # Every script of the repository, by its first line.
    mapfile -t scripts < <(find . -type d \( -name .git -o -name bin -o -name obj -o -name node_modules -o -name artifacts \) -prune -o -type f -exec \
      awk 'FNR == 1 && /^#!\/bin\/(bash|sh|busybox sh)/ { print FILENAME } { nextfile }' {} +)
    check shellcheck shellcheck -x "${scripts[@]}"
  fi

  if [[ -z ${KUBEBUILDER_ASSETS-} ]] && ! compgen -G "${XDG_CACHE_HOME:-$HOME/.cache}/csi-tcmu/kubernetes-*/kube-apiserver" >/dev/null; then
    say "tests with an API server are not run: set KUBEBUILDER_ASSETS to a folder with kube-apiserver and etcd (docs/testing.md)"
  fi

  # One program at a time beside a virtual machine, two without. What takes longest waits for the second machine, so that neither has more beside it.
  mapfile -t programs < <(for project in tests/*.Tests/*.csproj; do basename "$project" .csproj; done | grep -vx -e "$longest_program" -e CsiTcmu.Kernel.Tests)
  if [[ ${#kernels[@]} -gt 0 ]]; then
    begin units unit_tests 1 "${programs[@]}"
  else
    say "unit tests"
    unit_tests 2 "$longest_program" "${programs[@]}"
    check_format
  fi
fi

for series in "${kernels[@]}"; do
  if [[ $series != "${kernels[0]}" ]]; then begin "kernel-$series" kernel_tests "$series"; fi
  if [[ $unit == 1 && $series == "${kernels[-1]}" ]]; then
    say "unit tests"
    follow units
    unit_tests 1 "$longest_program"
    check_format
  fi
  say "kernel tests on $series"
  status=0
  follow "kernel-$series" || status=$?
  count "kernel tests on $series" "artifacts/kernel-$series/results.xml" "$status"
done

if [[ $unit == 1 ]]; then
  for name in "$longest_program" "${programs[@]}"; do
    status=$(cat "artifacts/$name.status" 2>/dev/null || echo unknown)
    if [[ $status != 0 && ! -s artifacts/$name.xml ]]; then tail -n 40 "artifacts/$name.log" | sed 's/^/    | /'; fi
    count "$name" "artifacts/$name.xml" "$status"
  done
fi

if [[ ${#kernels[@]} -gt 0 && -z $filter ]]; then
  if [[ -n ${CSI_SANITY-} ]]; then
    check csi-sanity tests/sanity/run -k "${kernels[0]}"
  else
    say "csi-sanity was not run: CSI_SANITY is not set (docs/testing.md)"
  fi
  if [[ -n ${KUBE_BIN_DIR-} ]]; then
    check cluster tests/k8s/run -k "${kernels[0]}"
  else
    say "the cluster test was not run: KUBE_BIN_DIR is not set (docs/testing.md)"
  fi
fi
finish
