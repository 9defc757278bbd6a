// Package docker holds what real Cyrus servers are made of: the recipes of the
// images (folders cyrus and reaper), the script that builds them (build.sh),
// and the configuration of a server (folder config, [Config]). It talks to no
// Docker engine; package harness/cyrus does.
//
// An image is made by
//
//	docker/build.sh bookworm
//
// which builds what is missing or was made by another recipe, and nothing else.
// The script takes debian:SUITE-slim where it can be pulled and bootstraps the
// same from Debian's mirror where it cannot, installs Cyrus, and labels the
// result with the digest of its recipe. [RecipeDigest] computes that digest from
// the files embedded here, so a program can tell that an image is stale.
//
// docker/isync/build.sh makes an image of another kind in the same way: Debian's mbsync,
// beside which a benchmark restores.
//
// The image of a server holds no configuration. Whoever starts a container copies
// /etc/imapd.conf and /etc/cyrus.conf in first, as rendered by [Config].
//
// A further suite needs no file: docker/build.sh trixie. What its Cyrus does
// otherwise belongs into docs/cyrus.md.
//
// The tests need no Docker:
//
//	go test ./docker/...
package docker
