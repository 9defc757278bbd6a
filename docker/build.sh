#!/usr/bin/env bash
# Builds the images that drills on real Cyrus need: one server image for each
# Debian suite named, and the reaper.
#
#     docker/build.sh [SUITE ...]        # bookworm, where none is named
#
# What is there and was made by the recipe as it is now is left alone. Needs
# Docker and Go; where debian:SUITE-slim cannot be pulled, mmdebstrap as well.
# Exit status: 0 all images are there, 1 a build failed, 2 something is missing
# on this machine.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly reaper_image=cyrdrill/reaper:1
readonly pull_seconds=60

work=""
container=""

say() { printf '%s\n' "$*"; }

# missing ends the script for want of something on the machine.
missing() {
    printf 'docker/build.sh: %s\n' "$*" >&2
    exit 2
}

cleanup() {
    if [[ -n $container ]]; then
        docker rm --force --volumes "$container" >/dev/null 2>&1 || true
    fi
    if [[ -n $work ]]; then
        rm -rf "$work"
    fi
}

# logged NAME COMMAND... keeps a long command's output for the day it fails.
logged() {
    local log="$work/$1.log"
    shift
    "$@" >"$log" 2>&1 || failed "$log" "${*:1:3}"
}

# failed LOG COMMAND shows why a command failed.
failed() {
    tail -n 40 "$1" >&2
    printf 'docker/build.sh: failed: %s\n' "$2 ..." >&2
    return 1
}

# recipe_digest FOLDER EXTRA says which recipe an image is made by. Package
# docker computes the same from the files that it embeds.
recipe_digest() {
    (
        cd "$here/$1"
        find . -type f ! -name '.*' ! -name '_*' ! -name '*_test.go' | sed 's|^\./||' |
            LC_ALL=C sort | tr '\n' '\0' | xargs -0 sha256sum
        say "$2"
    ) | sha256sum | cut -d ' ' -f 1
}

# label IMAGE NAME prints an image's label; nothing where there is no image.
label() {
    docker image inspect --format "{{index .Config.Labels \"$2\"}}" "$1" 2>/dev/null || true
}

# commit IMAGE TAG LABEL... gives a finished image its labels and, last of all,
# its name: an interrupted build leaves nothing half-made under the tag.
commit() {
    local image=$1 tag=$2 changes=() assignment
    shift 2
    for assignment in "$@"; do
        changes+=(--change "LABEL $assignment")
    done
    container=$(docker create "$image")
    docker commit "${changes[@]}" "$container" "$tag" >/dev/null
    docker rm --volumes "$container" >/dev/null
    container=""
}

# machine_mirror KIND prints the address from which this machine's apt takes
# Debian: KIND is "archive" or "security". Nothing where it takes none.
machine_mirror() {
    command -v apt-get >/dev/null || return 0
    # shellcheck disable=SC2016 # the variables are apt's
    apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(CODENAME) $(REPO_URI)' \
        'Created-By: Packages' 2>/dev/null |
        awk -v kind="$1" '
            $1 != "Debian" || $2 != "main" { next }
            { is = "archive" }
            $3 ~ /-security$/ { is = "security" }
            $3 ~ /-(updates|backports|proposed-updates)$/ { is = "other" }
            is == kind && !found { print $4; found = 1 }'
}

# apt_sources SUITE prints lines for sources.list after the machine's own
# mirror, or nothing where that is Debian's usual one.
apt_sources() {
    local archive security
    archive=$(machine_mirror archive)
    case $archive in "" | http*://deb.debian.org/*) return 0 ;; esac
    say "deb $archive $1 main"
    case $1 in sid | unstable | testing) return 0 ;; esac
    say "deb $archive $1-updates main"
    security=$(machine_mirror security)
    if [[ -n $security ]]; then
        say "deb $security $1-security main"
    fi
}

# apt_settings prints the settings of this machine's apt without which its
# mirror may not be usable, one NAME=VALUE a line.
apt_settings() {
    command -v apt-config >/dev/null || return 0
    apt-config dump 2>/dev/null |
        sed -nE 's/^(Acquire::Check-(Valid-Until|Date)) "([^"]+)";$/\1=\3/p'
}

# use_apt_proxy makes apt's proxy everybody's, where the environment names none.
# Docker keeps it out of the image, unlike other build arguments.
use_apt_proxy() {
    local proxy
    command -v apt-config >/dev/null || return 0
    proxy=$(apt-config dump 2>/dev/null |
        sed -nE 's/^Acquire::http::Proxy "(http[^"]+)";$/\1/p')
    if [[ -n $proxy && -z ${http_proxy:-} ]]; then
        export http_proxy=$proxy
    fi
}

install_mmdebstrap() {
    command -v mmdebstrap >/dev/null && return 0
    if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
        missing "debian:$1-slim cannot be pulled; install mmdebstrap (apt-get install mmdebstrap) to make it here"
    fi
    say "installing mmdebstrap"
    logged apt-update apt-get update || true # old lists may still do
    DEBIAN_FRONTEND=noninteractive logged apt-install \
        apt-get install --yes --no-install-recommends mmdebstrap ||
        missing "mmdebstrap cannot be installed: apt-get install mmdebstrap"
}

