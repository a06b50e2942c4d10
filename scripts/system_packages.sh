#!/usr/bin/env bash
# Installs the Debian packages of system-packages.txt that are missing. As root or with passwordless sudo it installs
# them; otherwise it names them in one line and succeeds: the tests that need them are then skipped, except in CI.
set -euo pipefail
cd "$(dirname "$0")/.."

present() {
  case "$1" in
    /*) compgen -G "$1" > /dev/null ;;
    *) command -v "$1" > /dev/null ;;
  esac
}

missing=()
while read -r package sign _; do
  case "$package" in '' | '#'*) continue ;; esac
  present "$sign" || missing+=("$package")
done < system-packages.txt
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get > /dev/null; then
  echo "missing for some tests (Debian's names): ${missing[*]}"
  exit 0
elif [ "$(id -u)" = 0 ]; then
  sudo=()
elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
  sudo=(sudo -n)
else
  echo "missing for some tests: sudo apt-get install ${missing[*]}"
  exit 0
fi
echo "installing with apt-get: ${missing[*]} ..."
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
# Debian starts servers on installation; the tests start their own.
