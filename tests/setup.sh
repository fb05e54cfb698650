#!/bin/bash
# Installs the Debian packages of tests/packages.txt that are missing, and checks for the .NET SDK.
# Run it, or source it and call install_packages; test.sh and demo.sh do the latter.

# The packages of the list that are missing, one per line.
missing_packages() {
  local package command
  while read -r package command; do
    if [[ -z $package || $package == \#* ]]; then continue; fi
    if [[ -n $command ]] && command -v "$command" >/dev/null; then continue; fi
    if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then echo "$package"; fi
  done < "$(dirname "${BASH_SOURCE[0]}")/packages.txt"
}

# Installs what is missing, saying so; returns non-zero with the reason when that is not possible.
install_packages() {
  local -a missing=() root=()
  if ! dotnet --version >/dev/null 2>&1; then
    echo "setup: the .NET SDK that global.json asks for is not installed (dotnet --version fails)" >&2
    return 1
  fi
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "setup: this is not a Debian machine; going on with the tools that are there (tests/packages.txt lists what is needed)" >&2
    return 0
  fi
  mapfile -t missing < <(missing_packages)
  if [[ ${#missing[@]} == 0 ]]; then return 0; fi
  if [[ $EUID != 0 ]]; then
    root=(sudo)
    if ! command -v sudo >/dev/null; then
      echo "setup: missing and not installable without root or sudo: apt-get install ${missing[*]}" >&2
      return 1
    fi
  fi
  echo "setup: installing ${missing[*]}"
  "${root[@]}" apt-get -qq update </dev/null >/dev/null || echo "setup: package lists could not be refreshed; trying with those that are there" >&2
  if ! "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" </dev/null >/dev/null; then
    echo "setup: apt-get could not install ${missing[*]}" >&2
    return 1
  fi
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then install_packages; fi