bootstrap_base() {
    local suite=$1 options=() mirror=() setting line image
    install_mmdebstrap "$suite"
    while read -r setting; do
        options+=(--aptopt="${setting%%=*} \"${setting#*=}\"")
    done < <(apt_settings)
    while read -r line; do
        mirror+=("$line")
    done < <(apt_sources "$suite")
    # As Debian's slim images: neither manuals nor translations.
    logged "bootstrap-$suite" mmdebstrap --variant=minbase "${options[@]}" \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        "$suite" "$work/base.tar" "${mirror[@]}"
    image=$(docker import --change 'CMD ["bash"]' \
        --change "LABEL cyrdrill.base=mmdebstrap" "$work/base.tar")
    rm "$work/base.tar"
    docker tag "$image" "cyrdrill/base:$suite"
}

ensure_base() {
    local suite=$1
    if docker image inspect "cyrdrill/base:$suite" >/dev/null 2>&1; then
        return 0
    fi
    say "cyrdrill/base:$suite: making it (about 20 s)"
    if timeout "$pull_seconds" docker pull --quiet "debian:$suite-slim" >/dev/null 2>&1; then
        docker tag "debian:$suite-slim" "cyrdrill/base:$suite"
    else
        bootstrap_base "$suite"
    fi
}

# build_server SUITE APT_OPTIONS makes the server image, without its name.
build_server() {
    docker build --iidfile "$work/image" \
        --build-arg "BASE=cyrdrill/base:$1" \
        --build-arg "APT_OPTIONS=$2" \
        --build-arg "APT_SOURCES=$(apt_sources "$1")" \
        --build-arg http_proxy --build-arg https_proxy --build-arg no_proxy \
        "$here/cyrus"
}

# prefer_release SUITE makes the base take Cyrus from the release itself, and all
# else as before.
prefer_release() {
    printf '%s\n' "FROM cyrdrill/base:$1" \
        "RUN printf '%s\\n' 'Package: *cyrus*' 'Pin: release l=Debian-Security' 'Pin-Priority: -1' >/etc/apt/preferences.d/cyrus" |
        docker build --tag "cyrdrill/base:$1" - >/dev/null 2>&1
}

# listed_but_gone LOG says whether a build failed for want of Cyrus's packages: the
# security mirror of a suite that is out of support may list some that it has not.
listed_but_gone() {
    grep -q 'Failed to fetch .*cyrus' "$1"
}

build_cyrus() {
    local suite=$1 tag="cyrdrill/cyrus:$1" digest apt_options="" setting image version
    digest=$(recipe_digest cyrus "$suite")
    if [[ $(label "$tag" cyrdrill.recipe) == "$digest" ]]; then
        say "$tag: there (Cyrus $(label "$tag" cyrdrill.version))"
        return 0
    fi
    ensure_base "$suite"
    say "$tag: making it (about 30 s)"
    while read -r setting; do
        apt_options+=" -o $setting"
    done < <(apt_settings)
    if ! build_server "$suite" "$apt_options" >"$work/cyrus.log" 2>&1; then
        listed_but_gone "$work/cyrus.log" || failed "$work/cyrus.log" "docker build $here/cyrus"
        say "$tag: the security mirror lists a Cyrus that it has not: taking the release's own"
        prefer_release "$suite"
        logged "cyrus-$suite" build_server "$suite" "$apt_options"
    fi
    image=$(<"$work/image")
    # shellcheck disable=SC2016 # the variable is dpkg-query's
    version=$(docker run --rm --network none --entrypoint dpkg-query "$image" \
        --show --showformat '${Version}' cyrus-imapd)
    commit "$image" "$tag" "cyrdrill.recipe=$digest" "cyrdrill.version=$version"
    say "$tag: made (Cyrus $version)"
}

build_reaper() {
    local digest
    digest=$(recipe_digest reaper "")
    if [[ $(label "$reaper_image" cyrdrill.recipe) == "$digest" ]]; then
        say "$reaper_image: there"
        return 0
    fi
    command -v go >/dev/null || missing "no go command: install Go to build the reaper"
    mkdir "$work/reaper"
    cp "$here/reaper/Dockerfile" "$work/reaper/"
    (cd "$here/.." && CGO_ENABLED=0 GOOS=linux \
        go build -trimpath -ldflags '-s -w' -o "$work/reaper/reaper" ./docker/reaper)
    logged reaper docker build --iidfile "$work/image" "$work/reaper"
    commit "$(<"$work/image")" "$reaper_image" "cyrdrill.recipe=$digest"
    say "$reaper_image: made"
}

check_machine() {
    command -v docker >/dev/null || missing "no docker command: install Docker"
    timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1 ||
        missing "the Docker engine does not answer: start it, or set DOCKER_HOST"
}

main() {
    local suite
    if [[ $# -eq 0 ]]; then
        set -- bookworm
    fi
    for suite in "$@"; do
        [[ $suite =~ ^[a-z][a-z-]*$ ]] || missing "\"$suite\" is no Debian suite; say for example: docker/build.sh bookworm"
    done
    check_machine
    use_apt_proxy
    work=$(mktemp -d)
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    for suite in "$@"; do
        build_cyrus "$suite"
    done
    build_reaper
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    main "$@"
fi
