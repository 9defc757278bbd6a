#!/usr/bin/env bash
# Builds the image with Debian's mbsync, beside which benchmarks restore. What is there
# and was made by the recipe as it is now is left alone.
#
#     docker/isync/build.sh
#
# Needs Docker. Exit status as of docker/build.sh, whose functions it takes.
set -euo pipefail

# shellcheck source=../build.sh
source "$(dirname "${BASH_SOURCE[0]}")/../build.sh"

readonly isync_suite=bookworm
readonly isync_image=cyrdrill/isync:$isync_suite

build_isync() {
    local digest apt_options="" setting
    digest=$(recipe_digest isync "$isync_suite")
    if [[ $(label "$isync_image" cyrdrill.recipe) == "$digest" ]]; then
        say "$isync_image: there"
        return 0
    fi
    ensure_base "$isync_suite"
    while read -r setting; do
        apt_options+=" -o $setting"
    done < <(apt_settings)
    logged isync docker build --iidfile "$work/image" \
        --build-arg "BASE=cyrdrill/base:$isync_suite" \
        --build-arg "APT_OPTIONS=$apt_options" \
        --build-arg "APT_SOURCES=$(apt_sources "$isync_suite")" \
        --build-arg http_proxy --build-arg https_proxy --build-arg no_proxy \
        "$here/isync"
    commit "$(<"$work/image")" "$isync_image" "cyrdrill.recipe=$digest"
    say "$isync_image: made"
}

check_machine
use_apt_proxy
work=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
build_isync
